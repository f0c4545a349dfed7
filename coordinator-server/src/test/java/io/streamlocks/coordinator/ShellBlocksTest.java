package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.streamlocks.coordinator.docs.DocumentedOutput;
import io.streamlocks.coordinator.docs.Markdown;
import io.streamlocks.coordinator.docs.Markdown.Block;
import io.streamlocks.testkit.rig.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs the shell blocks of README.md, SECURITY.md and docs/, in their order, against a server of each page. A block of
 * {@code console} shows commands with their output, which must be what they print. A block that cannot run here is in
 * {@link #ELSEWHERE}, with the reason.
 */
@Tag("process")
class ShellBlocksTest {

    private static final Set<String> SHELLS = Set.of("sh", "bash", "console");

    /** Page and first line of each block that is not run here, and why. */
    private static final Map<String, String> ELSEWHERE = Map.ofEntries(
            Map.entry(
                    "README.md: mvn -q -DskipTests package && java -jar coordinator-server/target/coordinator.jar",
                    "builds the repository; .ci/run starts the jar"),
            Map.entry(
                    "README.md: mvn -q -DskipTests package && LOCK_BACKEND=postgres"
                            + " DATABASE_URL=postgres://user:password@localhost:5432/locks"
                            + " java -jar coordinator-server/target/coordinator.jar",
                    "needs a database of that name; examples/operations/restore-drill.sh starts the jar on one"),
            Map.entry(
                    "docs/configuration.md: java @coordinator.jvm -jar coordinator-server/target/coordinator.jar",
                    "needs the jar; .ci/run starts it in this way"),
            Map.entry("docs/configuration.md: docker build -t stream-lock-coordinator .", "needs Docker"),
            Map.entry(
                    "docs/configuration.md: docker run --rm -p 127.0.0.1:8080:8080"
                            + " -v \"$PWD/tokens:/run/coordinator:ro\" \\",
                    "needs Docker"),
            Map.entry("docs/configuration.md: docker compose up --build -d --wait", "needs Docker"),
            Map.entry(
                    "docs/security.md: docker buildx imagetools inspect postgres:17.11 --format '{{.Manifest.Digest}}'",
                    "needs Docker"),
            Map.entry("docs/other-languages.md: generate() { # generator, folder", "is run by .ci/generators/run"),
            Map.entry(
                    "docs/performance.md: mvn -q -DskipTests package",
                    "takes an hour; .ci/run runs the benchmark in miniature"),
            Map.entry(
                    "docs/performance.md: java -jar coordinator-bench/target/bench.jar train",
                    "needs Java 25; .ci/run trains and starts with the cache"),
            Map.entry(
                    "docs/scaling.md: examples/even-shares/run.sh", "takes three minutes; .ci/run runs its short form"),
            Map.entry(
                    "docs/proof.md: coordinator-proof/run.sh short                        # under two minutes, as in .ci/run",
                    "is run by .ci/proof"),
            Map.entry(
                    "docs/proof.md: coordinator-proof/run.sh tokens --fail-overs 2 --restores 3 --controls 2   # as in"
                            + " .ci/run",
                    "is run by .ci/proof"),
            Map.entry(
                    "docs/proof.md: coordinator-proof/run.sh patroni-short                # a switchover and a kill, as in"
                            + " .ci/run",
                    "is run by .ci/proof"),
            Map.entry(
                    "docs/proof.md: coordinator-proof/run.sh abuse-short                  # six attacks, under three"
                            + " minutes, as in .ci/run",
                    "is run by .ci/proof"),
            Map.entry(
                    "docs/proof.md: coordinator-proof/publishing.sh         # 500 streams, 20,000 events, 3 minutes, and 1"
                            + " minute for the control",
                    "is run by .ci/run"),
            Map.entry(
                    "docs/operations.md: kubectl logs -l app.kubernetes.io/name=stream-locks --prefix --since=15m"
                            + " | grep -E 'WARN|ERROR'",
                    "needs a cluster"),
            Map.entry(
                    "docs/operations.md: kubectl get pods -l app.kubernetes.io/name=stream-locks -o wide",
                    "needs a cluster"),
            Map.entry(
                    "docs/operations.md: pg_dump --format=custom --file=locks.dump --dbname=locks",
                    "is run by examples/operations/restore-drill.sh"),
            Map.entry(
                    "docs/operations.md: psql -X -d postgres -c 'ALTER DATABASE locks RENAME TO locks_before_restore'",
                    "is run by examples/operations/restore-drill.sh"),
            Map.entry(
                    "docs/operations.md: DATABASE_URL=postgres://locks_owner@db-a:5432/locks"
                            + " java -jar coordinator.jar migrate",
                    "needs a host of that name; MigrateCommandTest runs the command"),
            Map.entry(
                    "docs/operations.md: createdb --encoding=UTF8 --template=template0 locks",
                    "needs PostgreSQL's programs and a host of that name"),
            Map.entry(
                    "docs/operations.md: openssl s_client -connect 127.0.0.1:8080 </dev/null 2>/dev/null"
                            + " | openssl x509 -noout -subject -enddate",
                    "needs a server with a certificate"),
            Map.entry(
                    "docs/upgrading.md: kubectl set image deployment/stream-locks"
                            + " coordinator=stream-lock-coordinator:<version>",
                    "needs a cluster"),
            Map.entry("docs/upgrading.md: kubectl rollout undo deployment/stream-locks", "needs a cluster"));

    /** Statuses of HTTP that a block is meant to get, beside 2xx. */
    private static final Map<String, Integer> REFUSED = Map.of(
            "README.md: curl -X POST http://127.0.0.1:8080/v1/locks/orders%2Feu/acquire -H 'Content-Type: application/json'"
                    + " -d '{\"ownerId\":\"worker-1\"}'",
            409,
            "docs/security.md: curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/locks/orders%2Feu",
            404,
            "docs/operations.md: call $URL/v1/locks/orders%2Feu/break -H 'Content-Type: application/json' \\",
            412,
            "docs/operations.md: curl -sS -m 5 -o /dev/null -w '%{http_code}\\n' -H @new-token-header"
                    + " $URL/v1/locks/any",
            404);

    private static final Pattern STATUS = Pattern.compile("(?m)^HTTP/1\\.1 (\\d{3})");

    @TempDir
    private Path directory;

    static List<String> pagesWithBlocksToRun() throws IOException {
        List<String> pages = new ArrayList<>();
        for (String page : pages()) {
            if (!blocksToRun(page).isEmpty()) {
                pages.add(page);
            }
        }
        return pages;
    }

    private static List<String> pages() throws IOException {
        List<String> pages = new ArrayList<>(List.of("README.md", "SECURITY.md"));
        try (Stream<Path> files = Files.list(Markdown.ROOT.resolve("docs"))) {
            files.map(file -> "docs/" + file.getFileName()).sorted().forEach(pages::add);
        }
        return pages;
    }

    private static List<Block> shellBlocks(String page) throws IOException {
        return Markdown.read(page).blocks().stream()
                .filter(block -> SHELLS.contains(block.language()))
                .toList();
    }

    private static List<Block> blocksToRun(String page) throws IOException {
        return shellBlocks(page).stream()
                .filter(block -> !ELSEWHERE.containsKey(name(block)))
                .toList();
    }

    private static String name(Block block) {
        return block.file() + ": " + block.firstLine();
    }

    @BeforeEach
    void prepareTheDirectoryOfTheReader() throws IOException {
        Files.writeString(directory.resolve(".stream-locks"), "Authorization: Bearer an-operator\n");
        Files.writeString(directory.resolve("new-token-header"), "Authorization: Bearer new\n");
        Files.writeString(directory.resolve("tokens"), "");
        Files.createDirectory(directory.resolve("headers"));
    }

    @Test
    void theListsNameBlocksThatExist() throws IOException {
        Set<String> blocks = new TreeSet<>();
        for (String page : pages()) {
            shellBlocks(page).forEach(block -> blocks.add(name(block)));
        }
        assertThat(blocks).containsAll(ELSEWHERE.keySet()).containsAll(REFUSED.keySet());
    }

    @Test
    void noCommandIsInABlockOfAnotherLanguage() throws IOException {
        for (String page : pages()) {
            assertThat(Markdown.read(page).blocks())
                    .filteredOn(block -> !SHELLS.contains(block.language()))
                    .noneMatch(block -> block.text().lines().anyMatch(line -> line.matches("(\\$|curl|java|mvn) .*")));
        }
    }

    @ParameterizedTest
    @MethodSource("pagesWithBlocksToRun")
    void theBlocksOfAPageRun(String page) throws Exception {
        assumeTrue(onPath("bash") && onPath("curl"), "No bash or no curl is on the PATH");

        try (CoordinatorProcess server = CoordinatorProcess.start(Map.of("HTTP_PORT", "0", "SHUTDOWN_DRAIN_MS", "0"))) {
            String url = server.url();
            if (page.equals("docs/operations.md")) {
                // The runbook is for locks that are there.
                new HttpCalls(url).acquire("orders%2Feu", UUID.randomUUID());
            }
            String setUp = "";
            DocumentedOutput output = new DocumentedOutput();
            for (Block block : blocksToRun(page)) {
                String text = block.text().replace("http://127.0.0.1:8080", url);
                if (text.startsWith("URL=")) {
                    setUp = text;
                } else if (block.language().equals("console")) {
                    compareEachOutput(text, output);
                } else {
                    run(block, setUp + text);
                }
            }
        }
    }

    private static boolean onPath(String program) {
        return Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    private void run(Block block, String script) throws Exception {
        Set<Integer> refused = new TreeSet<>();
        String printed = bash(script);
        try (Stream<Path> headers = Files.list(directory.resolve("headers"))) {
            for (Path response : headers.toList()) {
                STATUS.matcher(Files.readString(response))
                        .results()
                        .map(status -> Integer.valueOf(status.group(1)))
                        .filter(status -> status >= 300)
                        .forEach(refused::add);
                Files.delete(response);
            }
        }
        Integer meant = REFUSED.get(name(block));
        assertThat(refused).as("%s\n%s", script, printed).isEqualTo(meant == null ? Set.of() : Set.of(meant));
    }

    /** A command begins behind a dollar sign and goes on while a quotation is open or a backslash ends a line. */
    private void compareEachOutput(String text, DocumentedOutput output) throws Exception {
        List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); ) {
            assertThat(lines.get(i)).startsWith("$ ");
            StringBuilder command = new StringBuilder(lines.get(i++).substring(2));
            while (command.toString().endsWith("\\")
                    || command.chars().filter(c -> c == '\'').count() % 2 == 1) {
                command.append('\n').append(lines.get(i++));
            }
            StringBuilder documented = new StringBuilder();
            while (i < lines.size() && !lines.get(i).startsWith("$ ")) {
                documented.append(lines.get(i++)).append('\n');
            }
            String translated = output.translate(command.toString());
            output.compare(translated, documented.toString(), bash(translated));
        }
    }

    /** Runs a script in the directory of the reader; fails if a command of it fails. Returns what it prints. */
    private String bash(String script) throws Exception {
        String functions = """
                set -euo pipefail
                curl() { command curl -sS --dump-header "$(mktemp "$HOME/headers/XXXXXX")" "$@"; }
                java() {
                  [[ $1 == -jar && $2 == *coordinator.jar ]] || return 1
                  "$JAVA" -cp "$CLASS_PATH" io.streamlocks.coordinator.Main "${@:3}"
                }
                """;
        Map<String, String> environment = new HashMap<>(Map.of(
                "PATH", System.getenv("PATH"),
                "HOME", directory.toString(),
                "TOKEN", "a-token",
                "JAVA", Machine.java(),
                "CLASS_PATH", System.getProperty("java.class.path")));
        Path printed = directory.resolve("printed");
        ProcessBuilder builder = new ProcessBuilder("bash", "-c", functions + script)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(printed.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        Process process = builder.start();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("It does not end: " + script);
        }
        String text = Files.readString(printed);
        assertThat(process.exitValue()).as("%s\n%s", script, text).isZero();
        return text;
    }
}

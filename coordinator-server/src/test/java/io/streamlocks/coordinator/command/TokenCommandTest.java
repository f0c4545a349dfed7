package io.streamlocks.coordinator.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.access.Authenticator;
import io.streamlocks.coordinator.access.Principal;
import io.streamlocks.coordinator.access.Role;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenCommandTest {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(String... args) {
        return Commands.run(List.of(args), Map.of(), new PrintStream(out), new PrintStream(err));
    }

    private List<String> lines() {
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void theTokenMatchesItsLine(@TempDir Path directory) throws Exception {
        assertThat(run("token", "--id", "w", "--role", "worker")).isZero();
        assertThat(err.size()).isZero();
        assertThat(lines()).hasSize(2);
        assertThat(principal(directory)).contains(new Principal("w", Role.WORKER, List.of(), ""));
        assertThat(lines().get(1)).doesNotContain("expiresAt");
    }

    @Test
    void everyOptionIsInTheLine(@TempDir Path directory) throws Exception {
        Instant before = Instant.now().minusSeconds(1);
        assertThat(run(
                        "token",
                        "--expires-in",
                        "90d",
                        "--owner-prefix",
                        "pod-",
                        "--stream-prefix",
                        "orders/",
                        "--role",
                        "operator",
                        "--stream-prefix",
                        "bills/",
                        "--id",
                        "ops \"alice\""))
                .isZero();
        assertThat(principal(directory))
                .contains(new Principal("ops \"alice\"", Role.OPERATOR, List.of("orders/", "bills/"), "pod-"));
        Instant expiresAt = Instant.parse(lines().get(1).replaceAll(".*\"expiresAt\":\"([^\"]+)\".*", "$1"));
        assertThat(expiresAt)
                .isBetween(before.plus(Duration.ofDays(90)), Instant.now().plus(Duration.ofDays(90)));
    }

    @ParameterizedTest
    @CsvSource({
        "server, There is no command server",
        "token, --id and --role must be set",
        "token --id, --id needs a value",
        "token --id w, --id and --role must be set",
        "token --role worker, --id and --role must be set",
        "token --id w --role admin, There is no role admin",
        "token --id w --role worker --ttl 1, There is no option --ttl",
        "token --id w --role worker x, There is no option x",
        "token --id w --role worker --expires-in 90, '--expires-in must be a number with the unit s, m, h or d, above 0'",
        "token --id w --role worker --expires-in 0d, '--expires-in must be a number with the unit s, m, h or d, above 0'",
        "migrate --now, migrate takes no options",
        "token --id w\u0007 --role worker, id must be a string of 1 to 255 printable characters"
    })
    void invalidArgumentsAreReportedWithTheUsage(String args, String problem) {
        assertThat(run(args.split(" "))).isEqualTo(2);
        assertThat(out.size()).isZero();
        assertThat(err.toString(StandardCharsets.UTF_8).lines())
                .startsWith(problem)
                .anyMatch(line -> line.startsWith("Usage: java -jar coordinator.jar token"));
    }

    @Test
    void helpPrintsTheUsage() {
        assertThat(run("--help")).isZero();
        assertThat(run("token", "--help")).isZero();
        assertThat(lines()).anyMatch(line -> line.contains("--stream-prefix"));
        assertThat(lines()).anyMatch(line -> line.contains("rename it (mv)"));
        assertThat(err.size()).isZero();
    }

    private Optional<Principal> principal(Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("tokens.jsonl"), lines().get(1));
        return Authenticator.of(Optional.of(file), Optional.empty())
                .authenticate(List.of("Bearer " + lines().get(0)), "192.0.2.1");
    }
}

package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.docs.Markdown;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compares the tags of tests with what the tests use, with {@code pom.xml}, and with the table in CONTRIBUTING.md. A
 * test without a tag runs in {@code mvn test}, which starts no database and no other process.
 */
class TagsTest {

    /** Each rig that starts something, with the tag of the tests that use it. */
    private static final Map<String, String> RIGS = Map.of(
            "TestDatabase", "postgres",
            "PostgresServer", "postgres",
            "ChildProcess", "process",
            "Browser", "browser");

    private static final Path TESTKIT = Markdown.ROOT.resolve("coordinator-testkit/src/main/java");
    private static final Pattern NOT_CODE =
            Pattern.compile("(?s)/\\*.*?\\*/|//[^\n]*|\"\"\".*?\"\"\"|\"(?:[^\"\\\\\n]|\\\\.)*\"");
    private static final Pattern NAME = Pattern.compile("\\b[A-Z]\\w*");
    private static final Pattern LOG_READER = Pattern.compile("new CapturedLog\\(|Logback\\.logger\\(");
    private static final Pattern TAG = Pattern.compile("@Tag\\(\"(\\w+)\"\\)");

    /** The sources that a module's tests can use, by the simple names of their classes. */
    private static Map<String, String> sources(String module) throws IOException {
        Map<String, String> sources = read(TESTKIT);
        sources.putAll(read(tests(module)));
        return sources;
    }

    private static Path tests(String module) {
        return Markdown.ROOT.resolve(module).resolve("src/test/java");
    }

    private static Map<String, String> read(Path folder) throws IOException {
        Map<String, String> sources = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".java")).toList()) {
                sources.put(file.getFileName().toString().replace(".java", ""), Files.readString(file));
            }
        }
        return sources;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "coordinator-server",
                "coordinator-testkit",
                "coordinator-client",
                "integrations/spring-boot-starter",
                "coordinator-bench",
                "examples/spring-boot",
                "coordinator-proof",
                "integrations/shedlock"
            })
    void aTestThatUsesARigHasItsTag(String module) throws IOException {
        Map<String, String> sources = sources(module);
        for (String test : read(tests(module)).keySet()) {
            if (test.endsWith("Test")) {
                assertThat(tags(test, sources)).as(test).containsAll(needs(test, sources));
            }
        }
    }

    /**
     * Classes without a tag run at the same time in one JVM, so each could log what such a test reads. A test that is not
     * isolated must only look at lines with its own stream, or use a logger of its own.
     */
    @ParameterizedTest
    @CsvSource({
        "coordinator-server, RepeatedErrorLogTest",
        "coordinator-client, RunWithLeaseTest ReleasesTriedAgainTest",
    })
    void aTestWithoutATagThatReadsTheLogIsIsolated(String module, String notIsolated) throws IOException {
        Map<String, String> sources = sources(module);
        List<String> readers = read(tests(module)).keySet().stream()
                .filter(test -> test.endsWith("Test") && tags(test, sources).isEmpty())
                .filter(test -> LOG_READER.matcher(code(sources.get(test))).find())
                .toList();
        assertThat(readers)
                .contains(notIsolated.split(" "))
                .filteredOn(test -> !sources.get(test).contains("\n@Isolated\n"))
                .containsExactlyInAnyOrder(notIsolated.split(" "));
    }

    @Test
    void eachRigExistsAndIsUsed() throws IOException {
        Map<String, String> sources = sources("coordinator-server");
        assertThat(sources).containsKeys(RIGS.keySet().toArray(String[]::new));
        assertThat(needs("MainTest", sources)).contains("postgres", "process");
        assertThat(needs("ConsoleTest", sources)).contains("browser");
    }

    /** Returns the tags of the rigs that a class names, itself or through other classes of the tests. */
    private static Set<String> needs(String className, Map<String, String> sources) {
        Set<String> needs = new TreeSet<>();
        collectNeeds(className, sources, new HashSet<>(), needs);
        return needs;
    }

    private static void collectNeeds(
            String className, Map<String, String> sources, Set<String> visited, Set<String> needs) {
        if (RIGS.containsKey(className)) {
            needs.add(RIGS.get(className));
        } else if (sources.containsKey(className) && visited.add(className)) {
            NAME.matcher(code(sources.get(className)))
                    .results()
                    .map(MatchResult::group)
                    .forEach(name -> collectNeeds(name, sources, visited, needs));
        }
    }

    /** Returns a source without its comments and texts. */
    private static String code(String source) {
        return NOT_CODE.matcher(source).replaceAll("");
    }

    /** Returns the tags of a class and of its superclasses. */
    private static Set<String> tags(String className, Map<String, String> sources) {
        Set<String> tags = new TreeSet<>();
        String source = sources.get(className);
        while (source != null) {
            Matcher head = Pattern.compile("(?m)^(?:public |abstract |final )*class \\w+(?:<.*?>)?(?: extends (\\w+))?")
                    .matcher(source);
            assertThat(head.find()).isTrue();
            tags.addAll(tagsIn(source.substring(0, head.start())));
            source = head.group(1) == null ? null : sources.get(head.group(1));
        }
        return tags;
    }

    private static Set<String> tagsIn(String text) {
        return TAG.matcher(text).results().map(tag -> tag.group(1)).collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void theTableAndTheBuildHaveTheTagsOfTheTests() throws IOException {
        Set<String> used = new TreeSet<>();
        String pom = Files.readString(Markdown.ROOT.resolve("pom.xml"));
        for (String module : modules(pom)) {
            if (Files.isDirectory(tests(module))) {
                read(tests(module)).values().forEach(source -> used.addAll(tagsIn(source)));
            }
        }
        Map<String, Set<String>> documented = new TreeMap<>();
        for (List<String> row : Markdown.read("CONTRIBUTING.md").table("Tags")) {
            documented
                    .computeIfAbsent(row.get(2).replace("`", ""), command -> new TreeSet<>())
                    .add(row.get(0).replace("`", ""));
        }
        assertThat(documented)
                .isEqualTo(Map.of("mvn verify", property(pom, "tests.need"), ".ci/run", property(pom, "tests.cost")));
        assertThat(used)
                .isEqualTo(documented.values().stream()
                        .flatMap(Set::stream)
                        .collect(Collectors.toCollection(TreeSet::new)));
    }

    private static List<String> modules(String pom) {
        return Pattern.compile("<module>([^<]+)</module>")
                .matcher(pom)
                .results()
                .map(module -> module.group(1))
                .toList();
    }

    /** Returns the tags of a property of the build. */
    private static Set<String> property(String pom, String name) {
        Matcher value = Pattern.compile("<" + Pattern.quote(name) + ">([^<]+)<").matcher(pom);
        assertThat(value.find()).as(name).isTrue();
        return Set.of(value.group(1).split(" \\| "));
    }
}

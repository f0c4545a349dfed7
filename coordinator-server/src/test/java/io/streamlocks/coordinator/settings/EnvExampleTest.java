package io.streamlocks.coordinator.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.streamlocks.coordinator.docs.Markdown;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares {@code .env.example} and the table of docs/configuration.md with the code. */
class EnvExampleTest {

    private static final Path FILE = Path.of("..", ".env.example");

    /** The settings of PostgreSQL are commented out, because the server refuses them without PostgreSQL. */
    private static final Pattern SETTING = Pattern.compile("(# )?([A-Z_]+)=(\\S*)");

    @Test
    void theFileHoldsEverySettingThatIsReadAndNoOther() throws Exception {
        RecordingEnvironment environment =
                new RecordingEnvironment(Map.of("LOCK_BACKEND", "postgres", "DATABASE_URL", "postgres://h/d"));
        Settings.from(environment);

        Map<String, String> settings = settings(true);
        settings.putAll(settings(false));
        assertThat(settings.keySet()).isEqualTo(environment.read);
    }

    @Test
    void theFileHoldsTheDefaults() throws Exception {
        Map<String, String> settings = settings(false);
        assertThat(Settings.from(settings)).isEqualTo(Settings.from(Map.of()));

        Map<String, String> ofPostgres = settings(true);
        assertThat(ofPostgres.keySet())
                .allMatch(name -> name.startsWith("DATABASE_") || name.equals("LOCK_EPOCH_GRACE"));
        settings.putAll(ofPostgres);
        settings.put("LOCK_BACKEND", "postgres");
        String url = settings.get("DATABASE_URL");
        assertThat(Settings.from(settings))
                .isEqualTo(Settings.from(Map.of("LOCK_BACKEND", "postgres", "DATABASE_URL", url)));
    }

    @Test
    void theTableHoldsEverySettingWithItsDefault() throws Exception {
        Map<String, String> documented = new HashMap<>();
        table().forEach((name, row) -> documented.put(name, row.get(1).replace("`", "")));

        Map<String, String> settings = settings(true);
        settings.put("DATABASE_URL", "");
        settings.putAll(settings(false));
        assertThat(documented).isEqualTo(settings);
    }

    /** Returns the rows of the table of settings by name. */
    private static Map<String, List<String>> table() throws IOException {
        return Markdown.read("docs/configuration.md").table("Settings").stream()
                .collect(Collectors.toMap(row -> row.get(0).replace("`", ""), row -> row));
    }

    /**
     * The range of a number among the settings.
     *
     * @param least the lowest value that the code accepts
     * @param most the highest value that the code accepts
     */
    private record Range(String name, String least, String most) {}

    /** Gives each setting a value that is not a number, and reads the ranges from the messages. */
    static List<Range> ranges() throws IOException {
        Map<String, String> noNumbers = settings(false);
        noNumbers.putAll(settings(true));
        noNumbers.replaceAll((name, value) -> "x");
        noNumbers.put("LOCK_BACKEND", "postgres");
        String problems = catchThrowable(() -> Settings.from(noNumbers)).getMessage();
        return Pattern.compile(
                        "(?m)^([A-Z_]+) must be (?:an integer|a number with the unit s, m, h or d,) from (\\w+) to"
                                + " (\\w+);")
                .matcher(problems)
                .results()
                .map(range -> new Range(range.group(1), range.group(2), range.group(3)))
                .toList();
    }

    @Test
    void theRangesAreFound() throws Exception {
        assertThat(ranges())
                .contains(
                        new Range("HTTP_PORT", "0", "65535"),
                        new Range("MANAGEMENT_PORT", "0", "65535"),
                        new Range("DATABASE_POOL_SIZE", "1", "1000"),
                        new Range("LOCK_TOMBSTONE_RETENTION", "60s", "365d"))
                .hasSizeGreaterThanOrEqualTo(13);
    }

    @ParameterizedTest
    @MethodSource("ranges")
    void theFileAndTheTableHoldTheRangeOfEachNumberAndBothEndsAreTaken(Range range) throws Exception {
        assertThat(comment(range.name())).containsIgnoringCase("from " + range.least() + " to " + range.most());
        assertThat(table().get(range.name()).get(2)).contains(range.least() + " to " + range.most());

        assertThat(Settings.from(with(range.name(), range.least()))).isNotNull();
        assertThat(Settings.from(with(range.name(), range.most()))).isNotNull();
        assertThatThrownBy(() -> Settings.from(with(range.name(), moved(range.least(), -1))))
                .hasMessageContaining(range.name() + " must be");
        assertThatThrownBy(() -> Settings.from(with(range.name(), moved(range.most(), 1))))
                .hasMessageContaining(range.name() + " must be");
    }

    /** Returns a number, with its unit if it has one, changed by this much. */
    private static String moved(String value, int by) {
        String unit = value.replaceAll("\\d", "");
        return Long.parseLong(value.substring(0, value.length() - unit.length())) + by + unit;
    }

    @Test
    void aCopyOfTheFileWithOnlyTheDatabaseAddedIsRefused() throws Exception {
        Map<String, String> settings = settings(false);
        settings.put("DATABASE_URL", "postgres://locks:s3cr3t@db.example/locks");

        assertThatThrownBy(() -> Settings.from(settings))
                .hasMessage("DATABASE_URL has no effect without LOCK_BACKEND=postgres: leases would be kept in memory,"
                        + " where no other server sees them");
    }

    @Test
    void aShellAndDockerReadTheSameFromTheFile() throws Exception {
        assertThat(Files.readAllLines(FILE))
                .allMatch(line -> line.isEmpty() || line.startsWith("# ") || line.matches("[A-Z_]+=[\\w.:/@-]*"));
    }

    private static Map<String, String> with(String name, String value) {
        Map<String, String> environment = new HashMap<>(
                Map.of("LOCK_BACKEND", "postgres", "DATABASE_URL", "postgres://h/d", "LOCK_TTL_MS", "1000"));
        environment.put(name, value);
        return environment;
    }

    private static Map<String, String> settings(boolean commentedOut) throws IOException {
        Map<String, String> settings = new LinkedHashMap<>();
        for (String line : Files.readAllLines(FILE)) {
            Matcher setting = SETTING.matcher(line);
            if (setting.matches() && commentedOut == (setting.group(1) != null)) {
                assertThat(settings.put(setting.group(2), setting.group(3))).isNull();
            }
        }
        return settings;
    }

    /** Returns the comment above a setting as one line. */
    private static String comment(String name) throws IOException {
        StringBuilder comment = new StringBuilder();
        for (String line : Files.readAllLines(FILE)) {
            if (line.startsWith(name + "=") || line.startsWith("# " + name + "=")) {
                return comment.toString();
            } else if (line.startsWith("# ")) {
                comment.append(line.substring(1));
            } else {
                comment.setLength(0);
            }
        }
        throw new AssertionError(name + " is not in " + FILE);
    }

    /** Records which variables are read. */
    private static final class RecordingEnvironment extends AbstractMap<String, String> {
        private final Map<String, String> variables;
        private final Set<String> read = new TreeSet<>();

        RecordingEnvironment(Map<String, String> variables) {
            this.variables = variables;
        }

        @Override
        public String get(Object name) {
            read.add((String) name);
            return variables.get(name);
        }

        @Override
        public Set<Entry<String, String>> entrySet() {
            return variables.entrySet();
        }
    }
}

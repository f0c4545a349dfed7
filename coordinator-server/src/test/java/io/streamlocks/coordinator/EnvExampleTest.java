package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Holds {@code .env.example} and the code against each other. */
class EnvExampleTest {

    private static final Path FILE = Path.of("..", ".env.example");
    /** Those of PostgreSQL are commented out, since without it they are refused. */
    private static final Pattern SETTING = Pattern.compile("(# )?([A-Z_]+)=(\\S*)");

    private static final Pattern RANGE = Pattern.compile("from (\\d+) to (\\d+)");

    @Test
    void theFileHoldsEverySettingThatIsReadAndNoOther() throws Exception {
        RecordingEnvironment environment =
                new RecordingEnvironment(Map.of("LOCK_BACKEND", "postgres", "DATABASE_URL", "postgres://h/d"));
        CoordinatorConfig.from(environment);

        Map<String, String> settings = settings(true);
        settings.putAll(settings(false));
        assertThat(settings.keySet()).isEqualTo(environment.read);
    }

    @Test
    void theFileHoldsTheDefaults() throws Exception {
        Map<String, String> settings = settings(false);
        assertThat(CoordinatorConfig.from(settings)).isEqualTo(CoordinatorConfig.from(Map.of()));

        Map<String, String> ofPostgres = settings(true);
        assertThat(ofPostgres.keySet()).allMatch(name -> name.startsWith("DATABASE_"));
        settings.putAll(ofPostgres);
        settings.put("LOCK_BACKEND", "postgres");
        String url = settings.get("DATABASE_URL");
        assertThat(CoordinatorConfig.from(settings))
                .isEqualTo(CoordinatorConfig.from(Map.of("LOCK_BACKEND", "postgres", "DATABASE_URL", url)));
    }

    @ParameterizedTest
    @CsvSource({
        "LOCK_TTL_MS",
        "LOCK_TTL_MAX_MS",
        "HTTP_PORT",
        "DATABASE_POOL_SIZE",
        "DATABASE_CONNECTION_TIMEOUT_MS",
        "DATABASE_STATEMENT_TIMEOUT_MS",
        "SHUTDOWN_DRAIN_MS",
        "RATE_LIMIT_PER_SECOND",
        "MAX_LEASES_PER_OWNER",
        "HTTP_MAX_CONNECTIONS_PER_ADDRESS"
    })
    void theFileHoldsTheRangeOfEachNumber(String name) throws Exception {
        Matcher range = RANGE.matcher(comment(name));
        assertThat(range.find()).isTrue();
        long min = Long.parseLong(range.group(1));
        long max = Long.parseLong(range.group(2));

        assertThat(CoordinatorConfig.from(with(name, min))).isNotNull();
        assertThat(CoordinatorConfig.from(with(name, max))).isNotNull();
        assertThatThrownBy(() -> CoordinatorConfig.from(with(name, min - 1))).hasMessageContaining(name);
        assertThatThrownBy(() -> CoordinatorConfig.from(with(name, max + 1))).hasMessageContaining(name);
    }

    @Test
    void whoeverCopiesTheFileAndSetsTheDatabaseAloneDoesNotEndInMemory() throws Exception {
        Map<String, String> settings = settings(false);
        settings.put("DATABASE_URL", "postgres://locks:s3cr3t@db.example/locks");

        assertThatThrownBy(() -> CoordinatorConfig.from(settings))
                .hasMessage("DATABASE_URL is of no use without LOCK_BACKEND=postgres: leases would be kept in memory,"
                        + " where no other server sees them");
    }

    @Test
    void aShellAndDockerReadTheSameFromTheFile() throws Exception {
        assertThat(Files.readAllLines(FILE))
                .allMatch(line -> line.isEmpty() || line.startsWith("# ") || line.matches("[A-Z_]+=[\\w.:/@-]*"));
    }

    private static Map<String, String> with(String name, long value) {
        Map<String, String> environment = new HashMap<>(
                Map.of("LOCK_BACKEND", "postgres", "DATABASE_URL", "postgres://h/d", "LOCK_TTL_MS", "1000"));
        environment.put(name, Long.toString(value));
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

    /** The lines above a setting, as one. */
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

    /** Remembers which variables were asked for. */
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

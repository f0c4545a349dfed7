package io.streamlocks.coordinator.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.streamlocks.coordinator.database.DatabaseSettings;
import io.streamlocks.coordinator.database.DatabaseUrl;
import io.streamlocks.coordinator.http.jetty.Listening;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {

    private static final AccessSettings NO_ACCESS_CONTROL =
            new AccessSettings(Optional.empty(), Optional.empty(), true);
    private static final String URL = "postgres://someone:s3cr3t@db.example:6543/locks";

    @Test
    void anEmptyEnvironmentMeansTheMemoryBackendOnLocalhost() throws Exception {
        assertThat(Settings.from(Map.of()))
                .isEqualTo(new Settings(
                        new Listening("127.0.0.1", 8080, OptionalInt.empty(), 2500, Duration.ofSeconds(75), 8192, true),
                        new LeaseSettings(
                                Duration.ofSeconds(30), Duration.ofDays(1), Duration.ofHours(1), Duration.ofDays(7)),
                        Duration.ofSeconds(3),
                        new MemoryBackend(),
                        NO_ACCESS_CONTROL,
                        Optional.empty(),
                        new CallerLimits(0, 0, 0),
                        new ReportingSettings("text", Optional.empty(), "stream-lock-coordinator")));
    }

    @Test
    void aDatabaseUrlIsEnoughForThePostgresBackend() throws Exception {
        DatabaseSettings database = database(Settings.from(postgres()));

        assertThat(database.url().toString()).isEqualTo("postgres://db.example:6543/locks");
        assertThat(database.poolSize()).isEqualTo(14);
        assertThat(database.connectionTimeout()).isEqualTo(Duration.ofMillis(750));
        assertThat(database.statementTimeout()).isEqualTo(Duration.ofMillis(1500));
    }

    @Test
    void everySettingIsRead() throws Exception {
        Settings settings = Settings.from(postgres(
                "HTTP_HOST", "::1",
                "HTTP_PORT", "0",
                "MANAGEMENT_PORT", "9090",
                "HTTP_MAX_CONNECTIONS_PER_ADDRESS", "9000",
                "HTTP_IDLE_TIMEOUT_MS", "5000",
                "HTTP_MAX_HEAD_BYTES", "32768",
                "LOCK_TTL_MS", "5000",
                "LOCK_TTL_MAX_MS", "60000",
                "LOCK_TOMBSTONE_RETENTION", "2d",
                "LOCK_HISTORY_RETENTION", "0",
                "SHUTDOWN_DRAIN_MS", "0",
                "DATABASE_POOL_SIZE", "3",
                "DATABASE_CONNECTION_TIMEOUT_MS", "1000",
                "DATABASE_STATEMENT_TIMEOUT_MS", "2000",
                "LOCK_EPOCH_GRACE", "30s",
                "RATE_LIMIT_PER_SECOND", "100",
                "MAX_LEASES_PER_OWNER", "2000",
                "LOG_FORMAT", "json",
                "OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.example:4318/otlp",
                "OTEL_SERVICE_NAME", "locks"));

        assertThat(settings)
                .isEqualTo(new Settings(
                        new Listening("::1", 0, OptionalInt.of(9090), 9000, Duration.ofSeconds(5), 32_768, true),
                        new LeaseSettings(
                                Duration.ofSeconds(5), Duration.ofMinutes(1), Duration.ofDays(2), Duration.ZERO),
                        Duration.ZERO,
                        new PostgresBackend(new DatabaseSettings(
                                DatabaseUrl.parse(URL),
                                Optional.empty(),
                                3,
                                Duration.ofSeconds(1),
                                Duration.ofSeconds(2),
                                Duration.ofSeconds(30))),
                        NO_ACCESS_CONTROL,
                        Optional.empty(),
                        new CallerLimits(100, 2000, 0),
                        new ReportingSettings(
                                "json", Optional.of(URI.create("https://collector.example:4318/otlp")), "locks")));
        assertThat(settings.leases().keepsHistory()).isFalse();
    }

    @Test
    void emptyAndBlankValuesCountAsNotSet() throws Exception {
        assertThat(Settings.from(Map.of("LOCK_BACKEND", "", "HTTP_PORT", "  ", "DATABASE_URL", "")))
                .isEqualTo(Settings.from(Map.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "memory"})
    void settingsOfTheDatabaseWithoutItsBackendAreRejected(String backend) {
        InvalidSettingsException e = catchThrowableOfType(
                InvalidSettingsException.class,
                () -> Settings.from(Map.of(
                        "LOCK_BACKEND", backend,
                        "DATABASE_URL", URL,
                        "DATABASE_PASSWORD_FILE", "/no/such/file",
                        "DATABASE_POOL_SIZE", "-1",
                        "DATABASE_CONNECTION_TIMEOUT_MS", "750",
                        "DATABASE_STATEMENT_TIMEOUT_MS", "1500")));

        assertThat(e.getMessage().lines())
                .hasSize(5)
                .allMatch(line ->
                        line.matches("DATABASE_\\w+ has no effect without LOCK_BACKEND=postgres: leases would be"
                                + " kept in memory, where no other server sees them"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            LOCK_TTL                  | . Did you mean LOCK_TTL_MS?
            LOCK_PORT                 | . Did you mean HTTP_PORT?
            LCOK_BACKEND              | . Did you mean LOCK_BACKEND?
            LOCK_A_THING_OF_ITS_OWN_THAT_IS_LONG | . Remove it
            DATABSE_URL               | . Did you mean DATABASE_URL?
            DATABASE_URI              | . Did you mean DATABASE_URL?
            DATABASE_URL_FILE         | . Did you mean DATABASE_URL?
            DATABASE_PASSWORD         | . Did you mean DATABASE_PASSWORD_FILE?
            DATABASE_STATEMENT_TIMEOUT | . Did you mean DATABASE_STATEMENT_TIMEOUT_MS?
            HTTP_PROT                 | . Did you mean HTTP_PORT?
            HTPT_PORT                 | . Did you mean HTTP_PORT?
            HTTP_HOSTS                | . Did you mean HTTP_HOST?
            HTTP_IDLE_TIMEOUT         | . Did you mean HTTP_IDLE_TIMEOUT_MS?
            HTTP_MAX_CONNECTIONS      | . Did you mean HTTP_MAX_CONNECTIONS_PER_ADDRESS?
            MANAGEMENT_PROT           | . Did you mean MANAGEMENT_PORT?
            MANAGMENT_PORT            | . Did you mean MANAGEMENT_PORT?
            COORDINATOR_TOKEN_FILE    | . Did you mean COORDINATOR_TOKENS_FILE?
            COORDINATOR_TOKENS        | . Did you mean COORDINATOR_TOKENS_FILE?
            JWT_ISSUERS               | . Did you mean JWT_ISSUER?
            JWT_JWKS_URL              | . Did you mean JWT_JWKS?
            TLS_KEY                   | . Did you mean TLS_KEY_FILE?
            TLS_CERTFICATE_FILE       | . Did you mean TLS_CERTIFICATE_FILE?
            LOG_FROMAT                | . Did you mean LOG_FORMAT?
            RATE_LIMIT_PER_MINUTE     | . Did you mean RATE_LIMIT_PER_SECOND?
            MAX_LEASE_PER_OWNER       | . Did you mean MAX_LEASES_PER_OWNER?
            SHUTDOWN_DRAIN            | . Did you mean SHUTDOWN_DRAIN_MS?
            SHUTDOWN_DRAIN_SECONDS    | . Did you mean SHUTDOWN_DRAIN_MS?
            """)
    void aMisspeltNameIsRejectedWithTheSettingThatIsMeant(String name, String instead) {
        assertThatThrownBy(() -> Settings.from(postgres(name, "1"))).hasMessage(name + " is not a setting" + instead);
    }

    @ParameterizedTest
    @CsvSource({
        "LOCK_PORT, tcp://10.0.0.1:80",
        "LOCK_PORT_80_TCP, tcp://10.0.0.1:80",
        "LOCK_PORT_80_TCP_ADDR, 10.0.0.1",
        "LOCK_SERVICE_HOST, 10.0.0.1",
        "DATABASE_SERVICE_PORT, 5432",
        "DATABASE_SERVICE_PORT_PSQL, 5432",
        "HTTP_SERVICE_HOST, 10.0.0.1",
        // These two are settings that contain the address of a Service.
        "HTTP_PORT, tcp://10.0.0.1:80",
        "MANAGEMENT_PORT, tcp://10.0.0.1:80",
        "HTTP_PROXY, http://proxy.example:3128",
        "LOCK_TTL, ''",
        // These belong to other servers.
        "SMTP_HOST, mail.example",
        "SMTP_PORT, 25",
        "SFTP_HOST, files.example",
        "SFTP_PORT, 22",
        "FTP_HOST, files.example",
        "FTP_PORT, 21",
        "TFTP_HOST, files.example",
        "TFTP_PORT, 69",
        "NTP_HOST, time.example",
        "NTP_PORT, 123",
        "TCP_PORT, 80",
        "HTTPS_PORT, 443",
        "HTTPS_HOST, www.example",
        "HTTPD_PORT, 80",
        "DATABASE2_URL, postgres://h/d",
        "AUTH_URL, https://www.example",
        "SHUTDOWN_TIMEOUT, 5",
        // These belong to Azure App Service, IIS, Heroku, and Neon at Vercel.
        "HTTP_LOGGING_ENABLED, 1",
        "HTTP_PLATFORM_PORT, 8080",
        "DATABASE_CONNECTION_POOL_URL, postgres://h/d",
        "DATABASE_URL_UNPOOLED, postgres://h/d",
        // These belong to links between Docker containers.
        "DATABASE_PORT, tcp://172.17.0.5:5432",
        "DATABASE_PORT_5432_TCP_PROTO, tcp",
        "DATABASE_NAME, /app/database",
        "DATABASE_ENV_PG_VERSION, 15",
        "LOCK_NAME, /app/lock",
        "LOCK_ENV_PATH, /bin",
        // These belong to Spring Boot.
        "MANAGEMENT_SERVER_PORT, 8081",
        "MANAGEMENT_ENDPOINTS_WEB_EXPOSURE_INCLUDE, *",
        "MANAGEMENT_METRICS_ENABLE_JVM, true",
        "JWT_SECRET, x",
        "TLS_CA_FILE, /etc/ca.crt",
        "OTEL_EXPORTER_OTLP_HEADERS, a=b",
        // This one is for the traces of other programs.
        "OTEL_SERVICE_NAME, locks",
        "COORDINATOR_URL, http://127.0.0.1:8080",
        "PATH, /bin",
        "JAVA_HOME, /opt/java"
    })
    void variablesOfOtherProgramsAreIgnored(String name, String value) throws Exception {
        assertThat(Settings.from(Map.of(name, value)).listening().port()).isEqualTo(8080);
    }

    @Test
    void aPasswordIsInTheUrlOrInAFile(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("password"), "s3cr3t\r\n");
        assertThatThrownBy(() -> Settings.from(postgres("DATABASE_PASSWORD_FILE", file.toString())))
                .hasMessage("DATABASE_PASSWORD_FILE must not be set with a password in DATABASE_URL");

        Map<String, String> settings =
                postgres("DATABASE_PASSWORD_FILE", file.toString(), "DATABASE_URL", "postgres://someone@h/d");
        Settings read = Settings.from(settings);
        assertThat(read.backend().password().orElseThrow().get()).isEqualTo("s3cr3t");
        assertThat(read.toString()).doesNotContain("s3cr3t");

        for (String useless : List.of("", "\n", "\ns3cr3t", "s3cr3t\nand more")) {
            Files.writeString(file, useless);
            assertThatThrownBy(() -> Settings.from(settings))
                    .hasMessage("DATABASE_PASSWORD_FILE must contain one line, the password");
        }
        Files.delete(file);
        assertThatThrownBy(() -> Settings.from(settings))
                .hasMessage("DATABASE_PASSWORD_FILE " + file + " does not exist");
    }

    @Test
    void anUnderscoreInTheNameOfTheCollectorIsNamed() {
        assertThatThrownBy(() -> Settings.from(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://my_collector:4318")))
                .hasMessage("OTEL_EXPORTER_OTLP_ENDPOINT has a host name with an underscore, which is not allowed in a"
                        + " URL: give that host another name, or use its address");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            MANAGEMENT_PORT                | 65536    | must be an integer from 0 to 65535; it is 65536
            MANAGEMENT_PORT                | 8080     | must not be HTTP_PORT
            HTTP_MAX_CONNECTIONS_PER_ADDRESS | 0      | must be an integer from 1 to 10000; it is 0
            HTTP_PORT                      | 65536    | must be an integer from 0 to 65535; it is 65536
            HTTP_PORT                      | -1       | must be an integer from 0 to 65535; it is -1
            HTTP_PORT                      | http     | must be an integer from 0 to 65535; it is http
            LOCK_TTL_MS                    | 999      | must be an integer from 1000 to 86400000; it is 999
            LOCK_TTL_MS                    | 86400001 | must be an integer from 1000 to 86400000; it is 86400001
            LOCK_TTL_MS                    | 30s      | must be an integer from 1000 to 86400000; it is 30s
            LOCK_TTL_MAX_MS                | 999      | must be an integer from 1000 to 86400000; it is 999
            LOCK_TTL_MAX_MS                | 1e6      | must be an integer from 1000 to 86400000; it is 1e6
            LOCK_TOMBSTONE_RETENTION       | 59s      | must be a number with the unit s, m, h or d, from 60s to 365d; it is 59s
            LOCK_HISTORY_RETENTION         | 0s       | must be a number with the unit s, m, h or d, from 60s to 3650d; it is 0s
            LOCK_HISTORY_RETENTION         | 3651d    | must be a number with the unit s, m, h or d, from 60s to 3650d; it is 3651d
            LOCK_EPOCH_GRACE               | 500ms    | must be a number with the unit s, m, h or d, from 1s to 1d; it is 500ms
            LOCK_EPOCH_GRACE               | 2d       | must be a number with the unit s, m, h or d, from 1s to 1d; it is 2d
            LOCK_TOMBSTONE_RETENTION       | 366d     | must be a number with the unit s, m, h or d, from 60s to 365d; it is 366d
            LOCK_TOMBSTONE_RETENTION       | 3600     | must be a number with the unit s, m, h or d, from 60s to 365d; it is 3600
            SHUTDOWN_DRAIN_MS              | 60001    | must be an integer from 0 to 60000; it is 60001
            HTTP_IDLE_TIMEOUT_MS           | 4999     | must be an integer from 5000 to 600000; it is 4999
            HTTP_MAX_HEAD_BYTES            | 32769    | must be an integer from 8192 to 32768; it is 32769
            DATABASE_POOL_SIZE             | 0        | must be an integer from 1 to 1000; it is 0
            DATABASE_CONNECTION_TIMEOUT_MS | 249      | must be an integer from 250 to 10000; it is 249
            DATABASE_STATEMENT_TIMEOUT_MS  | 99       | must be an integer from 100 to 10000; it is 99
            RATE_LIMIT_PER_SECOND          | -1       | must be an integer from 0 to 1000000; it is -1
            MAX_LEASES_PER_OWNER           | 1e3      | must be an integer from 0 to 10000000; it is 1e3
            LOG_FORMAT                     | xml      | must be one of text, json; it is xml
            """)
    void aValueOutOfRangeIsNamedWithItsRange(String name, String value, String problem) {
        assertThatThrownBy(() -> Settings.from(postgres(name, value)))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessage(name + " " + problem);
    }

    @Test
    void anUnknownBackendIsNamedWithThoseThatExist() {
        assertThat(Backend.VALUES).contains("memory", "postgres");
        assertThatThrownBy(() -> Settings.from(postgres("LOCK_BACKEND", "redis")))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessage("LOCK_BACKEND must be one of " + String.join(", ", Backend.VALUES) + "; it is redis");
    }

    @ParameterizedTest
    @CsvSource({"60s,60", "1m,60", "90m,5400", "365d,31536000"})
    void aRetentionHasAUnit(String value, long seconds) throws Exception {
        assertThat(Settings.from(Map.of("LOCK_TOMBSTONE_RETENTION", value))
                        .leases()
                        .tombstoneRetention())
                .isEqualTo(Duration.ofSeconds(seconds));
    }

    @Test
    void theDefaultTtlMustNotExceedTheLongest() {
        assertThatThrownBy(() -> Settings.from(Map.of("LOCK_TTL_MAX_MS", "20000")))
                .hasMessage("LOCK_TTL_MS must not be above LOCK_TTL_MAX_MS (20000); it is 30000");
    }

    @Test
    void thePostgresBackendNeedsAUrl() {
        assertThatThrownBy(() -> Settings.from(Map.of("LOCK_BACKEND", "postgres")))
                .hasMessage("DATABASE_URL must be set");
    }

    @Test
    void everyProblemIsReportedAtOnce() {
        InvalidSettingsException e = catchThrowableOfType(
                InvalidSettingsException.class,
                () -> Settings.from(postgres(
                        "HTTP_PORT", "x",
                        "MANAGEMENT_PORT", "x",
                        "HTTP_MAX_CONNECTIONS_PER_ADDRESS", "x",
                        "HTTP_IDLE_TIMEOUT_MS", "x",
                        "HTTP_MAX_HEAD_BYTES", "x",
                        "LOCK_TTL_MS", "1",
                        "LOCK_TTL_MAX_MS", "x",
                        "LOCK_TOMBSTONE_RETENTION", "x",
                        "SHUTDOWN_DRAIN_MS", "x",
                        "DATABASE_URL", "x",
                        "DATABASE_POOL_SIZE", "x",
                        "DATABASE_CONNECTION_TIMEOUT_MS", "x",
                        "DATABASE_STATEMENT_TIMEOUT_MS", "x",
                        "RATE_LIMIT_PER_SECOND", "x",
                        "MAX_LEASES_PER_OWNER", "x",
                        "AUTH", "x",
                        "COORDINATOR_TOKENS_FILE", "/no/such/file",
                        "JWT_ISSUER", "x",
                        "TLS_KEY_FILE", "x",
                        "LOG_FORMAT", "x",
                        "OTEL_EXPORTER_OTLP_ENDPOINT", "x")));

        assertThat(e.getMessage().lines().map(line -> line.split(" ")[0]))
                .containsExactlyInAnyOrder(
                        "HTTP_PORT",
                        "MANAGEMENT_PORT",
                        "HTTP_MAX_CONNECTIONS_PER_ADDRESS",
                        "HTTP_IDLE_TIMEOUT_MS",
                        "HTTP_MAX_HEAD_BYTES",
                        "LOCK_TTL_MS",
                        "LOCK_TTL_MAX_MS",
                        "LOCK_TOMBSTONE_RETENTION",
                        "SHUTDOWN_DRAIN_MS",
                        "DATABASE_URL",
                        "DATABASE_POOL_SIZE",
                        "DATABASE_CONNECTION_TIMEOUT_MS",
                        "DATABASE_STATEMENT_TIMEOUT_MS",
                        "RATE_LIMIT_PER_SECOND",
                        "MAX_LEASES_PER_OWNER",
                        "AUTH",
                        "COORDINATOR_TOKENS_FILE",
                        "JWT_ISSUER",
                        "TLS_CERTIFICATE_FILE",
                        "LOG_FORMAT",
                        "OTEL_EXPORTER_OTLP_ENDPOINT");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "collector:4318",
                "//collector:4318",
                "grpc://collector:4317",
                "http://",
                "http:collector",
                "http://collector:4318/?key=s3cr3t",
                "http://someone:s3cr3t@collector:4318",
                "http://col lector"
            })
    void aCollectorOfTracesIsTheBaseOfAUrl(String value) {
        assertThatThrownBy(() -> Settings.from(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", value)))
                .hasMessage("OTEL_EXPORTER_OTLP_ENDPOINT must be the base URL of a collector that takes OTLP over HTTP,"
                        + " such as http://127.0.0.1:4318");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "LOCK_BACKEND",
                "HTTP_PORT",
                "LOCK_TOMBSTONE_RETENTION",
                "LOG_FORMAT",
                "OTEL_EXPORTER_OTLP_ENDPOINT"
            })
    void aUrlInTheWrongVariableIsNotRepeated(String name) {
        assertThatThrownBy(() -> Settings.from(Map.of(name, URL)))
                .hasMessageStartingWith(name + " must be")
                .hasMessageNotContaining("s3cr3t");
    }

    @Test
    void thePasswordIsNotPrintedWithTheSettings() throws Exception {
        assertThat(Settings.from(postgres()).toString()).contains("db.example").doesNotContain("s3cr3t", "someone");
    }

    private static DatabaseSettings database(Settings settings) {
        assertThat(settings.backend()).isInstanceOf(PostgresBackend.class);
        return ((PostgresBackend) settings.backend()).database();
    }

    private static Map<String, String> postgres(String... settings) {
        Map<String, String> environment = new HashMap<>(Map.of("LOCK_BACKEND", "postgres", "DATABASE_URL", URL));
        for (int i = 0; i < settings.length; i += 2) {
            environment.put(settings[i], settings[i + 1]);
        }
        return environment;
    }
}

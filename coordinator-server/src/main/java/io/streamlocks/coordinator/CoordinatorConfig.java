package io.streamlocks.coordinator;

import io.streamlocks.coordinator.access.Authenticator;
import io.streamlocks.coordinator.access.UrlHost;
import io.streamlocks.coordinator.http.jetty.Listening;
import io.streamlocks.coordinator.reload.Reloaded;
import io.streamlocks.coordinator.reload.UnusableFileException;
import io.streamlocks.coordinator.tls.PemKeyStore;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * The settings of a coordinator.
 *
 * @param httpHost the address or name of the interface to listen on
 * @param httpPort the port, 0 for any that is free
 * @param managementPort the port of probes and metrics alone, 0 for any that is free; empty for none
 * @param defaultTtl the ttl of an acquire that names none
 * @param maxTtl the longest ttl that may be asked for
 * @param tombstoneRetention how long a stream is remembered after its last lease ended
 * @param historyRetention how long a grant is remembered after it ended; zero for no history
 * @param drainTime how long a stopping server still takes all calls
 * @param database the PostgreSQL backend; empty for the memory backend
 * @param access who may do what
 * @param tls what TLS shows; empty for plain HTTP
 * @param limits what a caller and an owner may use up
 * @param reporting what it tells of itself, and how
 */
record CoordinatorConfig(
        String httpHost,
        int httpPort,
        OptionalInt managementPort,
        Duration defaultTtl,
        Duration maxTtl,
        Duration tombstoneRetention,
        Duration historyRetention,
        Duration drainTime,
        Optional<Database> database,
        Access access,
        Optional<Tls> tls,
        Limits limits,
        Reporting reporting) {

    /**
     * The PostgreSQL backend.
     *
     * @param url where it is
     * @param password that of its file; empty if the URL has it, or there is none
     * @param poolSize the most connections to it
     * @param connectionTimeout how long a call waits for a connection
     * @param statementTimeout how long a statement may take
     */
    record Database(
            DatabaseUrl url,
            Optional<Reloaded<String>> password,
            int poolSize,
            Duration connectionTimeout,
            Duration statementTimeout) {

        /** A data source that opens a connection a call, with the password as its file has it by then. */
        PGSimpleDataSource dataSource() {
            return url.dataSource(password.<PGSimpleDataSource>map(PasswordFileDataSource::new)
                    .orElseGet(PGSimpleDataSource::new));
        }
    }

    /**
     * Who may do what: everybody everything, unless there are tokens or JWTs.
     *
     * @param tokensFile the tokens
     * @param jwt which JWTs are accepted
     * @param isForLoopback whether nobody but this machine is to be let in, since everybody may do everything and nobody
     *     said that this is meant for others
     */
    record Access(Optional<Path> tokensFile, Optional<Authenticator.Jwt> jwt, boolean isForLoopback) {
        boolean isControlled() {
            return tokensFile.isPresent() || jwt.isPresent();
        }

        Optional<Authenticator> authenticator() throws UnusableFileException {
            return isControlled() ? Optional.of(Authenticator.of(tokensFile, jwt)) : Optional.empty();
        }
    }

    /**
     * Where the certificate of TLS is.
     *
     * @param certificate with its chain, in PEM
     * @param key its private key, in PEM
     */
    record Tls(Path certificate, Path key) {
        Reloaded<KeyStore> read() throws UnusableFileException {
            return new Reloaded<>("certificate", List.of(certificate, key), PemKeyStore::of);
        }
    }

    /**
     * Limits.
     *
     * @param callsPerSecond the most calls of a caller; off if 0
     * @param leasesPerOwner the most live leases of an owner; off if 0
     * @param connectionsPerAddress the most connections from an address
     * @param idleTimeout how long a connection stays open on which nothing is said
     * @param maxHeadBytes how large the head of a request may be
     */
    record Limits(
            int callsPerSecond,
            int leasesPerOwner,
            int connectionsPerAddress,
            Duration idleTimeout,
            int maxHeadBytes) {}

    private static final List<String> OF_POSTGRES = List.of(
            "DATABASE_URL",
            "DATABASE_PASSWORD_FILE",
            "DATABASE_POOL_SIZE",
            "DATABASE_CONNECTION_TIMEOUT_MS",
            "DATABASE_STATEMENT_TIMEOUT_MS");

    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(s|m|h|d)");
    private static final Map<String, TimeUnit> UNITS =
            Map.of("s", TimeUnit.SECONDS, "m", TimeUnit.MINUTES, "h", TimeUnit.HOURS, "d", TimeUnit.DAYS);

    /** A number with the unit s, m, h or d; empty if the text is something else. */
    static Optional<Duration> parseDuration(String text) {
        Matcher matcher = DURATION.matcher(text);
        return matcher.matches()
                ? Optional.of(Duration.of(
                        Long.parseLong(matcher.group(1)),
                        UNITS.get(matcher.group(2)).toChronoUnit()))
                : Optional.empty();
    }

    /**
     * What a coordinator tells of itself.
     *
     * @param logFormat the form of a log line: {@code text} or {@code json}
     * @param traceCollector where traces are sent; empty for nowhere
     * @param serviceName its name in the traces
     */
    record Reporting(String logFormat, Optional<URI> traceCollector, String serviceName) {}

    /** Settings that cannot be used. Its message lists every problem, a line each. */
    static final class InvalidException extends Exception {
        private static final long serialVersionUID = 1L;

        InvalidException(List<String> problems) {
            super(String.join(System.lineSeparator(), problems));
        }
    }

    /**
     * Reads the settings. A variable that is empty counts as not set. One that would do nothing is a problem, too: a setting
     * that needs another one, or the misspelt name of a setting.
     *
     * @param environment the variables of the environment
     * @return the settings
     * @throws InvalidException naming every problem at once
     */
    static CoordinatorConfig from(Map<String, String> environment) throws InvalidException {
        SettingsReader reader = new SettingsReader(environment);
        Duration maxTtl = reader.millis("LOCK_TTL_MAX_MS", 86_400_000, 1000, 86_400_000);
        Duration defaultTtl = reader.millis("LOCK_TTL_MS", 30_000, 1000, 86_400_000);
        if (defaultTtl.compareTo(maxTtl) > 0) {
            reader.problem(
                    "LOCK_TTL_MS",
                    "must not be above LOCK_TTL_MAX_MS (" + maxTtl.toMillis() + "); it is " + defaultTtl.toMillis());
        }
        String httpHost = reader.text("HTTP_HOST", "127.0.0.1");
        CoordinatorConfig config = new CoordinatorConfig(
                httpHost,
                reader.integer("HTTP_PORT", 8080, 0, 65_535),
                reader.integerOrNone("MANAGEMENT_PORT", 0, 65_535),
                defaultTtl,
                maxTtl,
                // Far longer than any statement can run: see LockManager.purge.
                reader.duration("LOCK_TOMBSTONE_RETENTION", "1h", Duration.ofMinutes(1), Duration.ofDays(365)),
                reader.durationOrZero("LOCK_HISTORY_RETENTION", "7d", Duration.ofMinutes(1), Duration.ofDays(3650)),
                // With the second that grants nothing and 5 s for calls under way: below the 10 s after which Docker
                // kills.
                reader.millis("SHUTDOWN_DRAIN_MS", 3000, 0, 60_000),
                database(reader),
                access(reader, httpHost),
                tls(reader),
                new Limits(
                        reader.integer("RATE_LIMIT_PER_SECOND", 0, 0, 1_000_000),
                        reader.integer("MAX_LEASES_PER_OWNER", 0, 0, 10_000_000),
                        reader.integer(
                                "HTTP_MAX_CONNECTIONS_PER_ADDRESS", Listening.CONNECTIONS_PER_ADDRESS, 1, 10_000),
                        reader.millis("HTTP_IDLE_TIMEOUT_MS", 75_000, 5000, 600_000),
                        reader.integer("HTTP_MAX_HEAD_BYTES", Listening.MAX_HEAD_BYTES, 8192, 32_768)),
                reporting(reader));
        if (config.httpPort() != 0 && config.managementPort().equals(OptionalInt.of(config.httpPort()))) {
            reader.problem("MANAGEMENT_PORT", "must not be HTTP_PORT");
        }
        reader.refuseUnknown();
        reader.throwIfAnyProblem();
        return config;
    }

    private static Optional<Database> database(SettingsReader reader) {
        String backend = reader.oneOf("LOCK_BACKEND", "memory", List.of("memory", "postgres"));
        if (backend.equals("postgres")) {
            return Optional.of(postgres(reader));
        }
        reader.ignored(OF_POSTGRES);
        if (reader.text("LOCK_BACKEND", "memory").equals("memory")) {
            // Else a server whose LOCK_BACKEND was forgotten would grant what another one has granted.
            reader.useless(
                    "LOCK_BACKEND=postgres",
                    "leases would be kept in memory, where no other server sees them",
                    OF_POSTGRES);
        }
        return Optional.empty();
    }

    private static Database postgres(SettingsReader reader) {
        DatabaseUrl url = reader.required("DATABASE_URL", DatabaseUrl::parse);
        Optional<Reloaded<String>> password = reader.path("DATABASE_PASSWORD_FILE")
                .flatMap(file -> reader.usable("DATABASE_PASSWORD_FILE", () -> PasswordFileDataSource.read(file)));
        if (url != null && url.hasPassword() && password.isPresent()) {
            reader.problem("DATABASE_PASSWORD_FILE", "must not be set with a password in DATABASE_URL");
        }
        return new Database(
                url,
                password,
                reader.integer("DATABASE_POOL_SIZE", 12, 1, 1000),
                // HikariCP's least is 250 ms. The sum of both, rounded up to seconds as the driver has it, stays below
                // 3 s by default: that is how soon a call is answered when the database is away.
                reader.millis("DATABASE_CONNECTION_TIMEOUT_MS", 750, 250, 10_000),
                reader.millis("DATABASE_STATEMENT_TIMEOUT_MS", 1500, 100, 10_000));
    }

    private static Access access(SettingsReader reader, String httpHost) {
        String auth = reader.text("AUTH", "");
        boolean none = auth.equals("none");
        if (!none && !auth.isEmpty()) {
            reader.problem("AUTH", "must be none, or not set");
        }
        String tokensFile = reader.text("COORDINATOR_TOKENS_FILE", "");
        String keys = reader.text("JWT_JWKS", "");
        String issuer = reader.text("JWT_ISSUER", "");
        String audience = reader.text("JWT_AUDIENCE", "");
        reader.needed("JWT_ISSUER", issuer, "JWT_JWKS", keys);
        reader.needed("JWT_AUDIENCE", audience, "JWT_JWKS", keys);
        reader.useless("JWT_ISSUER", issuer, "JWT_JWKS", keys);
        reader.useless("JWT_AUDIENCE", audience, "JWT_JWKS", keys);
        Optional<Path> tokens = reader.path("COORDINATOR_TOKENS_FILE");
        Optional<Authenticator.Jwt> jwt =
                keys.isEmpty() ? Optional.empty() : Optional.of(new Authenticator.Jwt(keys, issuer, audience));
        reader.usable("COORDINATOR_TOKENS_FILE", () -> Authenticator.of(tokens, Optional.empty()));
        reader.usable("JWT_JWKS", () -> Authenticator.of(Optional.empty(), jwt));
        boolean controlled = !tokensFile.isEmpty() || !keys.isEmpty();
        if (none && controlled) {
            reader.problem("AUTH", "must not be none with COORDINATOR_TOKENS_FILE or JWT_JWKS");
        } else if (!none && !controlled && !isLoopback(httpHost)) {
            reader.problem(
                    "HTTP_HOST",
                    "lets others than this machine in, so set COORDINATOR_TOKENS_FILE or JWT_JWKS; or AUTH=none, to"
                            + " let everybody do everything");
        }
        return new Access(tokens, jwt, !none && !controlled);
    }

    private static boolean isLoopback(String host) {
        try {
            return Arrays.stream(InetAddress.getAllByName(host)).allMatch(InetAddress::isLoopbackAddress);
        } catch (UnknownHostException e) {
            // Nobody knows who will be let in by then.
            return false;
        }
    }

    private static Optional<Tls> tls(SettingsReader reader) {
        String certificateFile = reader.text("TLS_CERTIFICATE_FILE", "");
        String keyFile = reader.text("TLS_KEY_FILE", "");
        reader.needed("TLS_CERTIFICATE_FILE", certificateFile, "TLS_KEY_FILE", keyFile);
        reader.needed("TLS_KEY_FILE", keyFile, "TLS_CERTIFICATE_FILE", certificateFile);
        Optional<Path> certificate = reader.path("TLS_CERTIFICATE_FILE");
        Optional<Path> key = reader.path("TLS_KEY_FILE");
        if (certificate.isEmpty() || key.isEmpty()) {
            return Optional.empty();
        }
        Tls tls = new Tls(certificate.get(), key.get());
        reader.usable("TLS_CERTIFICATE_FILE with TLS_KEY_FILE:", tls::read);
        return Optional.of(tls);
    }

    /** The form of a log line, before anything else is known; the default if the setting cannot be used. */
    static String logFormat(Map<String, String> environment) {
        return logFormat(new SettingsReader(environment));
    }

    private static String logFormat(SettingsReader reader) {
        return reader.oneOf("LOG_FORMAT", "text", List.of("text", "json"));
    }

    private static Reporting reporting(SettingsReader reader) {
        return new Reporting(
                logFormat(reader),
                reader.optional("OTEL_EXPORTER_OTLP_ENDPOINT", CoordinatorConfig::collector),
                reader.text("OTEL_SERVICE_NAME", "stream-lock-coordinator"));
    }

    private static URI collector(String value) {
        try {
            URI uri = new URI(value);
            boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
            if (http && uri.getHost() != null && uri.getUserInfo() == null && uri.getQuery() == null) {
                return uri;
            }
            UrlHost.requireNoUnderscore(uri);
        } catch (URISyntaxException e) {
            // Reported below, like a URL of another kind.
        }
        throw new IllegalArgumentException(
                "must be the base URL of a collector that takes OTLP over HTTP, as http://127.0.0.1:4318");
    }
}

package io.streamlocks.coordinator;

import io.streamlocks.coordinator.access.Authenticator;
import io.streamlocks.coordinator.http.Listening;
import io.streamlocks.coordinator.reload.Reloaded;
import io.streamlocks.coordinator.reload.UnusableFileException;
import io.streamlocks.coordinator.tls.PemKeyStore;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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
     * @param poolSize the most connections to it
     * @param connectionTimeout how long a call waits for a connection
     * @param statementTimeout how long a statement may take
     */
    record Database(DatabaseUrl url, int poolSize, Duration connectionTimeout, Duration statementTimeout) {}

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
     * Reads the settings. A variable that is empty counts as not set.
     *
     * @param environment the variables of the environment
     * @return the settings
     * @throws InvalidException naming every problem at once
     */
    static CoordinatorConfig from(Map<String, String> environment) throws InvalidException {
        Reader reader = new Reader(environment);
        boolean postgres = reader.oneOf("LOCK_BACKEND", "memory", List.of("memory", "postgres"))
                .equals("postgres");
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
                // With the second in which nothing is granted, and the 5 s that calls under way may take, below the 10
                // s
                // after which Docker kills.
                reader.millis("SHUTDOWN_DRAIN_MS", 3000, 0, 60_000),
                postgres ? Optional.of(database(reader)) : Optional.empty(),
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
        reader.throwIfAnyProblem();
        return config;
    }

    private static Database database(Reader reader) {
        return new Database(
                reader.required("DATABASE_URL", DatabaseUrl::parse),
                reader.integer("DATABASE_POOL_SIZE", 12, 1, 1000),
                // HikariCP's least is 250 ms. The sum of both, rounded up to seconds as the driver has it, stays below
                // 3 s by default: that is how soon a call is answered when the database is away.
                reader.millis("DATABASE_CONNECTION_TIMEOUT_MS", 750, 250, 10_000),
                reader.millis("DATABASE_STATEMENT_TIMEOUT_MS", 1500, 100, 10_000));
    }

    private static Access access(Reader reader, String httpHost) {
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
        Optional<Path> tokens = reader.path("COORDINATOR_TOKENS_FILE", tokensFile);
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

    private static Optional<Tls> tls(Reader reader) {
        String certificateFile = reader.text("TLS_CERTIFICATE_FILE", "");
        String keyFile = reader.text("TLS_KEY_FILE", "");
        reader.needed("TLS_CERTIFICATE_FILE", certificateFile, "TLS_KEY_FILE", keyFile);
        reader.needed("TLS_KEY_FILE", keyFile, "TLS_CERTIFICATE_FILE", certificateFile);
        Optional<Path> certificate = reader.path("TLS_CERTIFICATE_FILE", certificateFile);
        Optional<Path> key = reader.path("TLS_KEY_FILE", keyFile);
        if (certificate.isEmpty() || key.isEmpty()) {
            return Optional.empty();
        }
        Tls tls = new Tls(certificate.get(), key.get());
        reader.usable("TLS_CERTIFICATE_FILE with TLS_KEY_FILE:", tls::read);
        return Optional.of(tls);
    }

    /** The form of a log line, before anything else is known; the default if the setting cannot be used. */
    static String logFormat(Map<String, String> environment) {
        return logFormat(new Reader(environment));
    }

    private static String logFormat(Reader reader) {
        return reader.oneOf("LOG_FORMAT", "text", List.of("text", "json"));
    }

    private static Reporting reporting(Reader reader) {
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
        } catch (URISyntaxException e) {
            // Reported below, like a URL of another kind.
        }
        throw new IllegalArgumentException(
                "must be the base URL of a collector that takes OTLP over HTTP, as http://127.0.0.1:4318");
    }

    /** Reads variables and collects what is wrong with them. */
    private static final class Reader {

        private final Map<String, String> environment;
        private final List<String> problems = new ArrayList<>();

        Reader(Map<String, String> environment) {
            this.environment = environment;
        }

        void problem(String name, String problem) {
            problems.add(name + " " + problem);
        }

        void throwIfAnyProblem() throws InvalidException {
            if (!problems.isEmpty()) {
                throw new InvalidException(problems);
            }
        }

        String text(String name, String fallback) {
            String value = environment.getOrDefault(name, "").trim();
            return value.isEmpty() ? fallback : value;
        }

        String oneOf(String name, String fallback, List<String> allowed) {
            String value = text(name, fallback);
            if (!allowed.contains(value)) {
                problem(name, "must be one of " + String.join(", ", allowed) + itIs(value));
                return fallback;
            }
            return value;
        }

        int integer(String name, int fallback, int min, int max) {
            String value = text(name, Integer.toString(fallback));
            try {
                int number = Integer.parseInt(value);
                if (number >= min && number <= max) {
                    return number;
                }
            } catch (NumberFormatException e) {
                // Reported below, like a number out of range.
            }
            problem(name, "must be an integer from " + min + " to " + max + itIs(value));
            return fallback;
        }

        OptionalInt integerOrNone(String name, int min, int max) {
            return text(name, "").isEmpty() ? OptionalInt.empty() : OptionalInt.of(integer(name, min, min, max));
        }

        Duration millis(String name, int fallback, int min, int max) {
            return Duration.ofMillis(integer(name, fallback, min, max));
        }

        Duration durationOrZero(String name, String fallback, Duration min, Duration max) {
            return text(name, fallback).equals("0") ? Duration.ZERO : duration(name, fallback, min, max);
        }

        Duration duration(String name, String fallback, Duration min, Duration max) {
            String value = text(name, fallback);
            Optional<Duration> duration = parseDuration(value);
            if (duration.isPresent()
                    && duration.get().compareTo(min) >= 0
                    && duration.get().compareTo(max) <= 0) {
                return duration.get();
            }
            problem(
                    name,
                    "must be a number with the unit s, m, h or d, from " + min.toSeconds() + "s to " + max.toDays()
                            + "d" + itIs(value));
            return min;
        }

        /** The file of this name, or empty if there is no name, or none that a file can have. */
        Optional<Path> path(String name, String value) {
            try {
                return value.isEmpty() ? Optional.empty() : Optional.of(Path.of(value));
            } catch (InvalidPathException e) {
                problem(name, "must be the name of a file");
                return Optional.empty();
            }
        }

        /** A setting that another one needs. */
        void needed(String name, String value, String otherName, String other) {
            if (value.isEmpty() && !other.isEmpty()) {
                problem(name, "must be set with " + otherName);
            }
        }

        /** A setting that would do nothing without another one, and is taken for a mistake then. */
        void useless(String name, String value, String otherName, String other) {
            if (!value.isEmpty() && other.isEmpty()) {
                problem(name, "is of no use without " + otherName);
            }
        }

        private interface Use {
            Object of() throws UnusableFileException;
        }

        /** Tries what a setting names, so that what is wrong with it is told with all else. */
        void usable(String name, Use use) {
            try {
                use.of();
            } catch (UnusableFileException e) {
                e.problems().forEach(problem -> problem(name, problem));
            } catch (IllegalArgumentException e) {
                problem(name, e.getMessage());
            }
        }

        /** Empty for what may be a URL with a password, in the wrong variable. */
        private static String itIs(String value) {
            return value.matches("[\\w.+-]{1,30}") ? "; it is " + value : "";
        }

        /** A value that need not be there. The problem does not repeat it, since it may hold a password. */
        <T> Optional<T> optional(String name, Function<String, T> parse) {
            return text(name, "").isEmpty() ? Optional.empty() : Optional.ofNullable(required(name, parse));
        }

        /** A value that must be there. The problem does not repeat it, since it may hold a password. */
        <T> T required(String name, Function<String, T> parse) {
            String value = text(name, "");
            if (value.isEmpty()) {
                problem(name, "must be set");
                return null;
            }
            try {
                return parse.apply(value);
            } catch (IllegalArgumentException e) {
                problem(name, e.getMessage());
                return null;
            }
        }
    }
}

package io.streamlocks.coordinator;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The settings of a coordinator.
 *
 * @param httpHost the address or name of the interface to listen on
 * @param httpPort the port, 0 for any that is free
 * @param defaultTtl the ttl of an acquire that names none
 * @param maxTtl the longest ttl that may be asked for
 * @param tombstoneRetention how long a stream is remembered after its last lease ended
 * @param historyRetention how long a grant is remembered after it ended; zero for no history
 * @param drainTime how long a stopping server still answers that it is draining, before it listens no more
 * @param database the PostgreSQL backend; empty for the memory backend
 */
record CoordinatorConfig(
        String httpHost,
        int httpPort,
        Duration defaultTtl,
        Duration maxTtl,
        Duration tombstoneRetention,
        Duration historyRetention,
        Duration drainTime,
        Optional<Database> database) {

    /**
     * The PostgreSQL backend.
     *
     * @param url where it is
     * @param poolSize the most connections to it
     * @param connectionTimeout how long a call waits for a connection
     * @param statementTimeout how long a statement may take
     */
    record Database(DatabaseUrl url, int poolSize, Duration connectionTimeout, Duration statementTimeout) {}

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
        CoordinatorConfig config = new CoordinatorConfig(
                reader.text("HTTP_HOST", "127.0.0.1"),
                reader.integer("HTTP_PORT", 8080, 0, 65_535),
                defaultTtl,
                maxTtl,
                // Far longer than any statement can run: see LockManager.purge.
                reader.duration("LOCK_TOMBSTONE_RETENTION", "1h", Duration.ofMinutes(1), Duration.ofDays(365)),
                reader.durationOrZero("LOCK_HISTORY_RETENTION", "7d", Duration.ofMinutes(1), Duration.ofDays(3650)),
                // With the 5 s that calls under way may take, below the 10 s after which platforms kill.
                reader.millis("SHUTDOWN_DRAIN_MS", 1000, 0, 3000),
                postgres ? Optional.of(database(reader)) : Optional.empty());
        reader.throwIfAnyProblem();
        return config;
    }

    private static Database database(Reader reader) {
        return new Database(
                reader.required("DATABASE_URL", DatabaseUrl::parse),
                reader.integer("DATABASE_POOL_SIZE", 10, 1, 1000),
                // HikariCP's least is 250 ms. The sum of both, rounded up to seconds as the driver has it, stays below
                // 3 s by default: that is how soon a call is answered when the database is away.
                reader.millis("DATABASE_CONNECTION_TIMEOUT_MS", 750, 250, 10_000),
                reader.millis("DATABASE_STATEMENT_TIMEOUT_MS", 1500, 100, 10_000));
    }

    /** Reads variables and collects what is wrong with them. */
    private static final class Reader {

        private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(s|m|h|d)");
        private static final Map<String, TimeUnit> UNITS =
                Map.of("s", TimeUnit.SECONDS, "m", TimeUnit.MINUTES, "h", TimeUnit.HOURS, "d", TimeUnit.DAYS);

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

        Duration millis(String name, int fallback, int min, int max) {
            return Duration.ofMillis(integer(name, fallback, min, max));
        }

        Duration durationOrZero(String name, String fallback, Duration min, Duration max) {
            return text(name, fallback).equals("0") ? Duration.ZERO : duration(name, fallback, min, max);
        }

        Duration duration(String name, String fallback, Duration min, Duration max) {
            String value = text(name, fallback);
            Matcher matcher = DURATION.matcher(value);
            if (matcher.matches()) {
                Duration duration = Duration.of(
                        Long.parseLong(matcher.group(1)),
                        UNITS.get(matcher.group(2)).toChronoUnit());
                if (duration.compareTo(min) >= 0 && duration.compareTo(max) <= 0) {
                    return duration;
                }
            }
            problem(
                    name,
                    "must be a number with the unit s, m, h or d, from " + min.toSeconds() + "s to " + max.toDays()
                            + "d" + itIs(value));
            return min;
        }

        /** Empty for what may be a URL with a password, in the wrong variable. */
        private static String itIs(String value) {
            return value.matches("[\\w.+-]{1,30}") ? "; it is " + value : "";
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

package io.streamlocks.proof.publishing;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;

/**
 * The settings of a run. They are environment variables.
 *
 * @param root the root of the repository
 * @param logs the directory for the output of all processes
 * @param streams the number of streams
 * @param events the number of events of all streams together
 * @param span the time over which the events appear and the workers are disturbed
 * @param ttl the length of leases
 * @param fenced whether the sink rejects stale tokens
 * @param typescript whether every second worker is the TypeScript one
 * @param joins whether workers only leave in good order and join again; otherwise there are all kinds of faults
 * @param databaseUrl the user's PostgreSQL; empty to start one
 * @param seed the seed of all faults
 */
record PublishingSettings(
        Path root,
        Path logs,
        int streams,
        int events,
        Duration span,
        Duration ttl,
        boolean fenced,
        boolean typescript,
        boolean joins,
        String databaseUrl,
        long seed) {

    static PublishingSettings from(Map<String, String> environment) {
        return new PublishingSettings(
                Path.of(environment.getOrDefault("ROOT", ".")),
                Path.of(environment.getOrDefault("LOGS", "coordinator-proof/target/logs")),
                number(environment, "STREAMS", 500),
                number(environment, "EVENTS", 20_000),
                Duration.ofSeconds(number(environment, "RUN_SECONDS", 180)),
                Duration.ofMillis(number(environment, "TTL_MS", 3000)),
                !environment.getOrDefault("FENCE", "on").equals("off"),
                !environment.getOrDefault("TYPESCRIPT", "on").equals("off"),
                environment.getOrDefault("DISTURB", "").equals("joins"),
                environment.getOrDefault("DATABASE_URL", ""),
                number(environment, "SEED", new Random().nextInt(1_000_000)));
    }

    private static int number(Map<String, String> environment, String name, int fallback) {
        String value = environment.getOrDefault(name, "");
        return value.isEmpty() ? fallback : Integer.parseInt(value);
    }

    /** Returns the number of events that appear within that many ttls. */
    private long eventsInTtls(long ttls) {
        return events * ttls * ttl.toMillis() / span.toMillis();
    }

    /** Returns the environment of a worker process, without the address of its coordinator. */
    Map<String, String> workerEnvironment(int streamApiPort, int workers) {
        return Map.of(
                "STREAM_API_URL",
                "http://127.0.0.1:" + streamApiPort,
                "TTL_MS",
                Long.toString(ttl.toMillis()),
                "MAX_SESSIONS",
                // Two of four workers can carry all streams, if some streams are idle.
                Integer.toString(streams * 3 / 4),
                // Some sessions are idle long enough between two bursts to give up their stream, and some are not.
                "IDLE_MS",
                Long.toString(ttl.toMillis() * 2),
                // The control must come to a stale publish in less time, so its workers suspend themselves more often.
                "SUSPEND_EVERY",
                joins ? "0" : Long.toString(Math.max(10, eventsInTtls(fenced ? 5 : 2) / workers)),
                "SUSPEND_MS",
                Long.toString(ttl.toMillis() * 5 / 2));
    }
}

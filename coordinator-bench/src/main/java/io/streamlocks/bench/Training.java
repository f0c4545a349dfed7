package io.streamlocks.bench;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;

/**
 * Has the JVM of a coordinator write an ahead-of-time cache (JEP 483, 514 and 515): the classes that it has loaded, and
 * how often it has called which methods. A server that starts with the cache loads less and compiles the right methods
 * first. The training uses PostgreSQL and each kind of call.
 */
final class Training {

    /** The first Java version that writes a cache in one step. */
    private static final int JAVA = 25;

    private static final int STREAMS = 10_000;
    private static final int WORKERS = 16;

    /** The JVM writes the cache after the server has stopped. */
    private static final Duration WRITES_WITHIN = Duration.ofMinutes(3);

    private final Bed bed;
    private final Path cache;
    private final Duration time;
    private final PrintStream out;

    /**
     * @param cache the file to write
     * @param time how long each kind of call is made
     */
    Training(Bed bed, Path cache, Duration time, PrintStream out) {
        this.bed = bed;
        this.cache = cache;
        this.time = time;
        this.out = out;
    }

    /** Trains. Returns whether the cache was written. */
    boolean run() throws Exception {
        if (Runtime.version().feature() < JAVA) {
            out.println("train needs Java " + JAVA + " or later, and this is Java " + Runtime.version());
            return false;
        }
        Files.deleteIfExists(cache);
        // Without a limit, the JVM of a large machine has a heap of 32 GB or more, whose cache a smaller one cannot
        // use.
        CoordinatorContender server = CoordinatorContender.start(
                bed, "coordinator-train", Map.of(), "-Xmx512m", "-XX:AOTCacheOutput=" + cache);
        boolean well;
        try (server) {
            well = trains(server);
            server.process().terminate(WRITES_WITHIN);
        }
        if (!Files.isRegularFile(cache)) {
            out.println("The JVM wrote no cache; see " + server.process().log());
            return false;
        }
        out.printf(Locale.ROOT, "Wrote %s, %.0f MB%n", cache, Files.size(cache) / 1e6);
        return well;
    }

    private boolean trains(CoordinatorContender server) throws Exception {
        return run(new Cycles(server.openPlain(WORKERS), STREAMS), WORKERS)
                & run(new Cycles(server.open(WORKERS), STREAMS), WORKERS)
                & run(new BatchCycles(server.uri(), WORKERS, STREAMS), WORKERS)
                & run(new Heartbeats(server.uri(), 1), 1)
                & run(new HandOvers(server.openQueues(WORKERS), WORKERS), WORKERS);
    }

    private boolean run(Workload workload, int workers) throws InterruptedException {
        try (workload) {
            Sample sample = Load.run(workload, workers, Duration.ZERO, time);
            sample.messages().forEach(message -> out.println("ERROR: " + message));
            return sample.errors() == 0;
        }
    }
}

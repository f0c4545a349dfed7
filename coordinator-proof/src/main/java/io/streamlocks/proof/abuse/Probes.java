package io.streamlocks.proof.abuse;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Health checks at a steady pace, which does not depend on how long they take. This class is thread-safe. */
final class Probes implements AutoCloseable {

    private static final long EVERY_MS = 200;
    private static final List<String> PATHS = List.of("/livez", "/readyz");

    private final int port;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    // All of these are guarded by this.
    private final Map<String, Integer> failures = new TreeMap<>();
    private int made;

    Probes(int port) {
        this.port = port;
    }

    void start() {
        clock.scheduleAtFixedRate(
                () -> PATHS.forEach(path -> threads.execute(() -> record(path, Probe.of(port, path)))),
                0,
                EVERY_MS,
                TimeUnit.MILLISECONDS);
    }

    private synchronized void record(String path, Optional<String> failure) {
        made++;
        failure.ifPresent(what -> failures.merge(path + " " + what, 1, Integer::sum));
    }

    /** Returns the number of failures by path and cause. */
    synchronized Map<String, Integer> failures() {
        return new TreeMap<>(failures);
    }

    synchronized int made() {
        return made;
    }

    /** Starts no more checks. Blocks until the last one is done, for 3 s at most. */
    void stop() throws InterruptedException {
        close();
        clock.awaitTermination(1, TimeUnit.SECONDS);
        threads.awaitTermination(2, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        clock.shutdownNow();
        threads.shutdown();
    }
}

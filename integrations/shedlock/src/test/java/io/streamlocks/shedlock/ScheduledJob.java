package io.streamlocks.shedlock;

import io.streamlocks.client.CoordinatorUnavailableException;
import io.streamlocks.client.StreamLockClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import net.javacrumbs.shedlock.core.DefaultLockingTaskExecutor;
import net.javacrumbs.shedlock.core.LockConfiguration;

/**
 * A process that runs a job under ShedLock at each tick of the clock. The job appends a line to a file: the number of
 * the tick, and the fencing token. Then it works for a while.
 */
final class ScheduledJob {

    static final Duration PERIOD = Duration.ofSeconds(4);
    static final String READY = "ready";

    /** A process that comes later than this leaves the tick out. */
    private static final Duration LATEST = Duration.ofMillis(800);

    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(1);

    /** The lock of a process that comes late and dies is free before the next tick. */
    private static final Duration AT_MOST = Duration.ofMillis(2100);

    /** A process that comes late finds the lock of a job that is done. */
    private static final Duration AT_LEAST = Duration.ofMillis(1900);

    private static final Duration WORK = Duration.ofMillis(300);

    private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
    private final DefaultLockingTaskExecutor executor;
    private final Path file;

    private ScheduledJob(StreamLockClient client, Path file) {
        this.executor = new DefaultLockingTaskExecutor(new CoordinatorLockProvider(client));
        this.file = file;
    }

    /** Runs until the process is killed. The arguments are the URI of the coordinator, and the file. */
    public static void main(String[] args) {
        // An acquire is tried once, so that no grant comes after lockAtLeastFor of another process has passed.
        StreamLockClient client = StreamLockClient.builder(URI.create(args[0]))
                .requestTimeout(REQUEST_TIMEOUT)
                .acquireTimeout(Duration.ofMillis(100))
                .build();
        ScheduledJob job = new ScheduledJob(client, Path.of(args[1]));
        job.warmUp();
        job.scheduleNext();
        System.out.println(READY);
    }

    /** The first call loads classes, which takes longer than a tick may wait. */
    private void warmUp() {
        try {
            executor.executeWithLock(
                    (Runnable) () -> {}, new LockConfiguration(Instant.now(), "warm-up", AT_MOST, Duration.ZERO));
        } catch (RuntimeException e) {
            System.out.println("No warm-up: " + e);
        }
    }

    /** Returns the number of the tick at a time. */
    static long tick(long millis) {
        return millis / PERIOD.toMillis();
    }

    /** Returns what a process writes that came too late for a tick. */
    static String late(long tick) {
        return "Too late for tick " + tick + ";";
    }

    /** Returns what a process writes whose call for the lock at a tick had no answer. */
    static String unanswered(long tick) {
        return "No answer at tick " + tick + ";";
    }

    private void scheduleNext() {
        long now = System.currentTimeMillis();
        long next = tick(now) + 1;
        scheduler.schedule(() -> run(next), next * PERIOD.toMillis() - now, TimeUnit.MILLISECONDS);
    }

    private void run(long tick) {
        try {
            if (System.currentTimeMillis() - tick * PERIOD.toMillis() < LATEST.toMillis()) {
                executor.executeWithLock(
                        (Runnable) () -> job(tick), new LockConfiguration(Instant.now(), "tick", AT_MOST, AT_LEAST));
            } else {
                System.out.println(late(tick));
            }
        } catch (CoordinatorUnavailableException e) {
            System.out.println(unanswered(tick) + " " + e);
        } catch (RuntimeException e) {
            // This is no excuse, and the test that misses the tick shows the log.
            e.printStackTrace();
        } finally {
            scheduleNext();
        }
    }

    private void job(long tick) {
        String line = tick + " " + CoordinatorLock.active().fencingToken() + "\n";
        try {
            Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            new CountDownLatch(1).await(WORK.toMillis(), TimeUnit.MILLISECONDS);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

package io.streamlocks.bench;

import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;

/** Acquire-release cycles at a steady pace. */
final class PacedCycles implements AutoCloseable {

    /** A cycle that is later than this is left out. To catch up after a pause of the machine would be another pace. */
    private static final long MISSED_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Locks locks;
    private final List<String> streamIds;
    private final ScheduledExecutorService workers;
    private final Histogram histogram = Load.histogram();
    private final AtomicLong done = new AtomicLong();
    private final AtomicLong held = new AtomicLong();
    private final AtomicLong errors = new AtomicLong();
    private final Queue<String> messages = new ConcurrentLinkedQueue<>();
    private final long startedNanos;

    /**
     * Begins.
     *
     * @param locks has connections for the workers, and is closed with this
     * @param most the number of workers
     */
    PacedCycles(Locks locks, int most, int perSecond, int streams) {
        this.locks = locks;
        streamIds = Cycles.streamIds(streams);
        ScheduledThreadPoolExecutor threads = new ScheduledThreadPoolExecutor(most);
        // The time to start a thread is not a delay of a cycle.
        threads.prestartAllCoreThreads();
        workers = threads;
        // The time to connect is not a delay of a cycle, so the pace begins after it.
        startedNanos = System.nanoTime();
        if (perSecond == 0) {
            return;
        }
        int active = Math.min(most, perSecond);
        long interval = TimeUnit.SECONDS.toNanos(active) / perSecond;
        for (int i = 0; i < active; i++) {
            int worker = i;
            long first = startedNanos + interval * i / active;
            Paced paced = new Paced(interval, first);
            workers.scheduleAtFixedRate(
                    () -> cycle(worker, paced), first - System.nanoTime(), interval, TimeUnit.NANOSECONDS);
        }
    }

    /** Returns when a worker's next cycle is due. A cycle that waits for a late one is late itself. */
    private static final class Paced {
        private final long intervalNanos;
        private long nextNanos;

        Paced(long intervalNanos, long nextNanos) {
            this.intervalNanos = intervalNanos;
            this.nextNanos = nextNanos;
        }

        long due() {
            long due = nextNanos;
            nextNanos += intervalNanos;
            return due;
        }
    }

    /** Runs a cycle. It must not throw, because the executor would not run it again. */
    private void cycle(int worker, Paced paced) {
        long due = paced.due();
        long late = System.nanoTime() - due;
        if (late > MISSED_NANOS) {
            Load.record(histogram, late);
            return;
        }
        try {
            Optional<Locks.Held> lock = locks.tryAcquire(
                    worker, streamIds.get(ThreadLocalRandom.current().nextInt(streamIds.size())));
            if (lock.isEmpty()) {
                held.incrementAndGet();
                return;
            }
            lock.get().release();
            done.incrementAndGet();
            Load.record(histogram, System.nanoTime() - due);
        } catch (Exception e) {
            if (!workers.isShutdown() && errors.incrementAndGet() <= 3) {
                messages.add("cycle: " + e);
            }
        }
    }

    /** Returns the results so far. Times begin when a cycle was due. */
    Sample sample() {
        return new Sample(
                done.get() * 1e9 / (System.nanoTime() - startedNanos),
                Load.ms(histogram, 50),
                Load.ms(histogram, 99),
                0,
                0,
                held.get(),
                errors.get() + locks.failures(),
                List.copyOf(messages));
    }

    /** Returns a percentile of the times so far. */
    double ms(double percentile) {
        return Load.ms(histogram, percentile);
    }

    @Override
    public void close() {
        workers.shutdown();
        try {
            workers.awaitTermination(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        locks.close();
    }
}

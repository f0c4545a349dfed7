package io.streamlocks.bench;

import io.streamlocks.bench.BatchCalls.Call;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;

/**
 * Workers with a thousand leases each, which one call renews every third of their ttl. The workers are simulated: a few
 * threads send for all of them. This class is thread-safe.
 */
final class BeatingWorkers implements AutoCloseable {

    private static final int SENDERS = 32;
    private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(Locks.TTL_MS) / 3;
    private static final int TRIES = 5;

    private final BatchCalls calls;
    private final ScheduledExecutorService senders = Executors.newScheduledThreadPool(SENDERS);
    private final long startedNanos = System.nanoTime();

    private final Histogram histogram = Load.histogram();
    private final AtomicLong answered = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final AtomicLong failedBefore = new AtomicLong();
    private final AtomicLong latestNanos = new AtomicLong();
    private final ConcurrentMap<Integer, AtomicLong> refused = new ConcurrentHashMap<>();

    /**
     * For each worker, the number of lost leases in its latest successful beat. A lost lease is lost in all later
     * beats.
     */
    private final ConcurrentMap<Integer, Integer> lost = new ConcurrentHashMap<>();

    private final Queue<String> messages = new ConcurrentLinkedQueue<>();
    private volatile long measuredFromNanos = Long.MAX_VALUE;

    /**
     * The results of the beats.
     *
     * @param answered the number of measured beats with a response
     * @param failed the number of measured beats without a response
     * @param failedBefore the number of beats without a response while leases were still being acquired
     * @param renewedPerSecond the number of leases that were renewed per second
     * @param lost the number of lost leases
     * @param refused the number of renewals with another status than 200, by status
     * @param lateMaxMs the longest time by which a beat was sent too late
     */
    record Beats(
            long answered,
            long failed,
            long failedBefore,
            double renewedPerSecond,
            long lost,
            Map<Integer, Long> refused,
            double p50Ms,
            double p99Ms,
            double maxMs,
            double lateMaxMs,
            List<String> messages) {}

    BeatingWorkers(URI coordinator) {
        calls = new BatchCalls(coordinator, SENDERS + TRIES);
    }

    /**
     * Acquires the leases of a worker. From then on the worker beats, at its own point of the interval.
     *
     * @param worker the number of the worker, from 0
     * @param of the number of workers
     */
    void add(int worker, int of) throws IOException {
        String prefix = "worker-" + worker + "-";
        LeaseBatch batch = new LeaseBatch(
                IntStream.range(0, Heartbeats.BATCH).mapToObj(i -> prefix + i).toList(), Locks.TTL_MS);
        acquire(batch);
        long now = System.nanoTime() - startedNanos;
        long phase = INTERVAL_NANOS * worker / of;
        long wait = Math.floorMod(phase - now, INTERVAL_NANOS);
        Beat beat = new Beat(worker, batch, startedNanos + now + wait);
        senders.scheduleAtFixedRate(
                beat, startedNanos + now + wait - System.nanoTime(), INTERVAL_NANOS, TimeUnit.NANOSECONDS);
    }

    /** Acquires a batch, and repeats the call with the same lease ids, as a worker does. */
    private void acquire(LeaseBatch batch) throws IOException {
        for (int tries = 1; ; tries++) {
            try {
                calls.call(Call.ACQUIRE, batch);
                return;
            } catch (IOException e) {
                if (tries == TRIES) {
                    throw e;
                }
            }
        }
    }

    /** Begins to measure the beats that are due from now on. */
    void measure() {
        measuredFromNanos = System.nanoTime() - startedNanos;
    }

    private final class Beat implements Runnable {
        private final int worker;
        private final LeaseBatch batch;
        private long dueNanos;

        Beat(int worker, LeaseBatch batch, long dueNanos) {
            this.worker = worker;
            this.batch = batch;
            this.dueNanos = dueNanos;
        }

        /** Sends a beat. It must not throw, because the executor would not run it again. */
        @Override
        public void run() {
            long due = dueNanos;
            dueNanos += INTERVAL_NANOS;
            long sent = System.nanoTime();
            try {
                Map<Integer, Integer> others = calls.refused(Call.RENEW, batch);
                others.forEach((status, count) ->
                        refused.computeIfAbsent(status, any -> new AtomicLong()).addAndGet(count));
                lost.put(worker, others.getOrDefault(410, 0));
                if (isMeasured(due)) {
                    answered.incrementAndGet();
                    Load.record(histogram, System.nanoTime() - sent);
                    latestNanos.accumulateAndGet(sent - due, Math::max);
                }
            } catch (IOException | RuntimeException e) {
                AtomicLong count = isMeasured(due) ? failed : failedBefore;
                if (!senders.isShutdown() && count.incrementAndGet() <= 3) {
                    messages.add("beat: " + e);
                }
            }
        }

        private boolean isMeasured(long due) {
            return due - startedNanos >= measuredFromNanos;
        }
    }

    /** Returns the results so far. */
    Beats beats() {
        double seconds = (System.nanoTime() - startedNanos - measuredFromNanos) / 1e9;
        Map<Integer, Long> statuses = new TreeMap<>();
        refused.forEach((status, count) -> statuses.put(status, count.get()));
        return new Beats(
                answered.get(),
                failed.get(),
                failedBefore.get(),
                answered.get() * Heartbeats.BATCH / seconds,
                lost.values().stream().mapToLong(Integer::longValue).sum(),
                statuses,
                Load.ms(histogram, 50),
                Load.ms(histogram, 99),
                Load.ms(histogram, 100),
                latestNanos.get() / 1e6,
                new ArrayList<>(messages));
    }

    @Override
    public void close() {
        senders.shutdownNow();
        calls.close();
    }
}

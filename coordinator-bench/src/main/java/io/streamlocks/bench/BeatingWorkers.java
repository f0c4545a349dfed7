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
 * Workers with a thousand leases each, all renewed with one call every third of their ttl. The workers are simulated:
 * a few threads send for all of them. Thread-safe.
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

    /** Per worker, what its latest answered beat said is lost; a lost lease is lost in each beat after. */
    private final ConcurrentMap<Integer, Integer> lost = new ConcurrentHashMap<>();

    private final Queue<String> messages = new ConcurrentLinkedQueue<>();
    private volatile long measuredFromNanos = Long.MAX_VALUE;

    /**
     * What came of the beats.
     *
     * @param answered how many were answered, of those that are measured
     * @param failed how many were not, of those that are measured
     * @param failedBefore how many were not while the leases of all were still being acquired
     * @param renewedPerSecond leases
     * @param lost leases
     * @param refused how many renewals were answered with which other status than 200, of all
     * @param lateMaxMs how long after it was due a beat was sent
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
     * Acquires the leases of a worker, and has it beat from then on, at a point of the interval that is its own.
     *
     * @param worker which one, from 0
     * @param of how many
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

    /** Tries again with the same lease ids, as a worker does. */
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

    /** Begins to measure, with the beats that are due from now on. */
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

        /** Must not throw: it would not be run again. */
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

    /** What came of the beats so far. */
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

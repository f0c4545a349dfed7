package io.streamlocks.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** Workers that run a workload for a time, and the measurement. An object is for one run. */
final class Load {

    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final int MESSAGES = 3;

    private final Workload workload;
    private final long measureFromNanos;
    private final long measureUntilNanos;

    private final Histogram whole = histogram();
    private final Histogram acquires = histogram();
    private final AtomicLong leases = new AtomicLong();
    private final AtomicLong held = new AtomicLong();
    private final AtomicLong errors = new AtomicLong();
    private final Queue<String> messages = new ConcurrentLinkedQueue<>();

    private Load(Workload workload, Duration warmUp, Duration time) {
        this.workload = workload;
        this.measureFromNanos = System.nanoTime() + warmUp.toNanos();
        this.measureUntilNanos = measureFromNanos + time.toNanos();
    }

    /** Returns a histogram of times in nanoseconds. Times are recorded with {@link #record}. */
    static Histogram histogram() {
        return new ConcurrentHistogram(1000, LONGEST_NANOS, 3);
    }

    static void record(Histogram histogram, long nanos) {
        histogram.recordValue(Math.min(nanos, LONGEST_NANOS));
    }

    /** Returns a percentile in milliseconds. */
    static double ms(Histogram histogram, double percentile) {
        return histogram.getTotalCount() == 0 ? 0 : histogram.getValueAtPercentile(percentile) / 1e6;
    }

    /** Runs the workload. The warm-up is not measured, but its errors count. */
    static Sample run(Workload workload, int workers, Duration warmUp, Duration time) throws InterruptedException {
        return new Load(workload, warmUp, time).run(workers);
    }

    private Sample run(int workers) throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < workers; i++) {
            int worker = i;
            Thread thread = new Thread(() -> work(worker), "worker-" + i);
            thread.setDaemon(true);
            threads.add(thread);
        }
        threads.forEach(Thread::start);
        long giveUpNanos = measureUntilNanos + LONGEST_NANOS;
        for (Thread thread : threads) {
            thread.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(giveUpNanos - System.nanoTime())));
            if (thread.isAlive()) {
                thread.interrupt();
                failed("a worker got no response for " + TimeUnit.NANOSECONDS.toSeconds(LONGEST_NANOS) + " s");
            }
        }
        long unseen = workload.failures();
        if (unseen > 0) {
            messages.add(unseen + " failures in the background");
        }
        return new Sample(
                leases.get() * 1e9 / (measureUntilNanos - measureFromNanos),
                ms(whole, 50),
                ms(whole, 99),
                ms(acquires, 50),
                ms(acquires, 99),
                held.get(),
                errors.get() + unseen,
                List.copyOf(messages));
    }

    private void work(int worker) {
        Workload.Lap lap = new Workload.Lap();
        try {
            while (true) {
                long began = System.nanoTime();
                if (began >= measureUntilNanos) {
                    return;
                }
                lap.start();
                try {
                    int done = workload.once(worker, lap);
                    count(began, lap, done);
                } catch (InterruptedException e) {
                    return;
                } catch (Exception e) {
                    failed(e.toString());
                    // A worker that fails at once would otherwise take the CPU from the others.
                    TimeUnit.MILLISECONDS.sleep(10);
                }
            }
        } catch (InterruptedException e) {
            // The method run() has given up this worker and counted that.
        } catch (Error e) {
            failed(e.toString());
            throw e;
        }
    }

    private void count(long began, Workload.Lap lap, int done) {
        long ended = System.nanoTime();
        if (began < measureFromNanos || ended > measureUntilNanos) {
            return;
        }
        if (done == 0) {
            held.incrementAndGet();
            return;
        }
        leases.addAndGet(done);
        record(whole, lap.whole(began, ended));
        if (lap.isAcquired()) {
            record(acquires, lap.since(began));
        }
    }

    private void failed(String message) {
        if (errors.incrementAndGet() <= MESSAGES) {
            messages.add(message);
        }
    }
}

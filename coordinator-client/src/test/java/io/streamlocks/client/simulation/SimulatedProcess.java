package io.streamlocks.client.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A process with a monotonic clock of its own, whose threads can all be stopped. */
final class SimulatedProcess {

    private final String name;
    private final Scheduler scheduler;
    private final double rate;
    private final long offsetNanos;
    private final List<Runnable> onResume = new ArrayList<>();
    private long stoppedUntil;
    private long resumedAt;

    /**
     * @param rate the speed of its clock, relative to that of the simulation
     */
    SimulatedProcess(String name, Scheduler scheduler, double rate) {
        this.name = name;
        this.scheduler = scheduler;
        this.rate = rate;
        // The clock starts anywhere: only differences of a monotonic clock mean something, and it may wrap around.
        this.offsetNanos = scheduler.random().nextInt(4) == 0
                ? Long.MAX_VALUE - TimeUnit.SECONDS.toNanos(scheduler.random().nextInt(60))
                : scheduler.random().nextLong();
    }

    String name() {
        return name;
    }

    Scheduler scheduler() {
        return scheduler;
    }

    /** Returns the reading of its monotonic clock. */
    long nanoTime() {
        return offsetNanos + (long) (scheduler.now() * rate);
    }

    /** Returns the time of the scheduler at which this clock will have advanced by so much. */
    long inNanos(long nanos) {
        double here = Math.ceil(nanos / rate) + 1;
        return here > Scheduler.NEVER / 2.0 ? Scheduler.NEVER : scheduler.now() + (long) here;
    }

    boolean isStopped() {
        return stoppedUntil > scheduler.now();
    }

    /** Stops all threads for so long, or for longer if they are stopped already. */
    void stop(long nanos) {
        stopUntil(nanos == Scheduler.NEVER ? nanos : Math.max(stoppedUntil, scheduler.now() + nanos));
    }

    /** Lets its threads go on now. */
    void resume() {
        stopUntil(scheduler.now());
    }

    private void stopUntil(long nanos) {
        stoppedUntil = nanos;
        if (nanos != Scheduler.NEVER) {
            scheduler.after(nanos - scheduler.now(), name + " resumes", this::resumeIfDue);
        }
    }

    private void resumeIfDue() {
        if (!isStopped()) {
            resumedAt = scheduler.now();
            List<Runnable> due = List.copyOf(onResume);
            onResume.clear();
            due.forEach(Runnable::run);
        }
    }

    void onResume(Runnable action) {
        onResume.add(action);
    }

    /** Returns whether its threads could run in all of this time up to now. */
    boolean hasRunFor(long nanos) {
        return !isStopped() && scheduler.now() - resumedAt >= nanos;
    }

    SimulatedThread start(String thread, Runnable body) {
        SimulatedThread started = new SimulatedThread(this, thread, body);
        started.start();
        return started;
    }

    /** Lets the calling thread sleep on this process' clock. */
    void sleep(long nanos) throws InterruptedException {
        SimulatedThread.current().sleepUntil(inNanos(nanos));
    }
}

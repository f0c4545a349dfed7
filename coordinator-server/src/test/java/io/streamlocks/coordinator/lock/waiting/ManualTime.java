package io.streamlocks.coordinator.lock.waiting;

import io.streamlocks.coordinator.lock.group.Delay;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.Executor;

/** Time that passes when a test says so, and the tasks that are due. One thread uses it. */
final class ManualTime implements Delay, Executor {

    private record Timer(long atNanos, long number, Runnable task) {}

    /** The nanoseconds of the JVM may overflow at any time. Those of the tests do so after three seconds. */
    private static final long START_NANOS =
            Long.MAX_VALUE - Duration.ofSeconds(3).toNanos();

    private static final Instant START = Instant.parse("2026-01-31T12:00:00Z");

    private final Queue<Runnable> ready = new ArrayDeque<>();
    private final PriorityQueue<Timer> timers =
            new PriorityQueue<>(Comparator.comparingLong(Timer::atNanos).thenComparingLong(Timer::number));

    /** The time since the start. */
    private long nanos;

    private long number;

    long nanoTime() {
        return START_NANOS + nanos;
    }

    /** Returns a clock that runs with this time. */
    InstantSource clock() {
        return () -> START.plusNanos(nanos);
    }

    @Override
    public void run(Runnable task, long ms) {
        timers.add(new Timer(nanos + Duration.ofMillis(ms).toNanos(), number++, task));
    }

    @Override
    public void execute(Runnable task) {
        ready.add(task);
    }

    /** Returns the number of tasks that are due later. */
    int timers() {
        return timers.size();
    }

    /** Runs what is ready, until nothing is. */
    void settle() {
        for (Runnable task = ready.poll(); task != null; task = ready.poll()) {
            task.run();
        }
    }

    /** Lets time pass, and runs everything in it that is due. */
    void pass(Duration by) {
        long end = nanos + by.toNanos();
        settle();
        while (!timers.isEmpty() && timers.peek().atNanos() <= end) {
            Timer timer = timers.poll();
            nanos = Math.max(nanos, timer.atNanos());
            timer.task().run();
            settle();
        }
        nanos = end;
    }
}

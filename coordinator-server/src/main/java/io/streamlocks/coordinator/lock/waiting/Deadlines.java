package io.streamlocks.coordinator.lock.waiting;

import io.streamlocks.coordinator.lock.group.Delay;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The ends of waiting calls, on one timer. A call that ended before its time leaves nothing behind. This class is
 * thread-safe.
 */
final class Deadlines {

    private final LongSupplier nanoTime;
    private final Delay delay;
    private final Consumer<WaitingCall> onTime;

    /** The calls by the time at which they end, since this object was created. This object guards them. */
    private final TreeMap<Long, Set<WaitingCall>> calls = new TreeMap<>();

    private final long startNanos;

    /** When the timer runs; the maximum if it does not run. This object guards it. */
    private long timerNanos = Long.MAX_VALUE;

    /** @param onTime ends a call */
    Deadlines(LongSupplier nanoTime, Delay delay, Consumer<WaitingCall> onTime) {
        this.nanoTime = nanoTime;
        this.delay = delay;
        this.onTime = onTime;
        this.startNanos = nanoTime.getAsLong();
    }

    void add(WaitingCall call) {
        synchronized (this) {
            calls.computeIfAbsent(atNanos(call), at -> new LinkedHashSet<>()).add(call);
        }
        startTimer();
    }

    void remove(WaitingCall call) {
        synchronized (this) {
            calls.computeIfPresent(atNanos(call), (at, same) -> {
                same.remove(call);
                return same.isEmpty() ? null : same;
            });
        }
    }

    /** Returns whether no call waits. */
    synchronized boolean isEmpty() {
        return calls.isEmpty();
    }

    /** The differences of the clock have an order; its values do not, because they may overflow. */
    private long atNanos(WaitingCall call) {
        return call.untilNanos() - startNanos;
    }

    private void startTimer() {
        long now = nanoTime.getAsLong() - startNanos;
        long first;
        synchronized (this) {
            if (calls.isEmpty() || calls.firstKey() >= timerNanos) {
                return;
            }
            first = calls.firstKey();
            timerNanos = first;
        }
        // Rounded up, so that the time has come when the timer runs.
        delay.run(() -> run(first), Math.max(0, TimeUnit.NANOSECONDS.toMillis(first - now) + 1));
    }

    /** Ends a call. An error concerns this call alone: the others are due as well, and nothing else would end them. */
    private void end(WaitingCall call) {
        try {
            onTime.accept(call);
        } catch (RuntimeException | Error e) {
            call.outcomes().completeExceptionally(e);
        }
    }

    private void run(long forNanos) {
        long now = nanoTime.getAsLong() - startNanos;
        List<WaitingCall> due = new ArrayList<>();
        synchronized (this) {
            if (timerNanos == forNanos) {
                timerNanos = Long.MAX_VALUE;
            }
            while (!calls.isEmpty() && calls.firstKey() <= now) {
                due.addAll(calls.pollFirstEntry().getValue());
            }
        }
        try {
            due.forEach(this::end);
        } finally {
            startTimer();
        }
    }
}

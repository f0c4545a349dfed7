package io.streamlocks.client;

import java.util.Collection;

/**
 * Ends each lease at the moment when it stops being safe. It has a thread of its own, because the heartbeat can hang in
 * a call for longer than a lease has left. This thread waits for nothing but time.
 *
 * <p>{@link #added} and the thread meet under this object's monitor. The thread computes the time of its next look from
 * the leases, and {@code added} compares a new lease with that time. A lease that the thread did not see was added to
 * the collection after its look, so {@code added} finds the time that the look has set and wakes the thread. A wake-up
 * that comes before the thread parks ends its park at once.
 */
final class ExpiryWatch {

    /** The leases that are held. It is a live view of the keeper's map. */
    private final Collection<HeldLease> leases;

    private final Timing timing;
    private final ClientRuntime runtime;
    private final Thread thread;

    /** The time of the next look. It is guarded by this. */
    private long watchNanos;

    private volatile boolean closed;

    ExpiryWatch(Collection<HeldLease> leases, Timing timing, ClientRuntime runtime, long startedNanos) {
        this.leases = leases;
        this.timing = timing;
        this.runtime = runtime;
        this.watchNanos = startedNanos;
        this.thread = runtime.newThread("stream-lock-watch", this::watchUntilClosed);
    }

    void start() {
        thread.start();
    }

    /** Takes note of a lease that has just been added to the collection. */
    synchronized void added(long safeUntil) {
        if (safeUntil - watchNanos < 0) {
            runtime.unpark(thread);
        }
    }

    private void watchUntilClosed() {
        while (!closed) {
            try {
                long left = nextLook();
                if (left > 0 && !closed) {
                    runtime.parkOwn(this, left);
                }
                leases.forEach(lease -> lease.life().feed(new BeatOutcome.Unknown()));
            } catch (Throwable e) {
                // A lease must never outlive its safe time, so no error ends this thread.
                Notices.surviving("watch", e);
            }
        }
    }

    /** Returns how long it is until the first lease stops being safe. */
    private synchronized long nextLook() {
        long now = runtime.nanoTime();
        // Without a lease there is nothing to wait for but the next one, which wakes the thread.
        long left = leases.stream()
                .mapToLong(lease -> lease.safeUntilNanos() - now)
                .min()
                .orElse(timing.idle().toNanos());
        watchNanos = now + left;
        return left;
    }

    /** Ends the thread. */
    void close() {
        closed = true;
        runtime.unpark(thread);
    }
}

package io.streamlocks.coordinator.http;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How much memory is held for clients that are slow: bodies that are not all there yet, and answers that are not read
 * yet. Bounded, so that many of them together cannot use up the heap. Thread-safe.
 */
final class HeldBytes {

    private final long max;
    private final AtomicLong held = new AtomicLong();

    HeldBytes(long max) {
        this.max = max;
    }

    /** Counts these as held, to be given back; false, and not counted, if there are too many already. */
    boolean take(int bytes) {
        if (held.addAndGet(bytes) <= max) {
            return true;
        }
        held.addAndGet(-bytes);
        return false;
    }

    void giveBack(int bytes) {
        held.addAndGet(-bytes);
    }
}

package io.streamlocks.client;

import java.util.Optional;

/**
 * Decides whether a lease is safe. This class only computes: its caller feeds it with outcomes and the time, in
 * nanoseconds of one monotonic clock, and it returns when the lease is lost. It is not thread-safe.
 *
 * <p>A lease is safe until a certain moment. A confirmed renewal moves it on. An extension that may shorten the lease
 * moves it back before it is sent, and so does an answer that finds the lease shorter. The lease ends once and for
 * good: when that moment passes, when the coordinator says so, or when its holder closes it.
 */
final class LeaseState {

    private long safeUntilNanos;
    private boolean over;

    LeaseState(long safeUntilNanos) {
        this.safeUntilNanos = safeUntilNanos;
    }

    /**
     * Takes in an outcome.
     *
     * @param outcome the outcome
     * @param nowNanos the time
     * @return why the lease is lost, if this outcome loses it; empty if the lease goes on, or was over before
     */
    Optional<LossReason> feed(BeatOutcome outcome, long nowNanos) {
        if (over) {
            return Optional.empty();
        }
        if (outcome instanceof BeatOutcome.Lost lost) {
            over = true;
            return Optional.of(lost.reason());
        }
        // The time comes first. A confirmation after the safe moment is too late, because the holder may have looked in
        // between and found itself without a lease.
        if (!isSafe(nowNanos)) {
            over = true;
            return Optional.of(LossReason.UNCONFIRMED);
        }
        if (outcome instanceof BeatOutcome.Renewed renewed) {
            // This never moves the moment back: answers may overtake each other.
            boolean later = renewed.safeUntilNanos() - safeUntilNanos > 0;
            safeUntilNanos = later ? renewed.safeUntilNanos() : safeUntilNanos;
        } else if (!(outcome instanceof BeatOutcome.Unknown)) {
            throw new IllegalStateException("The outcome is not handled: " + outcome);
        }
        return Optional.empty();
    }

    /** Takes in that the lease may be safe for no longer than this. */
    void limit(long atMostNanos) {
        safeUntilNanos = atMostNanos - safeUntilNanos < 0 ? atMostNanos : safeUntilNanos;
    }

    /** Ends the lease by its holder's will. Returns whether this ended it, and nothing before. */
    boolean close() {
        boolean closed = !over;
        over = true;
        return closed;
    }

    boolean isSafe(long nowNanos) {
        // The readings of a monotonic clock may wrap around, so only their difference counts.
        return !over && nowNanos - safeUntilNanos < 0;
    }

    boolean isOver() {
        return over;
    }

    long safeUntilNanos() {
        return safeUntilNanos;
    }
}

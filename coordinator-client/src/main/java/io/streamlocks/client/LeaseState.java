package io.streamlocks.client;

import java.util.Optional;

/**
 * Whether a lease may be relied on. Does nothing but think: it is fed with what was heard and what time it was, in
 * nanoseconds of one monotonic clock, and says when the lease is lost. Not thread-safe.
 *
 * <p>A lease is safe until a fixed moment that only a confirmed renewal moves. What ends it, ends it once and for good:
 * the moment passing, word from the coordinator, or its holder.
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
     * @param outcome what was heard
     * @param nowNanos when
     * @return why the lease is lost, if it is lost by this; empty if it goes on, or was over before
     */
    Optional<LossReason> feed(BeatOutcome outcome, long nowNanos) {
        if (over) {
            return Optional.empty();
        }
        if (outcome instanceof BeatOutcome.Lost lost) {
            over = true;
            return Optional.of(lost.reason());
        }
        // First the time: a confirmation that comes after the safe moment comes too late, since the holder may have
        // looked in between and found itself without a lease.
        if (!isSafe(nowNanos)) {
            over = true;
            return Optional.of(LossReason.UNCONFIRMED);
        }
        if (outcome instanceof BeatOutcome.Renewed renewed && renewed.safeUntilNanos() - safeUntilNanos > 0) {
            // Only ever later: answers may overtake each other.
            safeUntilNanos = renewed.safeUntilNanos();
        }
        return Optional.empty();
    }

    /** Ends the lease by its holder's will. Returns whether that ended it, and not something before. */
    boolean close() {
        boolean closed = !over;
        over = true;
        return closed;
    }

    boolean isSafe(long nowNanos) {
        // By difference, since a monotonic clock's readings may wrap around.
        return !over && nowNanos - safeUntilNanos < 0;
    }

    boolean isOver() {
        return over;
    }

    long safeUntilNanos() {
        return safeUntilNanos;
    }
}

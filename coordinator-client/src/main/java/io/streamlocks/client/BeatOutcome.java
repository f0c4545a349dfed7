package io.streamlocks.client;

import java.util.Optional;

/** The outcome of a renewal for a lease: an answer, or the passing of time without one. */
sealed interface BeatOutcome {

    /**
     * The renewal is confirmed.
     *
     * @param safeUntilNanos on the monotonic clock: when the renewal was sent, plus the time left as the answer says,
     *     minus the margin
     */
    record Renewed(long safeUntilNanos) implements BeatOutcome {}

    /**
     * The coordinator reports that the lease is over.
     *
     * @param reason the reason
     * @param breakReason the reason that an operator gave, if one ended the lease
     */
    record Lost(LossReason reason, Optional<String> breakReason) implements BeatOutcome {

        /** A lease that no operator ended. */
        Lost(LossReason reason) {
            this(reason, Optional.empty());
        }
    }

    /** There was no answer, or none is due: only time has passed. */
    record Unknown() implements BeatOutcome {}
}

package io.streamlocks.client;

import java.util.Optional;

/** What a lease hears: the answer to a renewal, or that time has passed without one. */
sealed interface BeatOutcome {

    /**
     * The renewal is confirmed.
     *
     * @param safeUntilNanos on the monotonic clock: when the renewal was sent, plus what the coordinator said was left,
     *     minus the margin
     */
    record Renewed(long safeUntilNanos) implements BeatOutcome {}

    /**
     * The coordinator says that the lease is over.
     *
     * @param reason why
     * @param breakReason what the operator gave as the reason, if one ended it
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

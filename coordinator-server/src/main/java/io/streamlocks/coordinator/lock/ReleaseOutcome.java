package io.streamlocks.coordinator.lock;

import java.util.Optional;

/** What became of a {@link ReleaseRequest}. */
public sealed interface ReleaseOutcome {

    /** The lease was released, by this request or by an earlier one. */
    record Released() implements ReleaseOutcome {}

    /**
     * The lease was over before it could be released.
     *
     * @param reason why; never {@link LossReason#RELEASED}
     * @param breakReason what the operator gave as the reason, if it was broken
     */
    record Lost(LossReason reason, Optional<String> breakReason) implements ReleaseOutcome {

        /** A lease that was not broken. */
        public Lost(LossReason reason) {
            this(reason, Optional.empty());
        }
    }

    /** Another transaction has the stream locked, so that nothing is certain. Nothing was released. Ask again. */
    record Blocked() implements ReleaseOutcome {}

    /**
     * Another request of the same batch, for the same stream, was decided first, and this one needs a decision of its own.
     * Nothing was released for it. Ask again.
     */
    record Undecided() implements ReleaseOutcome {}
}

package io.streamlocks.coordinator.lock;

import java.util.Optional;

/** What became of a {@link RenewRequest}. */
public sealed interface RenewOutcome {

    /**
     * The lease goes on, with the same fencing token.
     *
     * @param lease the lease with its new end
     */
    record Renewed(Lease lease) implements RenewOutcome {}

    /**
     * The lease is over and will not come back.
     *
     * @param reason why
     * @param breakReason what the operator gave as the reason, if it was broken
     */
    record Lost(LossReason reason, Optional<String> breakReason) implements RenewOutcome {

        /** A lease that was not broken. */
        public Lost(LossReason reason) {
            this(reason, Optional.empty());
        }
    }

    /** Another transaction has the stream locked, so that nothing is certain. Nothing was renewed. Ask again. */
    record Blocked() implements RenewOutcome {}

    /**
     * Another request of the same batch, for the same stream, was decided first, and this one needs a decision of its own.
     * Nothing was renewed for it. Ask again.
     */
    record Undecided() implements RenewOutcome {}
}

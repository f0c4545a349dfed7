package io.streamlocks.coordinator.lock;

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
     */
    record Lost(LossReason reason) implements RenewOutcome {}
}

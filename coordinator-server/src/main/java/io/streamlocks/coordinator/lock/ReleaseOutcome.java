package io.streamlocks.coordinator.lock;

/** What became of a {@link ReleaseRequest}. */
public sealed interface ReleaseOutcome {

    /** The lease was released, by this request or by an earlier one. */
    record Released() implements ReleaseOutcome {}

    /**
     * The lease was over before it could be released.
     *
     * @param reason why; never {@link LossReason#RELEASED}
     */
    record Lost(LossReason reason) implements ReleaseOutcome {}
}

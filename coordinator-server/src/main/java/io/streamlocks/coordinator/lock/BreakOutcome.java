package io.streamlocks.coordinator.lock;

/** What became of a {@link BreakRequest}. */
public sealed interface BreakOutcome {

    /**
     * The lease is over, and its holder hears so at its next renewal.
     *
     * @param grant the lease that was live, with its end
     */
    record Broken(Grant grant) implements BreakOutcome {}

    /**
     * Another lease is live than the expected one, and stays.
     *
     * @param holder that lease
     */
    record TokenChanged(Lock holder) implements BreakOutcome {}

    /** No lease is live. */
    record NotLocked() implements BreakOutcome {}

    /** Another transaction has the stream locked, so that nothing is certain. Nothing was broken. Ask again. */
    record Blocked() implements BreakOutcome {}

    /**
     * Another request of the same batch, for the same stream, was decided first, and this one needs a decision of its own.
     * Nothing was broken for it. Ask again.
     */
    record Undecided() implements BreakOutcome {}
}

package io.streamlocks.coordinator.lock;

import java.time.Duration;

/** What became of an {@link AcquireRequest}. */
public sealed interface AcquireOutcome {

    /**
     * The lease is the caller's: granted now, or granted to this same lease id before and still live. In the latter
     * case its token, length and end are those of the first grant.
     *
     * @param lease the lease
     */
    record Granted(Lease lease) implements AcquireOutcome {}

    /**
     * Another lease is live.
     *
     * @param holder that lease
     */
    record Held(Lock holder) implements AcquireOutcome {}

    /**
     * No lease is live, but an operator who broke the last one has the stream stay closed for some time.
     *
     * @param opensIn what is left of that time, positive
     */
    record Delayed(Duration opensIn) implements AcquireOutcome {}

    /** The lease id was granted before, and that lease is over. Asking again needs a new id. */
    record LeaseIdUsed() implements AcquireOutcome {}

    /** Another transaction has the stream locked, so that nothing is certain. Nothing was granted. Ask again. */
    record Blocked() implements AcquireOutcome {}

    /**
     * Another request of the same batch, for the same stream, was decided first, and this one needs a decision of its own.
     * Nothing was granted for it. Ask again.
     */
    record Undecided() implements AcquireOutcome {}
}

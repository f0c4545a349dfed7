package io.streamlocks.coordinator.lock;

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

    /** The lease id was granted before, and that lease is over. Asking again needs a new id. */
    record LeaseIdUsed() implements AcquireOutcome {}
}

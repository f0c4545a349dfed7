package io.streamlocks.client;

import java.time.Duration;

/**
 * Receives what a {@link StreamLockClient} does, for metrics and logs. The client calls it on its own threads and on
 * those of its users while they work, so each method must return at once. The log reports what it throws, and the
 * exception goes no further. Every method does nothing by default.
 */
public interface StreamLockListener {

    /** A lease was granted. */
    default void acquired(String streamId, long fencingToken, Duration took) {}

    /** A stream was held by another owner. */
    default void denied(String streamId, Duration took) {}

    /**
     * An acquire failed: the coordinator refused it, or gave no usable answer in time. In the second case, the client
     * releases a lease that was granted after all.
     */
    default void acquireFailed(String streamId, RuntimeException cause, Duration took) {}

    /** One request renewed this many leases. */
    default void renewed(int leases, Duration took) {}

    /** One request to renew this many leases had no usable answer. The client repeats it. */
    default void renewalUnknown(int leases, RuntimeException cause) {}

    /** A lease is lost. */
    default void lost(LeaseLoss loss) {}

    /** A lease was released. */
    default void released(String streamId) {}

    /**
     * A lease was left to run out without a release, by {@link HeldLease#leaveToRunOut}, or because its client closed
     * while work under it went on.
     */
    default void leftToRunOut(String streamId) {}

    /**
     * A release had no usable answer. The client repeats it in the background until the lease has run out by itself.
     */
    default void releaseUnknown(String streamId, RuntimeException cause) {}
}

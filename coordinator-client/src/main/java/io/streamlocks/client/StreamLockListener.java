package io.streamlocks.client;

import java.time.Duration;

/**
 * Hears what a {@link StreamLockClient} does, for metrics and logs. Called on the threads of the client and its users
 * while they work, so it must return at once; what it throws is logged and goes no further. Every method does nothing
 * by default.
 */
public interface StreamLockListener {

    /** A lease was granted. */
    default void acquired(String streamId, long fencingToken, Duration took) {}

    /** A stream was held by somebody else. */
    default void denied(String streamId, Duration took) {}

    /** One request renewed this many leases. */
    default void renewed(int leases, Duration took) {}

    /** One request to renew this many leases had no usable answer, and is tried again. */
    default void renewalUnknown(int leases, RuntimeException cause) {}

    /** A lease is lost. */
    default void lost(LeaseLoss loss) {}

    /** A lease was released. */
    default void released(String streamId) {}

    /** A release had no usable answer, and is tried again in the background until the lease has run out by itself. */
    default void releaseUnknown(String streamId, RuntimeException cause) {}
}

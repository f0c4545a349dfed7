package io.streamlocks.client.session;

import io.streamlocks.client.HeldLease;

/**
 * Opens sessions.
 *
 * @param <E> an event
 */
@FunctionalInterface
public interface SessionFactory<E> {

    /**
     * Opens the session of a stream. The lease of the stream is held already, and the registry closes it. Take the
     * fencing token from it, and ask {@link HeldLease#requireSafe()} before each effect.
     *
     * @param lease the lease of the stream
     * @return the handler of the stream's events
     * @throws Exception if the session cannot be opened; the lease is released then
     */
    SessionHandler<E> open(HeldLease lease) throws Exception;
}

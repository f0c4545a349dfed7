package io.streamlocks.client.session;

/**
 * What processes the events of one stream. Called by one thread at a time, in the order of the events.
 *
 * @param <E> an event
 */
public interface SessionHandler<E> {

    /**
     * Processes an event. The thread is interrupted when the lease is lost; stop then. Whatever is thrown ends the
     * session as errored, and releases its lease.
     *
     * @param event the event
     * @throws Exception what went wrong
     */
    void handle(E event) throws Exception;

    /**
     * Frees what the handler holds. Called once, after the last event and before the lease is released; but after the end
     * of the lease if it is lost, or the client was closed while the session was idle. Does nothing by default.
     *
     * @throws Exception what went wrong; it is told with the end of the session
     */
    default void close() throws Exception {}
}

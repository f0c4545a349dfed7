package io.streamlocks.client.session;

/**
 * Processes the events of one stream. The registry calls it on one thread at a time, in the order of the events.
 *
 * @param <E> an event
 */
public interface SessionHandler<E> {

    /**
     * Processes an event. The thread is interrupted when the lease is lost; stop then. Any exception ends the session
     * as errored and releases its lease.
     *
     * @param event the event
     * @throws Exception if the event could not be processed
     */
    void handle(E event) throws Exception;

    /**
     * Prepares for another worker to have the stream, for example by writing down how far this one got. A registry with
     * a group calls it once when it hands the stream over, after the last event that it handles and before {@link
     * #close()}. The lease is still held, and is released afterwards. The thread is interrupted when the lease is lost
     * or the hand-over time-out has passed. This does nothing by default.
     *
     * @throws Exception if the preparation failed; the end of the session reports it, and the stream is handed over
     */
    default void beforeHandOver() throws Exception {}

    /**
     * Frees the resources of the handler. It is called once, after the last event and before the lease is released. If
     * the lease is lost, or the client was closed while the session was idle, it is called after the end of the lease.
     * It does nothing by default.
     *
     * @throws Exception if the handler could not be closed; the end of the session reports it
     */
    default void close() throws Exception {}
}

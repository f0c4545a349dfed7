package io.streamlocks.client.session;

import java.util.List;

/**
 * The source from which a {@link PollLoop} gets events, and to which it reports what became of them. Only the thread of
 * the loop calls it.
 *
 * @param <E> an event
 */
public interface EventSource<E> {

    /**
     * Returns events. This may block. If it still blocks when the loop has been stopping for its stop time-out, the
     * thread is interrupted.
     *
     * @return the events to route, in order; the loop reports each to {@link #routed} or {@link #failed}
     * @throws Exception if the source has failed; the loop logs it and asks again in the next turn
     */
    List<StreamEvent<E>> poll() throws Exception;

    /**
     * Receives what became of an event. With {@link RouteResult#ENQUEUED} the event is on its way to a handler. With
     * any other result it is not, and the source may keep it or give it up. An event that is enqueued may still come
     * back unhandled with {@link SessionEnd#unhandled()}, so acknowledge it where it is handled. This does nothing by
     * default.
     *
     * @param event the event
     * @param result the outcome
     * @throws Exception if the source could not take that in; the loop logs it
     */
    default void routed(StreamEvent<E> event, RouteResult result) throws Exception {}

    /**
     * Receives an event that could not be routed: the coordinator gave no answer or refused, or the session could not
     * be opened. The loop has logged it. This does nothing by default.
     *
     * @param event the event
     * @param cause the exception of {@link SessionRegistry#route}
     * @throws Exception if the source could not take that in; the loop logs it
     */
    default void failed(StreamEvent<E> event, Throwable cause) throws Exception {}
}

package io.streamlocks.client.session;

import java.util.List;

/**
 * Where a {@link PollLoop} gets events from, and what it tells their fate to. Called by the loop's thread alone.
 *
 * @param <E> an event
 */
public interface EventSource<E> {

    /**
     * Asks for events. May block; the thread is interrupted if it still does when the loop has been told to stop for its
     * stop time-out.
     *
     * @return the events to route, in order; each is told to {@link #routed} or {@link #failed}
     * @throws Exception what went wrong; it is logged, and the next turn asks again
     */
    List<StreamEvent<E>> poll() throws Exception;

    /**
     * Told what became of an event: with {@link RouteResult#ENQUEUED} it is on its way to a handler, with anything else it
     * is not, and is the source's to keep or give up. An event that is enqueued may still come back unhandled with {@link
     * SessionEnd#unhandled()}, so acknowledge it where it is handled. Does nothing by default.
     *
     * @param event the event
     * @param result what became of it
     * @throws Exception what went wrong; it is logged
     */
    default void routed(StreamEvent<E> event, RouteResult result) throws Exception {}

    /**
     * Told that an event could not be routed, because the coordinator gave no answer or refused, or the session could not
     * be opened. Logged already. Does nothing by default.
     *
     * @param event the event
     * @param cause what {@link SessionRegistry#route} threw
     * @throws Exception what went wrong; it is logged
     */
    default void failed(StreamEvent<E> event, Throwable cause) throws Exception {}
}

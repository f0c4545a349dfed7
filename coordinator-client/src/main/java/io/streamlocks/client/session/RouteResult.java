package io.streamlocks.client.session;

/** What became of an event that was routed. */
public enum RouteResult {
    /** The session of its stream has it, and will handle it unless the session ends before. */
    ENQUEUED,
    /** There are as many sessions as may be, and its stream has none. The coordinator was not asked. */
    CAPACITY,
    /** The session of its stream takes no event now: its queue is full, or it is ending; or the registry is stopping. */
    REJECTED,
    /** Another worker has the stream. */
    LOCKED
}

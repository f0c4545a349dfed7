package io.streamlocks.client.session;

/** The outcome of routing an event. */
public enum RouteResult {
    /** The session of the stream has the event, and will handle it unless the session ends before. */
    ENQUEUED,
    /** The registry has as many sessions as it may have, and none for the stream. It made no call. */
    CAPACITY,
    /**
     * The session of the stream takes no event now: its queue is full, or it is ending; or the registry is stopping.
     */
    REJECTED,
    /** Another worker has the stream, or shall have it by the rule of the group. */
    LOCKED
}

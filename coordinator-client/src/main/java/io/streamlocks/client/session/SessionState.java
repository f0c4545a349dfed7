package io.streamlocks.client.session;

/** Where a session is in its life. */
public enum SessionState {
    /** It waits for an event. */
    IDLE,
    /** It handles events. */
    RUNNING,
    /** It handles the events it has, and takes no more. */
    DRAINING,
    /** It ended as it should. */
    STOPPED,
    /** It ended because its lease was lost, or its handler failed. */
    ERRORED
}

package io.streamlocks.client.session;

/** The state of a session. */
public enum SessionState {
    /** The session waits for an event. */
    IDLE,
    /** The session handles events. */
    RUNNING,
    /** The session handles the events that it has, and takes no more. */
    DRAINING,
    /** The session ended in order. */
    STOPPED,
    /** The session ended because its lease was lost, or its handler failed. */
    ERRORED
}

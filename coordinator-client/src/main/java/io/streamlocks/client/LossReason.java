package io.streamlocks.client;

/** Why a lease is lost. */
public enum LossReason {
    /** The coordinator says that it ran out, and that no other lease has been granted since. */
    EXPIRED,
    /** The coordinator says that another lease of the stream has been granted since. */
    SUPERSEDED,
    /** The coordinator says that it was released; somebody else knew its id. */
    RELEASED,
    /** The coordinator says that an operator ended it. */
    BROKEN,
    /** The coordinator has no trace of it, as after a restart of its memory backend; or it gave a reason newer than this client. */
    UNKNOWN,
    /**
     * No renewal was confirmed in time. The lease may still be live for the coordinator; but this process cannot know,
     * and so must stop.
     */
    UNCONFIRMED
}

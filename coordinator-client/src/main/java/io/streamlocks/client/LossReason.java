package io.streamlocks.client;

/** Why a lease is lost. */
public enum LossReason {
    /** The coordinator reports that the lease ran out, and that no other lease has been granted since. */
    EXPIRED,
    /** The coordinator reports that another lease of the stream has been granted since. */
    SUPERSEDED,
    /** The coordinator reports that the lease was released by another process that had its id. */
    RELEASED,
    /** The coordinator reports that an operator ended the lease. */
    BROKEN,
    /**
     * The coordinator has no trace of the lease, as after a restart of its memory backend; or it gave a reason that is
     * newer than this client.
     */
    UNKNOWN,
    /**
     * No renewal was confirmed in time, or none was due because the lease is not renewed. The lease may still be live
     * for the coordinator. This process cannot find that out in time, so it must stop.
     */
    UNCONFIRMED
}

package io.streamlocks.coordinator.access;

/** A permission that a call requires of its caller. */
public enum Permission {
    /** Nothing. The call needs no token. */
    OPEN,
    /** To hold leases: acquire, renew, release. */
    HOLD,
    /** To see who holds a stream that the call names. */
    LOOK,
    /** To see who holds which streams, who held them, and the metrics of the server. */
    READ,
    /** To end the leases of other callers. */
    BREAK
}

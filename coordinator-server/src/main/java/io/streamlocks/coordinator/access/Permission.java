package io.streamlocks.coordinator.access;

/** What a call asks of the role of its caller. */
public enum Permission {
    /** Nothing: anybody may make it, without a token. */
    OPEN,
    /** To hold leases: acquire, renew, release. */
    HOLD,
    /** To see who holds a stream that is named. */
    LOOK,
    /** To see who holds which streams, who held them, and how the server fares. */
    READ,
    /** To end leases of others. */
    BREAK
}

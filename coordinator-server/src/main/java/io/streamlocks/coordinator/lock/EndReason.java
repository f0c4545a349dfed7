package io.streamlocks.coordinator.lock;

/** How a lease ended. */
public enum EndReason {
    /** Its holder released it. */
    RELEASED,
    /** It ran out, and no other lease has been granted since. */
    EXPIRED,
    /** It ran out, and another lease has been granted since. */
    SUPERSEDED,
    /** An operator ended it. */
    BROKEN
}

package io.streamlocks.coordinator.lock;

/** How a lease ended. */
public enum EndReason {
    /** Its holder released it. */
    RELEASED,
    /** It expired, and no other lease has been granted since. */
    EXPIRED,
    /** It expired, and another lease has been granted since. */
    SUPERSEDED,
    /** An operator ended it. */
    BROKEN
}

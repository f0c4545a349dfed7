package io.streamlocks.coordinator.lock;

/** How a lease that was lost has ended. */
public enum LossReason {
    /** It expired, and no other lease has been granted since. */
    EXPIRED,
    /** Another lease of the stream has been granted since. */
    SUPERSEDED,
    /** It was released, and no other lease has been granted since. */
    RELEASED,
    /** An operator ended it, and no other lease has been granted since. */
    BROKEN,
    /** It is not remembered: it was never granted, or it ended long ago. */
    UNKNOWN
}

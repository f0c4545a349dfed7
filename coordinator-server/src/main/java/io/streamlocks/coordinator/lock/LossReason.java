package io.streamlocks.coordinator.lock;

/** Why a lease is lost. */
public enum LossReason {
    /** It ran out, and no other lease has been granted since. */
    EXPIRED,
    /** Another lease of the stream has been granted since. */
    SUPERSEDED,
    /** It was released, and no other lease has been granted since. */
    RELEASED,
    /** An operator ended it, and no other lease has been granted since. */
    BROKEN,
    /** There is no trace of it: never granted, or over for so long that it is forgotten. */
    UNKNOWN
}

package io.streamlocks.coordinator.lock.group;

/** A limit of a caller, because of which a call or a part of it is rejected. */
public enum CallerLimit {
    /** The caller has too many waiting requests. The limit depends on how many others have waiting. */
    REQUESTS_OF_CALLER,

    /** The caller has too many waiting reads. */
    READS_OF_CALLER,

    /** There was no time for all of the call, such as one that makes a thousand different requests for one stream. */
    UNFINISHED
}

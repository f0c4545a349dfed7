package io.streamlocks.proof.history;

import org.jspecify.annotations.Nullable;

/**
 * A fault that was injected.
 *
 * @param kind the fault class
 * @param what a description with the processes that the fault hit
 * @param start when it began, monotonic
 * @param end when it was over, monotonic
 * @param killed the worker process that was killed; otherwise null
 * @param databaseBack when the database accepted writes again, monotonic; 0 if it was never away
 */
public record Fault(
        String kind,
        String what,
        long start,
        long end,
        @Nullable String killed,
        long databaseBack) {

    /** The beginning of the kinds of faults in which a standby takes over. */
    public static final String PROMOTION = "promotion";
}

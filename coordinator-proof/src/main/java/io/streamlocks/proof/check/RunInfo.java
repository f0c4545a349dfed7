package io.streamlocks.proof.check;

import java.util.concurrent.TimeUnit;

/**
 * The time of a run, and the settings that the checker needs.
 *
 * @param start when the load began, monotonic
 * @param end when the load was told to stop, monotonic
 * @param ttlMs the length of leases
 * @param coordinators the number of coordinators
 */
public record RunInfo(long start, long end, long ttlMs, int coordinators) {

    /** The file name. */
    public static final String FILE = "run.jsonl";

    long ttlNanos() {
        return TimeUnit.MILLISECONDS.toNanos(ttlMs);
    }
}

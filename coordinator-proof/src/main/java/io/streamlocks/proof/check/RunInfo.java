package io.streamlocks.proof.check;

import java.util.concurrent.TimeUnit;

/**
 * When a run was, and what the checker must know of its settings.
 *
 * @param start when the load ran, monotonic
 * @param end when it was told to stop, monotonic
 * @param ttlMs the length of leases
 * @param coordinators how many there were
 */
public record RunInfo(long start, long end, long ttlMs, int coordinators) {

    /** The name of its file. */
    public static final String FILE = "run.jsonl";

    long ttlNanos() {
        return TimeUnit.MILLISECONDS.toNanos(ttlMs);
    }
}

package io.streamlocks.client;

import java.time.Duration;

/**
 * Computes when a thread of the client acts again.
 *
 * @param timing the interval between two acts
 * @param runtime the source of chance
 */
record Pace(Timing timing, ClientRuntime runtime) {

    private static final Duration FIRST_RETRY = Duration.ofMillis(50);

    /** Returns the pause after an act in which every call had an answer. */
    long nextNanos() {
        return jittered(timing.interval().toNanos());
    }

    /** Returns the pause after so many acts in a row in which a call had no answer. */
    long retryNanos(int failures) {
        return jittered(Math.min(timing.interval().toNanos() / 2, FIRST_RETRY.toNanos() << Math.min(failures - 1, 10)));
    }

    /**
     * Workers that started together must not act together for ever. The jitter only shortens, as a lease could run out.
     */
    private long jittered(long nanos) {
        return (long) (nanos * (0.9 + 0.1 * runtime.random()));
    }
}

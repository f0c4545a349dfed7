package io.streamlocks.client;

import java.time.Duration;

/** When a thread of the client acts again. */
record Pace(Duration interval, ClientRuntime runtime) {

    private static final Duration FIRST_RETRY = Duration.ofMillis(50);

    /** After all had an answer. */
    long nextNanos() {
        return jittered(interval.toNanos());
    }

    /** After the last so many times had no answer. */
    long retryNanos(int failures) {
        return jittered(Math.min(interval.toNanos() / 2, FIRST_RETRY.toNanos() << Math.min(failures - 1, 10)));
    }

    /** Workers that started together must not act together for ever. Never later, since a lease could run out. */
    private long jittered(long nanos) {
        return (long) (nanos * (0.9 + 0.1 * runtime.random()));
    }
}

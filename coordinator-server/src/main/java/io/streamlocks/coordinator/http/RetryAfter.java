package io.streamlocks.coordinator.http;

import java.time.Duration;

/** The header that says when another call is useful. */
final class RetryAfter {

    static final String HEADER = "Retry-After";

    private RetryAfter() {}

    /** Returns whole seconds, rounded up: a client that comes back a moment too early would have to wait again. */
    static String seconds(Duration wait) {
        return seconds(wait.toMillis());
    }

    static String seconds(long millis) {
        return Long.toString(Math.max(1, (millis + 999) / 1000));
    }
}

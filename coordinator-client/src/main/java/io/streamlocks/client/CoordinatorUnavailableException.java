package io.streamlocks.client;

import java.time.Duration;

/**
 * The coordinator gave no usable answer: it could not be reached, did not answer in time, or answered 429 or 5xx.
 * Whether the call took effect is unknown. Trying again later is right.
 */
public final class CoordinatorUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final Duration retryAfter;

    CoordinatorUnavailableException(String message, Throwable cause) {
        this(message, cause, Duration.ZERO);
    }

    CoordinatorUnavailableException(String message, Throwable cause, Duration retryAfter) {
        super(message, cause);
        this.retryAfter = retryAfter;
    }

    /** How long the coordinator asked to be left alone; zero if it did not. */
    Duration retryAfter() {
        return retryAfter;
    }
}

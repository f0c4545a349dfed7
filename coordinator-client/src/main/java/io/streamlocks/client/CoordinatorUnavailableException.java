package io.streamlocks.client;

import java.time.Duration;

/**
 * The coordinator gave no usable answer: it could not be reached, did not answer in time, or answered 429 or 5xx.
 * Whether the call took effect is unknown, except after 429 {@code rate-limited} and {@code too-many-leases}: it did not.
 * Trying again later is right.
 */
public final class CoordinatorUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final Duration retryAfter;
    private final boolean tooMany;

    CoordinatorUnavailableException(String message, Throwable cause) {
        this(message, cause, Duration.ZERO, false);
    }

    CoordinatorUnavailableException(String message, Throwable cause, Duration retryAfter, boolean tooMany) {
        super(message, cause);
        this.retryAfter = retryAfter;
        this.tooMany = tooMany;
    }

    /** How long the coordinator asked to be left alone; zero if it did not. */
    Duration retryAfter() {
        return retryAfter;
    }

    /** Whether the coordinator refused one call or one lease too many: the call did not take effect. */
    boolean isTooMany() {
        return tooMany;
    }
}

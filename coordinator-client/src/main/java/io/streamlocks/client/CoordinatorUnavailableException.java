package io.streamlocks.client;

/**
 * The coordinator gave no usable answer: it could not be reached, did not answer in time, or answered 429 or 5xx.
 * Whether the call took effect is unknown. Trying again later is right.
 */
public final class CoordinatorUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    CoordinatorUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}

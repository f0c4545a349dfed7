package io.streamlocks.coordinator.lock;

import java.util.Objects;

/**
 * More calls are waiting than the storage can carry out in time. The outcome is <em>unknown</em>, because a batch may
 * have been carried out in part. Trying again later with the same lease id is safe.
 */
public final class OverloadedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what was rejected, for the log
     */
    public OverloadedException(String message) {
        // Each call that is rejected throws it, so it must be cheap. A stack trace would show nothing of use.
        super(message, null, false, false);
    }

    /** Returns the message, which every exception of this class has. */
    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }
}

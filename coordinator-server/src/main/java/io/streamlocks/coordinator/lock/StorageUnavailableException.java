package io.streamlocks.coordinator.lock;

/**
 * The storage did not answer, so that the outcome is <em>unknown</em>: the call may have taken effect or not. Trying it
 * again, with the same lease id, is safe.
 */
public final class StorageUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * @param message what was tried and failed, for the log
     * @param cause the storage's own error
     */
    public StorageUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}

package io.streamlocks.coordinator.lock;

import java.util.Optional;

/**
 * The storage did not answer, so that the outcome is <em>unknown</em>: the call may have taken effect or not. Trying it
 * again, with the same lease id, is safe.
 */
public final class StorageUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final boolean lacking;

    /**
     * @param message what was tried and failed, for the log
     * @param cause the storage's own error
     */
    public StorageUnavailableException(String message, Throwable cause) {
        this(message, cause, false);
    }

    private StorageUnavailableException(String message, Throwable cause, boolean lacking) {
        super(message, cause);
        this.lacking = lacking;
    }

    /**
     * The storage answers, and is not set up so that leases can be kept in it.
     *
     * @param what is missing and what mends it; told to whoever asks whether the server is ready, so without anything secret
     * @return the exception
     */
    public static StorageUnavailableException lacking(String what) {
        return new StorageUnavailableException(what, null, true);
    }

    /** What the storage lacks, if that is known. */
    public Optional<String> lack() {
        return lacking ? Optional.of(getMessage()) : Optional.empty();
    }
}

package io.streamlocks.coordinator.lock;

import java.util.Optional;

/**
 * The storage did not answer, so that the outcome is <em>unknown</em>: the call may have taken effect or not. Trying it
 * again, with the same lease id, is safe.
 */
public final class StorageUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String lack;

    /**
     * @param message what was tried and failed, for the log
     * @param cause the storage's own error
     */
    public StorageUnavailableException(String message, Throwable cause) {
        this(message, cause, null);
    }

    private StorageUnavailableException(String message, Throwable cause, String lack) {
        super(message, cause);
        this.lack = lack;
    }

    /**
     * The storage answers, and is not set up so that leases can be kept in it.
     *
     * @param what the lack and what mends it; anybody who asks whether the server is ready sees it, so without anything
     *     secret
     * @return the exception
     */
    public static StorageUnavailableException lacking(String what) {
        return new StorageUnavailableException(what, null, what);
    }

    /**
     * The same, with more for the log.
     *
     * @param what the lack and what mends it
     * @param detail what only the log shows
     * @return the exception
     */
    public static StorageUnavailableException lacking(String what, String detail) {
        return new StorageUnavailableException(what + " (" + detail + ")", null, what);
    }

    /** The lack of the storage, if that is known. */
    public Optional<String> lack() {
        return Optional.ofNullable(lack);
    }
}

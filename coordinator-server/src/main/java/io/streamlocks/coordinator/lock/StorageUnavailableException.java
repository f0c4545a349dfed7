package io.streamlocks.coordinator.lock;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The storage did not respond, so the outcome is <em>unknown</em>: the change may or may not have happened. Trying
 * again with the same lease id is safe.
 */
public final class StorageUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final @Nullable String lack;

    /**
     * Creates the exception.
     *
     * @param message what failed, for the log
     * @param cause the error of the storage
     */
    public StorageUnavailableException(String message, Throwable cause) {
        super(Objects.requireNonNull(message), cause);
        this.lack = null;
    }

    /**
     * Creates the exception for a failure that has no other cause.
     *
     * @param message what failed, for the log
     */
    public StorageUnavailableException(String message) {
        super(Objects.requireNonNull(message));
        this.lack = null;
    }

    private StorageUnavailableException(String message, String lack) {
        super(Objects.requireNonNull(message));
        this.lack = lack;
    }

    /**
     * Returns the exception for a storage that responds but is not set up to keep leases.
     *
     * @param what what is missing and how to fix it; every caller of the readiness check sees it, so it must not
     *     contain a secret
     * @return the exception
     */
    public static StorageUnavailableException lacking(String what) {
        return new StorageUnavailableException(what, what);
    }

    /**
     * Returns the same exception with a detail for the log.
     *
     * @param what what is missing and how to fix it
     * @param detail what only the log contains
     * @return the exception
     */
    public static StorageUnavailableException lacking(String what, String detail) {
        return new StorageUnavailableException(what + " (" + detail + ")", what);
    }

    /** Returns what is missing in the storage and how to fix it, if that is known. */
    public Optional<String> lack() {
        return Optional.ofNullable(lack);
    }

    /** Returns the message, which every exception of this class has. */
    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }
}

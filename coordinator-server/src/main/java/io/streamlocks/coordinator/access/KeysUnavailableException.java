package io.streamlocks.coordinator.access;

import java.util.Objects;

/**
 * Reports that a JWT cannot be verified now, because its key is not available. The caller may be valid; try again
 * later.
 */
public final class KeysUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    KeysUnavailableException(Throwable cause) {
        super("A JWT cannot be verified now, because the keys of JWT_JWKS are not available", cause);
    }

    /** Returns the message, which every exception of this class has. */
    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }
}

package io.streamlocks.coordinator.access;

/**
 * Reports that a JWT cannot be verified now, because its key is not available. The caller may be valid; try again
 * later.
 */
public final class KeysUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    KeysUnavailableException(Throwable cause) {
        super("A JWT cannot be verified now, because the keys of JWT_JWKS are not available", cause);
    }
}

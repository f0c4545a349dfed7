package io.streamlocks.coordinator.access;

/** The keys that JWTs are verified with cannot be read, so nothing is known of who calls. Trying again later is right. */
public final class KeysUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    KeysUnavailableException(Throwable cause) {
        super("The keys of JWT_JWKS cannot be read", cause);
    }
}

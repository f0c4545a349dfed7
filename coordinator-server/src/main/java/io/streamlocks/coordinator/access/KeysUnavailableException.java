package io.streamlocks.coordinator.access;

/** The keys that JWTs are verified with are not there, or not this one yet, so nothing is known of who calls. Trying again later is right. */
public final class KeysUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    KeysUnavailableException(Throwable cause) {
        super("A JWT cannot be verified now, since the keys of JWT_JWKS are not there", cause);
    }
}

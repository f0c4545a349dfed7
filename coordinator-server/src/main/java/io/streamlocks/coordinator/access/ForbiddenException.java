package io.streamlocks.coordinator.access;

import java.util.Optional;

/** Reports that a known caller may not do this. The message is for the caller, and repeats nothing of a token. */
public final class ForbiddenException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String field;

    ForbiddenException(String field, String message) {
        // This is a result and not a fault, so a stack trace would only cost time.
        super(message, null, false, false);
        this.field = field;
    }

    /** Returns the field of the request that the token does not cover; empty if the reason is not a field. */
    public Optional<String> field() {
        return Optional.ofNullable(field);
    }
}

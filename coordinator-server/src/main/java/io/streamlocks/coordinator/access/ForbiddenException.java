package io.streamlocks.coordinator.access;

import java.util.Optional;

/** The caller is known, and may not do what it asks for. The message is for the caller; it repeats nothing of a token. */
public final class ForbiddenException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String field;

    ForbiddenException(String field, String message) {
        // An answer, not a fault; a stack trace would only cost time.
        super(message, null, false, false);
        this.field = field;
    }

    /** The field of the request that the caller may not name so, if it is for one. */
    public Optional<String> field() {
        return Optional.ofNullable(field);
    }
}

package io.streamlocks.coordinator.access;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reports that a known caller may not do this. The message is for the caller, and repeats nothing of a token. */
public final class ForbiddenException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final @Nullable String field;

    ForbiddenException(String message) {
        this(message, null);
    }

    /** @param field the field of the request that the token does not cover */
    static ForbiddenException of(String field, String message) {
        return new ForbiddenException(message, field);
    }

    private ForbiddenException(String message, @Nullable String field) {
        // This is a result and not a fault, so a stack trace would only cost time.
        super(message, null, false, false);
        this.field = field;
    }

    /** Returns the field of the request that the token does not cover; empty if the reason is not a field. */
    public Optional<String> field() {
        return Optional.ofNullable(field);
    }

    /** Returns the message, which every exception of this class has. */
    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }
}

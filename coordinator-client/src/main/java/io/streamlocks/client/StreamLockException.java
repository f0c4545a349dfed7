package io.streamlocks.client;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The root of all exceptions of this client. It is unchecked. A caller that catches it has caught every outcome of a
 * call that is not a value. Wrong arguments are {@link IllegalArgumentException}s, and calls of a closed client are
 * {@link IllegalStateException}s.
 */
public abstract class StreamLockException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Null if the exception is about no stream in particular, since an {@link Optional} cannot be serialized. */
    private final @Nullable String streamId;

    /**
     * Makes an exception.
     *
     * @param message a sentence
     * @param streamId the stream; empty if the failed call was about several
     * @param cause empty if there is none
     */
    protected StreamLockException(String message, Optional<String> streamId, Optional<? extends Throwable> cause) {
        super(message, cause.orElse(null));
        this.streamId = streamId.orElse(null);
    }

    /** Returns the message, which every exception of this client has. */
    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }

    /** Returns the stream that the exception is about; empty if the failed call was about several streams. */
    public final Optional<String> streamId() {
        return Optional.ofNullable(streamId);
    }
}

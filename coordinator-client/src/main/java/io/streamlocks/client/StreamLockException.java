package io.streamlocks.client;

import java.util.Optional;

/**
 * The root of all exceptions of this client. It is unchecked. A caller that catches it has caught every outcome of a
 * call that is not a value. Wrong arguments are {@link IllegalArgumentException}s, and calls of a closed client are
 * {@link IllegalStateException}s.
 */
public abstract class StreamLockException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Null if the exception is about no stream in particular, since an {@link Optional} cannot be serialized. */
    private final String streamId;

    /**
     * Makes an exception.
     *
     * @param message a sentence
     * @param streamId the stream; empty if the failed call was about several
     * @param cause null if there is none
     */
    protected StreamLockException(String message, Optional<String> streamId, Throwable cause) {
        super(message, cause);
        this.streamId = streamId.orElse(null);
    }

    /** Returns the stream that the exception is about; empty if the failed call was about several streams. */
    public final Optional<String> streamId() {
        return Optional.ofNullable(streamId);
    }
}

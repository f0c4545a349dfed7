package io.streamlocks.client.session;

/** The session of a stream could not be opened. Its lease was held, and is released. */
public final class SessionOpenException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    SessionOpenException(String streamId, Throwable cause) {
        super("The session of stream " + streamId + " could not be opened", cause);
    }
}

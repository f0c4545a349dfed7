package io.streamlocks.client.session;

import io.streamlocks.client.StreamLockException;
import java.util.Optional;

/**
 * The session of a stream could not be opened. Its lease was held, and is released. The cause is what the factory
 * threw.
 */
public final class SessionOpenException extends StreamLockException {

    private static final long serialVersionUID = 1L;

    SessionOpenException(String streamId, Throwable cause) {
        super("The session of stream " + streamId + " could not be opened", Optional.of(streamId), Optional.of(cause));
    }
}

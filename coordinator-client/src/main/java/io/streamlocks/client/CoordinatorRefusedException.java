package io.streamlocks.client;

import java.util.Optional;

/**
 * The coordinator refused a call because of what it asked for, or because of its caller. Examples are a stream id that
 * is not valid, a ttl out of the server's range, and a missing or wrong token. The same call will fail again.
 */
public final class CoordinatorRefusedException extends StreamLockException {

    private static final long serialVersionUID = 1L;

    private final int status;

    CoordinatorRefusedException(
            String message, int status, Optional<String> streamId, Optional<? extends Throwable> cause) {
        super(message, streamId, cause);
        this.status = status;
    }

    /** Returns the same for one stream of the call. Threads whose calls share a request get an exception each. */
    CoordinatorRefusedException ofStream(String streamId) {
        return streamId().isPresent()
                ? this
                : new CoordinatorRefusedException(getMessage(), status, Optional.of(streamId), Optional.of(this));
    }

    /** Returns the HTTP status of the answer, from 400 to 499. */
    public int status() {
        return status;
    }
}

package io.streamlocks.client;

/**
 * The coordinator refused a call for what it asked or for who asked: a stream id that is not valid, a ttl out of the
 * server's range, a missing or wrong token. Trying again without a change is useless.
 */
public final class CoordinatorRefusedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int status;

    CoordinatorRefusedException(String message, int status, Throwable cause) {
        super(message, cause);
        this.status = status;
    }

    /** The HTTP status of the answer, from 400 to 499. */
    public int status() {
        return status;
    }
}

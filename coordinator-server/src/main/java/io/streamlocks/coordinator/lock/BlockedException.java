package io.streamlocks.coordinator.lock;

import java.util.Objects;

/**
 * Another transaction has a stream locked that had to be read, so nothing is certain. The storage has not failed, and
 * asking again is safe.
 */
public final class BlockedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int ended;

    /**
     * Creates the exception.
     *
     * @param message what was not done; the caller sees it
     * @param ended the number of leases that were ended nevertheless
     */
    public BlockedException(String message, int ended) {
        // Each read of a locked stream may throw it, so it must be cheap. A stack trace would show nothing of use.
        super(message, null, false, false);
        this.ended = ended;
    }

    /** Returns the number of leases that were ended nevertheless. */
    public int ended() {
        return ended;
    }

    /** Returns the message, which every exception of this class has. */
    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }
}

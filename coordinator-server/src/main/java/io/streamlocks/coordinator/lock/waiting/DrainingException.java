package io.streamlocks.coordinator.lock.waiting;

/** This server is stopping, so a call can wait no longer. Its places are kept, so it continues at another server. */
public final class DrainingException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Creates the exception. It has no stack trace, because each waiting call gets one. */
    DrainingException() {
        super("The server is stopping", null, false, false);
    }
}

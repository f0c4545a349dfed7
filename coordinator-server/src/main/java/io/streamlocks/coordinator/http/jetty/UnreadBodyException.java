package io.streamlocks.coordinator.http.jetty;

/** The body of a request was not read, or not kept. The whole request is to be refused. */
public final class UnreadBodyException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Why there is no body. */
    public enum Reason {
        /** The body is larger than its route allows. */
        TOO_LARGE,
        /** The client ended the body before its announced end, or sent something that is not HTTP. */
        ENDED_EARLY,
        /** The bodies that are being read use up the memory for them. */
        NO_MEMORY
    }

    private final Reason reason;
    private final int maxBytes;

    UnreadBodyException(Reason reason, int maxBytes) {
        // It is reported to the client only, so a stack trace would only cost time.
        super(reason.toString(), null, false, false);
        this.reason = reason;
        this.maxBytes = maxBytes;
    }

    public Reason reason() {
        return reason;
    }

    /** Returns how large the body of this request may be. */
    public int maxBytes() {
        return maxBytes;
    }
}

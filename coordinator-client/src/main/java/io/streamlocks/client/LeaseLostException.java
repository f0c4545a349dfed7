package io.streamlocks.client;

/** Thrown where a lease was needed that is lost or closed. The work under it must stop. */
public final class LeaseLostException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String streamId;

    LeaseLostException(String streamId, String detail) {
        super("The lease of stream " + streamId + " is over: " + detail);
        this.streamId = streamId;
    }

    /** The stream that may no longer be processed. */
    public String streamId() {
        return streamId;
    }
}

package io.streamlocks.proof.history;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** The result of a call. */
public enum Answer {
    GRANTED,
    HELD,
    /** The stream is free, but other callers wait for it and come first. */
    AWAITED,
    /** The lease id was granted before, and that lease has ended. */
    USED,
    RENEWED,
    RELEASED,
    /** The lease has ended. A call that should change it, or a read, found that. */
    LOST,
    /** A read of the stream found the lease live. */
    LIVE,
    /** The resource accepted the call. */
    ACCEPTED,
    /** The resource refused the call because its token is stale. */
    REFUSED,
    /** There was no response, or one that does not say whether the call was carried out. */
    UNKNOWN,
    /** The response is one that a coordinator must never send. The call may have been carried out or not. */
    UNEXPECTED;

    /** Returns the name in files. */
    @JsonValue
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}

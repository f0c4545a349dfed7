package io.streamlocks.proof.history;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What became of a call. */
public enum Answer {
    GRANTED,
    HELD,
    /** The lease id was granted before, and is over. */
    USED,
    RENEWED,
    RELEASED,
    /** The lease is over, as a call that was to change it finds, or a read. */
    LOST,
    /** A look at the stream finds the lease live. */
    LIVE,
    /** Of the resource. */
    ACCEPTED,
    /** Of the resource: the token is stale. */
    REFUSED,
    /** No answer, or that it may have happened or not. */
    UNKNOWN,
    /** The same by an answer that a coordinator should never give. */
    UNEXPECTED;

    /** As it stands in files. */
    @JsonValue
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}

package io.streamlocks.proof.history;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** The kind of a call. Three calls to a coordinator change leases and two read. Two calls go to the fenced resource. */
public enum Kind {
    ACQUIRE,
    RENEW,
    RELEASE,
    /** Reads whether a lease that was granted is the live lease of its stream. */
    LOOK,
    /** Reads whether and how a lease that was granted has ended. */
    HISTORY,
    /** Raises the fence of the resource and reads its position. */
    OPEN,
    /** Writes the next number. */
    PUBLISH;

    /** Returns the name in files. */
    @JsonValue
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}

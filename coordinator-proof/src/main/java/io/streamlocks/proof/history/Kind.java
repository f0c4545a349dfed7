package io.streamlocks.proof.history;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What was asked for: three calls of a coordinator that change leases, two that read, and two of the fenced resource. */
public enum Kind {
    ACQUIRE,
    RENEW,
    RELEASE,
    /** Reads whether a lease that was granted is the live one of its stream. */
    LOOK,
    /** Reads whether and how a lease that was granted has ended. */
    HISTORY,
    /** Raises the fence of the resource and reads its position. */
    OPEN,
    /** Writes the next number. */
    PUBLISH;

    /** As it stands in files. */
    @JsonValue
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}

package io.streamlocks.examples.faults.history;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What was asked for: three calls of a coordinator, and two of the fenced resource. */
public enum Kind {
    ACQUIRE,
    RENEW,
    RELEASE,
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

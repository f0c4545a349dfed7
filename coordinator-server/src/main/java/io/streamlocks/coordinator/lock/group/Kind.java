package io.streamlocks.coordinator.lock.group;

import java.util.Locale;

/** What a statement does. */
public enum Kind {
    /** Grants leases. */
    ACQUIRE,
    /** Renews leases. */
    RENEW,
    /** Ends leases for their holders. */
    RELEASE,
    /** Ends leases for an operator. */
    BREAK,
    /** Looks at one lock. */
    FIND,
    /** Reads a page of locks. */
    LIST,
    /** Reads a page of grants. */
    HISTORY,
    /** Asks whether the storage takes writes. */
    CHECK;

    private final String word = name().toLowerCase(Locale.ROOT);

    /** Its name as metrics and traces have it, in lower case. */
    public String word() {
        return word;
    }
}

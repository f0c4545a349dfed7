package io.streamlocks.coordinator.lock;

import java.util.Locale;

/** The kind of a statement. */
public enum StatementKind {
    /** Grants leases. */
    ACQUIRE,
    /** Renews leases. */
    RENEW,
    /** Releases leases for their holders. */
    RELEASE,
    /** Breaks leases for an operator. */
    BREAK,
    /** Takes or keeps places in queues. */
    QUEUE,
    /** Ends calls that waited. */
    LEAVE,
    /** Hands over streams that have become free without a release. */
    ADVANCE,
    /** Reads who holds the streams that callers of this server wait for. */
    LOOK,
    /** Reads the queue of a stream. */
    WAITERS,
    /** Reads one lock. */
    FIND,
    /** Reads a page of locks. */
    LIST,
    /** Reads a page of grants. */
    HISTORY,
    /** Records reports of members, and reads groups. */
    GROUP,
    /** Checks whether the storage accepts writes. */
    CHECK;

    private final String word = name().toLowerCase(Locale.ROOT);

    /** Returns its name in metrics and traces, which is in lower case. */
    public String word() {
        return word;
    }
}

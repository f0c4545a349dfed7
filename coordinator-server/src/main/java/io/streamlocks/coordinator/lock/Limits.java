package io.streamlocks.coordinator.lock;

import java.time.Duration;

/**
 * The bounds of the protocol. Each bound is defined here and nowhere else. {@code openapi.yaml} and the Java client
 * state some of them again, and tests keep those equal to these.
 *
 * <p>All bounds are inclusive. The length of a text is its number of Unicode code points.
 */
public final class Limits {

    /** The maximum length of a stream id, an owner id, the beginning of one, and the reason of a break. */
    public static final int MAX_ID_LENGTH = 255;

    /** The maximum number of labels of a lease. */
    public static final int MAX_LABELS = 16;

    /** The maximum length of the name of a label. */
    public static final int MAX_LABEL_NAME_LENGTH = 63;

    /** The maximum length of the value of a label. It may be empty. */
    public static final int MAX_LABEL_VALUE_LENGTH = 255;

    /** The shortest ttl that a caller may ask for. */
    public static final Duration MIN_TTL = Duration.ofSeconds(1);

    /** The longest ttl that a caller may ask for, unless the server is configured with a shorter one. */
    public static final Duration MAX_TTL = Duration.ofDays(1);

    /** The ttl of an acquire that names none, unless the server is configured with another one. */
    public static final Duration DEFAULT_TTL = Duration.ofSeconds(30);

    /** The highest fencing token. JavaScript numbers are exact up to it. */
    public static final long MAX_FENCING_TOKEN = (1L << 53) - 1;

    /** The maximum number of items of a batch. */
    public static final int MAX_BATCH_ITEMS = 1000;

    /** The maximum number of bytes in the body of a batch. */
    public static final int MAX_BATCH_BYTES = 1024 * 1024;

    /** The maximum number of locks or grants on a page. */
    public static final int MAX_PAGE_SIZE = 1000;

    /** The number of locks or grants on a page if the caller names none. */
    public static final int DEFAULT_PAGE_SIZE = 100;

    /**
     * The longest time for which a break closes a stream. It must not exceed {@link #MIN_TOMBSTONE_RETENTION}: a stream
     * that is forgotten opens.
     */
    public static final Duration MAX_BREAK_DELAY = Duration.ofMinutes(1);

    /** The shortest time after which a stream without a live lease may be forgotten. */
    public static final Duration MIN_TOMBSTONE_RETENTION = Duration.ofMinutes(1);

    /** The longest time for which a stream without a live lease may be remembered. */
    public static final Duration MAX_TOMBSTONE_RETENTION = Duration.ofDays(365);

    /** The shortest time after which a grant that has ended may be forgotten, unless no history is kept at all. */
    public static final Duration MIN_HISTORY_RETENTION = Duration.ofMinutes(1);

    /** The longest time for which a grant that has ended may be remembered. */
    public static final Duration MAX_HISTORY_RETENTION = Duration.ofDays(3650);

    /**
     * The number of leases that a stream remembers in addition to its latest one. Their ids are not granted again, and
     * their holders learn that they were superseded.
     */
    public static final int SUPERSEDED_REMEMBERED = 8;

    /** The longest time for which an acquire waits. It is below the time-outs of most proxies. */
    public static final Duration MAX_WAIT = Duration.ofMillis(25_000);

    /** How long a place in a queue outlives the call that waited. The caller repeats the call within this time. */
    public static final Duration PLACE_KEPT = Duration.ofSeconds(5);

    /** The maximum number of waiters in a list. */
    public static final int MAX_LISTED_WAITERS = 1000;

    /** The maximum number of live members of a group. Each report reads all of them. */
    public static final int MAX_GROUP_MEMBERS = 1000;

    /** The maximum number of streams that a member of a group holds, has work for, or can hold. */
    public static final int MAX_GROUP_STREAMS = 10_000_000;

    /** The maximum number of groups in a list. */
    public static final int MAX_LISTED_GROUPS = 1000;

    private Limits() {}
}

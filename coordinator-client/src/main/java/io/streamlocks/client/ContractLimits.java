package io.streamlocks.client;

import java.time.Duration;

/**
 * The bounds of the coordinator's contract that this client keeps by itself. This is their only place in the client. A
 * test compares them with {@code openapi.yaml}.
 */
final class ContractLimits {

    /** The most characters (code points) of a stream id. */
    static final int MAX_STREAM_ID_LENGTH = 255;

    /** The shortest length of a lease. */
    static final Duration MIN_TTL = Duration.ofSeconds(1);

    /** The longest length of a lease. */
    static final Duration MAX_TTL = Duration.ofHours(24);

    /** The most labels of a lease. */
    static final int MAX_LABELS = 16;

    /** The most characters (code points) of the name of a label, which has at least one. */
    static final int MAX_LABEL_NAME_LENGTH = 63;

    /** The most characters (code points) of the value of a label. */
    static final int MAX_LABEL_VALUE_LENGTH = 255;

    /** The most items of a batch call. */
    static final int MAX_BATCH = 1000;

    /** The most bytes in the body of a batch call. */
    static final int MAX_BATCH_BYTES = 1024 * 1024;

    private ContractLimits() {}
}

package io.streamlocks.coordinator.http.jetty;

import java.util.HashMap;
import java.util.Map;

/**
 * Bounds the memory that is held for clients: bodies until their call has a response, and responses until they are
 * read. All callers together may use it up, but no single caller may: a caller may hold three quarters of what the
 * others leave, or one body or response. This class is thread-safe.
 */
public final class HeldBytes {

    private final long max;

    /** Is guarded by this, as {@link #ofCallers} is. */
    private long held;

    /** Contains only callers that hold something. */
    private final Map<String, Long> ofCallers = new HashMap<>();

    /**
     * Creates an empty count.
     *
     * @param max how many bytes may be held
     */
    public HeldBytes(long max) {
        this.max = max;
    }

    /**
     * Counts bytes as held for a caller. They are to be given back.
     *
     * @param from how many bytes of the same body or response are counted already
     * @param to how many bytes it needs
     * @return whether they are counted; if not, too many are held already
     */
    public synchronized boolean grow(String caller, int from, int to) {
        int bytes = to - from;
        long others = ofCallers.getOrDefault(caller, 0L) - from;
        // The only one of a caller may be larger than the caller's part; otherwise it would always be refused.
        if (held + bytes > max || (others > 0 && others + to > (max - (held - from - others)) / 4 * 3)) {
            return false;
        }
        held += bytes;
        ofCallers.merge(caller, (long) bytes, Long::sum);
        return true;
    }

    /** Counts bytes as no longer held. */
    public synchronized void giveBack(String caller, int bytes) {
        if (bytes > 0) {
            held -= bytes;
            ofCallers.computeIfPresent(caller, (any, all) -> all == bytes ? null : all - bytes);
        }
    }
}

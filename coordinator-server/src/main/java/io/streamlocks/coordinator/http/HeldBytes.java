package io.streamlocks.coordinator.http;

import java.util.HashMap;
import java.util.Map;

/**
 * How much memory is held for clients: bodies until their call is answered, and answers until they are read. All callers
 * together may use it up, but none of them alone: what a caller holds is three quarters of what the others leave, or one body
 * or answer. Thread-safe.
 */
final class HeldBytes {

    private final long max;

    /** Guarded by this, as is {@link #ofCallers}. */
    private long held;

    /** Without those who hold nothing. */
    private final Map<String, Long> ofCallers = new HashMap<>();

    HeldBytes(long max) {
        this.max = max;
    }

    /**
     * Counts these as held for this caller, to be given back.
     *
     * @param from how many bytes of the same body or answer are counted already
     * @param to how many it needs
     * @return whether they are counted; if not, there are too many already
     */
    synchronized boolean grow(String caller, int from, int to) {
        int bytes = to - from;
        long others = ofCallers.getOrDefault(caller, 0L) - from;
        // The only one of a caller may be larger than his part: else it would be refused for ever.
        if (held + bytes > max || (others > 0 && others + to > (max - (held - from - others)) / 4 * 3)) {
            return false;
        }
        held += bytes;
        ofCallers.merge(caller, (long) bytes, Long::sum);
        return true;
    }

    synchronized void giveBack(String caller, int bytes) {
        if (bytes > 0) {
            held -= bytes;
            ofCallers.computeIfPresent(caller, (any, all) -> all == bytes ? null : all - bytes);
        }
    }
}

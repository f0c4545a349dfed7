package io.streamlocks.coordinator.lock.memory;

import io.streamlocks.coordinator.lock.Grant;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.stream.Stream;

/** The leases that ended, in the order in which they did. Not thread-safe. */
final class MemoryHistory {

    /** Memory is bounded; PostgreSQL keeps as much as it is told to. */
    static final int MAX_GRANTS = 100_000;

    private final boolean kept;
    private final Deque<Grant> ended = new ArrayDeque<>();

    /**
     * @param kept whether anything is remembered
     */
    MemoryHistory(boolean kept) {
        this.kept = kept;
    }

    void add(Grant grant) {
        if (kept) {
            ended.add(grant);
            if (ended.size() > MAX_GRANTS) {
                ended.remove();
            }
        }
    }

    Stream<Grant> grants() {
        return ended.stream();
    }

    /** Forgets what ended before then. */
    int purge(Instant before) {
        int size = ended.size();
        ended.removeIf(grant -> grant.end().orElseThrow().at().isBefore(before));
        return size - ended.size();
    }
}

package io.streamlocks.coordinator.lock.memory;

import io.streamlocks.coordinator.lock.Grant;
import io.streamlocks.coordinator.lock.GrantPage;
import io.streamlocks.coordinator.lock.GrantPage.Position;
import io.streamlocks.coordinator.lock.HistoryQuery;
import io.streamlocks.coordinator.lock.StreamHistoryQuery;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;

/** The grants that have ended, in the order of their ends. This class is not thread-safe. */
final class MemoryHistory {

    /** It bounds the memory. PostgreSQL keeps as many grants as it is configured to. */
    static final int MAX_GRANTS = 100_000;

    private static final Comparator<Position> EARLIEST_FIRST =
            Comparator.comparing(Position::acquiredAt).thenComparing(Position::fencingToken);

    private final boolean kept;
    private final Deque<Grant> ended = new ArrayDeque<>();

    /** @param kept whether grants are remembered at all */
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

    /**
     * Returns a page of the grants of one stream.
     *
     * @param latest the latest grant of the stream, if its end is not in history
     */
    GrantPage page(StreamHistoryQuery query, Stream<Grant> latest) {
        List<Grant> grants = Stream.concat(
                        latest, ended.stream().filter(grant -> grant.streamId().equals(query.streamId())))
                .filter(grant -> grant.fencingToken() < query.below())
                .filter(grant ->
                        query.at().isEmpty() || wasLive(grant, query.at().get()))
                .sorted(Comparator.comparingLong(Grant::fencingToken).reversed())
                .limit(query.pageSize() + 1L)
                .toList();
        return GrantPage.of(grants, query.pageSize());
    }

    private static boolean wasLive(Grant grant, Instant at) {
        return !grant.acquiredAt().isAfter(at)
                && (grant.end().isEmpty() || grant.end().get().at().isAfter(at));
    }

    /**
     * Returns a page of the grants of all streams.
     *
     * @param latest the latest grants of all streams whose ends are not in history
     */
    GrantPage page(HistoryQuery query, Stream<Grant> latest) {
        List<Grant> grants = Stream.concat(latest, ended.stream())
                .filter(grant -> isWanted(query, grant))
                .sorted(Comparator.comparing(Position::of, EARLIEST_FIRST).reversed())
                .limit(query.pageSize() + 1L)
                .toList();
        return GrantPage.of(grants, query.pageSize());
    }

    private static boolean isWanted(HistoryQuery query, Grant grant) {
        return query.after()
                        .map(after -> EARLIEST_FIRST.compare(Position.of(grant), after) < 0)
                        .orElse(true)
                && grant.streamId().startsWith(query.prefix())
                && query.ownerId().map(grant.ownerId()::equals).orElse(true)
                && query.since()
                        .map(since -> !grant.acquiredAt().isBefore(since))
                        .orElse(true)
                && query.until()
                        .map(until -> grant.acquiredAt().isBefore(until))
                        .orElse(true)
                && (query.endReason().isEmpty()
                        || query.endReason().equals(grant.end().map(Grant.End::reason)));
    }

    /** Forgets the grants that ended before this time, and returns their number. */
    int purge(Instant before) {
        int size = ended.size();
        ended.removeIf(grant -> grant.end().orElseThrow().at().isBefore(before));
        return size - ended.size();
    }
}

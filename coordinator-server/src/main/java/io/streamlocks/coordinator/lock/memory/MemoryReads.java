package io.streamlocks.coordinator.lock.memory;

import io.streamlocks.coordinator.lock.GrantPage;
import io.streamlocks.coordinator.lock.HistoryQuery;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockPage;
import io.streamlocks.coordinator.lock.LockQuery;
import io.streamlocks.coordinator.lock.LockReads;
import io.streamlocks.coordinator.lock.StreamHistoryQuery;
import io.streamlocks.coordinator.lock.Waiter;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Reads many streams. This class is thread-safe.
 *
 * @param monitor guards the streams, the queues and the history
 * @param streams the latest lease of each stream
 * @param queues the queues of the streams
 * @param history the grants that have ended
 * @param clock the clock of the backend
 */
record MemoryReads(
        Object monitor, TreeMap<String, Entry> streams, MemoryQueues queues, MemoryHistory history, InstantSource clock)
        implements LockReads {

    @Override
    public LockPage list(LockQuery query) {
        synchronized (monitor) {
            Instant now = clock.instant();
            boolean fromPrefix = MemoryLockManager.BYTE_ORDER.compare(query.prefix(), query.after()) > 0;
            List<Lock> locks =
                    streams.tailMap(fromPrefix ? query.prefix() : query.after(), fromPrefix).values().stream()
                            .takeWhile(entry -> entry.streamId().startsWith(query.prefix()))
                            .filter(entry -> entry.isLive(now))
                            .filter(entry -> query.ownerId().isEmpty()
                                    || query.ownerId().get().equals(entry.ownerId()))
                            .limit(query.pageSize() + 1L)
                            .map(entry -> entry.lock(now, queues.size(entry.streamId(), now)))
                            .toList();
            return LockPage.of(locks, query.pageSize());
        }
    }

    @Override
    public GrantPage history(StreamHistoryQuery query) {
        synchronized (monitor) {
            Instant now = clock.instant();
            return history.page(
                    query,
                    Stream.ofNullable(streams.get(query.streamId())).flatMap(entry -> entry.latestGrant(now).stream()));
        }
    }

    @Override
    public GrantPage history(HistoryQuery query) {
        synchronized (monitor) {
            Instant now = clock.instant();
            return history.page(query, streams.values().stream().flatMap(entry -> entry.latestGrant(now).stream()));
        }
    }

    @Override
    public List<Waiter> waiters(String streamId) {
        synchronized (monitor) {
            return queues.waiters(streamId, clock.instant());
        }
    }
}

package io.streamlocks.coordinator.lock.memory;

import io.streamlocks.coordinator.lock.Upkeep;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Forgets streams, places, history and members, and counts leases. This class is thread-safe.
 *
 * @param monitor guards the streams, the queues and the history
 * @param streams the latest lease of each stream
 * @param queues the queues of the streams
 * @param history the grants that have ended
 * @param groups the groups, which guard themselves
 * @param clock the clock of the backend
 */
record MemoryUpkeep(
        Object monitor,
        TreeMap<String, Entry> streams,
        MemoryQueues queues,
        MemoryHistory history,
        MemoryGroups groups,
        InstantSource clock)
        implements Upkeep {

    private static final int CHUNK = 1000;

    @Override
    public Map<String, Long> liveLeases() {
        synchronized (monitor) {
            Instant now = clock.instant();
            return streams.values().stream()
                    .filter(entry -> entry.isLive(now))
                    .collect(Collectors.groupingBy(Entry::ownerId, Collectors.counting()));
        }
    }

    @Override
    public int purgeHistory(Duration endedFor) {
        synchronized (monitor) {
            return history.purge(clock.instant().minus(endedFor));
        }
    }

    @Override
    public int purge(Duration idleFor) {
        groups.purge();
        synchronized (monitor) {
            queues.purge(clock.instant());
        }
        int purged = 0;
        String after = "";
        while (after != null) {
            // The monitor is free between chunks, so that no acquire waits for a walk over a million streams.
            synchronized (monitor) {
                Instant now = clock.instant();
                Instant idleSince = now.minus(idleFor);
                List<Entry> chunk = streams.tailMap(after, false).values().stream()
                        .limit(CHUNK)
                        .toList();
                after = chunk.size() < CHUNK
                        ? null
                        : chunk.get(chunk.size() - 1).streamId();
                List<Entry> idle = chunk.stream()
                        .filter(entry -> entry.isIdleSince(idleSince) && queues.size(entry.streamId(), now) == 0)
                        .toList();
                idle.forEach(this::forget);
                purged += idle.size();
            }
        }
        return purged;
    }

    private void forget(Entry entry) {
        if (!entry.isEnded()) {
            history.add(entry.expired());
        }
        streams.remove(entry.streamId());
        queues.forget(entry.streamId());
    }
}

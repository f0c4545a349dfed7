package io.streamlocks.coordinator.limit;

import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * A cap of the live leases of an owner: a guard against a worker that runs wild, not an exact quota.
 *
 * <p>What an owner holds is the last census of the storage, which is taken every few seconds, and what this server granted
 * and released since. So an owner that asks several servers can have more for some seconds; and one whose leases ran out,
 * were broken or were released at another server can be refused for as long. Waiting for {@link #REFRESH_INTERVAL} and
 * asking again is right.
 *
 * <p>Thread-safe.
 */
public final class OwnerCap {

    /** How often {@link #refresh} is to be called. */
    public static final Duration REFRESH_INTERVAL = Duration.ofSeconds(5);

    /** A release names a lease, not its owner, so the owners of the latest grants are remembered. */
    static final int REMEMBERED_LEASES = 100_000;

    /** One grant. The lease id alone is not: a client may use one for several streams, and has a lease of each. */
    private record Key(String streamId, UUID leaseId) {}

    private final int max;
    private final Supplier<Map<String, Long>> census;

    private Map<String, Long> counted = Map.of();

    /** What was admitted, and is neither granted nor not. A census may see it or not, so none ends it. */
    private final Map<String, Long> underWay = new HashMap<>();

    /** What changed since the last census began. */
    private Map<String, Long> since = new HashMap<>();

    /** What changed since the census under way began; null while there is none. */
    private Map<String, Long> duringCensus;

    private final Map<Key, String> owners = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, String> eldest) {
            return size() > REMEMBERED_LEASES;
        }
    };

    /**
     * @param max the most live leases of an owner
     * @param census counts them, by owner
     */
    public OwnerCap(int max, Supplier<Map<String, Long>> census) {
        this.max = max;
        this.census = census;
    }

    /**
     * Counts one more, if there is room; for a lease that was granted before and is asked for again, there is. It is to be
     * followed by {@link #granted} or {@link #notGranted}.
     *
     * @return whether there is room
     */
    public synchronized boolean admit(String ownerId, String streamId, UUID leaseId) {
        if (!owners.containsKey(new Key(streamId, leaseId))
                && counted.getOrDefault(ownerId, 0L)
                                + since.getOrDefault(ownerId, 0L)
                                + underWay.getOrDefault(ownerId, 0L)
                        >= max) {
            return false;
        }
        underWay.merge(ownerId, 1L, Long::sum);
        return true;
    }

    /** What was admitted is granted. */
    public synchronized void granted(String ownerId, String streamId, UUID leaseId) {
        notGranted(ownerId);
        // Else it was granted before and asked for again: it was counted then.
        if (owners.put(new Key(streamId, leaseId), ownerId) == null) {
            add(ownerId, 1);
        }
    }

    /** What was admitted is not granted after all, or nobody knows. */
    public synchronized void notGranted(String ownerId) {
        underWay.computeIfPresent(ownerId, (owner, leases) -> leases == 1 ? null : leases - 1);
    }

    /** A lease is released. */
    public synchronized void released(String streamId, UUID leaseId) {
        String ownerId = owners.remove(new Key(streamId, leaseId));
        if (ownerId != null) {
            add(ownerId, -1);
        }
    }

    private void add(String ownerId, long leases) {
        since.merge(ownerId, leases, Long::sum);
        if (duringCensus != null) {
            duringCensus.merge(ownerId, leases, Long::sum);
        }
    }

    /**
     * Takes a census. Blocks for as long as that takes; the others do not wait for it.
     *
     * @throws RuntimeException if it fails; what was counted before stands
     */
    public void refresh() {
        synchronized (this) {
            duringCensus = new HashMap<>();
        }
        Map<String, Long> now = null;
        try {
            now = census.get();
        } finally {
            synchronized (this) {
                if (now != null) {
                    counted = now;
                    since = duringCensus;
                }
                duringCensus = null;
            }
        }
    }
}

package io.streamlocks.coordinator.limit;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Limits the live leases of an owner. It protects against a faulty worker, and is not an exact quota.
 *
 * <p>The number of leases is that of the last census of the storage, plus those that this server has granted and minus
 * those that it has released since. A census takes place every few seconds. An owner that uses several servers can
 * therefore exceed the limit for some seconds. An owner whose leases ran out, were broken, or were released at another
 * server can be rejected for as long. It should try again after {@link #REFRESH_INTERVAL}.
 *
 * <p>This class is thread-safe.
 */
public final class OwnerCap {

    /** How often the caller calls {@link #refresh}. */
    public static final Duration REFRESH_INTERVAL = Duration.ofSeconds(5);

    /** How many owners of the latest grants are remembered. A release contains the lease id and not the owner. */
    static final int REMEMBERED_LEASES = 100_000;

    /** Identifies a grant. A client may use one lease id for several streams, and has a lease on each of them. */
    private record Key(String streamId, UUID leaseId) {}

    private final int max;
    private final Supplier<Map<String, Long>> census;

    private Map<String, Long> counted = Map.of();

    /**
     * Admitted requests without an outcome. A census may or may not count them, so they stay here until their outcome.
     */
    private final Map<String, Long> underWay = new HashMap<>();

    /** The changes since the last census began. */
    private Map<String, Long> since = new HashMap<>();

    /** The changes since the running census began; null while no census runs. */
    private @Nullable Map<String, Long> duringCensus;

    private final Map<Key, String> owners = BoundedMap.byInsertion(REMEMBERED_LEASES);

    /**
     * @param max the most live leases of an owner
     * @param census counts the live leases by owner
     */
    public OwnerCap(int max, Supplier<Map<String, Long>> census) {
        this.max = max;
        this.census = census;
    }

    /**
     * Admits a request if the owner is below its limit, or if this server has granted the same lease before. The caller
     * then calls {@link #granted} or {@link #notGranted}.
     *
     * @return whether the request is admitted
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

    /** Records that an admitted request was granted. */
    public synchronized void granted(String ownerId, String streamId, UUID leaseId) {
        notGranted(ownerId);
        grantedLater(ownerId, streamId, leaseId);
    }

    /** Records that a request was granted after it had waited. It did not count as admitted meanwhile. */
    public synchronized void grantedLater(String ownerId, String streamId, UUID leaseId) {
        // A repeated acquire of the same lease was counted the first time.
        if (owners.put(new Key(streamId, leaseId), ownerId) == null) {
            add(ownerId, 1);
        }
    }

    /** Records that an admitted request was not granted, or that its outcome is unknown. */
    public synchronized void notGranted(String ownerId) {
        underWay.computeIfPresent(ownerId, (owner, leases) -> leases == 1 ? null : leases - 1);
    }

    /** Records that a lease was released. */
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
     * Counts the live leases. Blocks for as long as the census takes. The other methods do not wait for it.
     *
     * @throws RuntimeException if the census fails; the previous one stays in use
     */
    public void refresh() {
        Map<String, Long> during = new HashMap<>();
        synchronized (this) {
            duringCensus = during;
        }
        Map<String, Long> now = null;
        try {
            now = census.get();
        } finally {
            synchronized (this) {
                if (now != null) {
                    counted = now;
                    since = during;
                }
                duringCensus = null;
            }
        }
    }
}

package io.streamlocks.coordinator.lock.memory;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.LockPage;
import io.streamlocks.coordinator.lock.LockQuery;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Leases in the memory of this process. Nothing outlives a restart but the rise of the fencing tokens; two servers on
 * this backend know nothing of each other.
 *
 * <p>Thread-safe: one monitor guards all streams. No call waits for anything but that monitor, so none throws {@link
 * io.streamlocks.coordinator.lock.StorageUnavailableException}.
 */
public final class MemoryLockManager implements LockManager {

    private static final int PURGE_CHUNK = 1000;

    /** As PostgreSQL's collation "C"; {@link String#compareTo} would sort emoji before U+E000. */
    private static final Comparator<String> BYTE_ORDER =
            Comparator.comparing(id -> id.getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned);

    private final InstantSource clock;
    private final TreeMap<String, Entry> streams = new TreeMap<>(BYTE_ORDER);
    private long lastFencingToken;

    /**
     * @param clock decides when leases end; must never go back. Its first reading also seeds the fencing tokens: they
     *     start at the microseconds since 1970, above any token given out before a restart as long as fewer than a
     *     million leases were granted each second, and below 2^53 until the year 2255
     */
    public MemoryLockManager(InstantSource clock) {
        this.clock = clock;
        Instant now = clock.instant();
        this.lastFencingToken =
                TimeUnit.SECONDS.toMicros(now.getEpochSecond()) + TimeUnit.NANOSECONDS.toMicros(now.getNano());
    }

    @Override
    public synchronized List<AcquireOutcome> acquire(List<AcquireRequest> requests) {
        return requests.stream().map(this::acquire).toList();
    }

    private AcquireOutcome acquire(AcquireRequest request) {
        Instant now = clock.instant();
        Entry last = streams.get(request.streamId());
        if (last != null) {
            boolean live = last.isLive(now);
            if (last.leaseId.equals(request.leaseId())) {
                return live
                        ? new AcquireOutcome.Granted(last.lease(request.streamId(), now))
                        : new AcquireOutcome.LeaseIdUsed();
            }
            if (last.supersededLeaseIds.contains(request.leaseId())) {
                return new AcquireOutcome.LeaseIdUsed();
            }
            if (live) {
                return new AcquireOutcome.Held(last.lock(request.streamId(), now));
            }
        }
        Entry granted = new Entry(request, ++lastFencingToken, now, last == null ? List.of() : last.leaseIdsSoFar());
        streams.put(request.streamId(), granted);
        return new AcquireOutcome.Granted(granted.lease(request.streamId(), now));
    }

    @Override
    public synchronized List<RenewOutcome> renew(List<RenewRequest> requests) {
        return requests.stream().map(this::renew).toList();
    }

    private RenewOutcome renew(RenewRequest request) {
        Instant now = clock.instant();
        Entry entry = streams.get(request.streamId());
        Optional<LossReason> loss = lossOf(entry, request.leaseId(), now);
        if (loss.isPresent()) {
            return new RenewOutcome.Lost(loss.get());
        }
        entry.renew(request.ttl().orElse(entry.ttl), now);
        return new RenewOutcome.Renewed(entry.lease(request.streamId(), now));
    }

    @Override
    public synchronized List<ReleaseOutcome> release(List<ReleaseRequest> requests) {
        return requests.stream().map(this::release).toList();
    }

    private ReleaseOutcome release(ReleaseRequest request) {
        Instant now = clock.instant();
        Entry entry = streams.get(request.streamId());
        Optional<LossReason> loss = lossOf(entry, request.leaseId(), now);
        if (loss.isEmpty()) {
            entry.release(now);
        } else if (loss.get() != LossReason.RELEASED) {
            return new ReleaseOutcome.Lost(loss.get());
        }
        return new ReleaseOutcome.Released();
    }

    /** Why the lease is over, or empty if it is live. */
    private static Optional<LossReason> lossOf(Entry entry, UUID leaseId, Instant now) {
        if (entry == null) {
            return Optional.of(LossReason.UNKNOWN);
        }
        if (entry.leaseId.equals(leaseId)) {
            if (entry.ownerId == null) {
                return Optional.of(LossReason.RELEASED);
            }
            return entry.isLive(now) ? Optional.empty() : Optional.of(LossReason.EXPIRED);
        }
        return Optional.of(entry.supersededLeaseIds.contains(leaseId) ? LossReason.SUPERSEDED : LossReason.UNKNOWN);
    }

    @Override
    public synchronized Optional<Lock> find(String streamId) {
        Instant now = clock.instant();
        return Optional.ofNullable(streams.get(streamId))
                .filter(entry -> entry.isLive(now))
                .map(entry -> entry.lock(streamId, now));
    }

    @Override
    public synchronized LockPage list(LockQuery query) {
        Instant now = clock.instant();
        boolean fromPrefix = BYTE_ORDER.compare(query.prefix(), query.after()) > 0;
        List<Lock> locks = streams.tailMap(fromPrefix ? query.prefix() : query.after(), fromPrefix).entrySet().stream()
                .takeWhile(stream -> stream.getKey().startsWith(query.prefix()))
                .filter(stream -> stream.getValue().isLive(now))
                .filter(stream ->
                        query.ownerId().isEmpty() || query.ownerId().get().equals(stream.getValue().ownerId))
                .limit(query.pageSize() + 1L)
                .map(stream -> stream.getValue().lock(stream.getKey(), now))
                .toList();
        return LockPage.of(locks, query.pageSize());
    }

    @Override
    public synchronized Map<String, Long> liveLeases() {
        Instant now = clock.instant();
        return streams.values().stream()
                .filter(entry -> entry.isLive(now))
                .collect(Collectors.groupingBy(entry -> entry.ownerId, Collectors.counting()));
    }

    @Override
    public int purge(Duration idleFor) {
        int purged = 0;
        String after = "";
        while (after != null) {
            // The monitor is given up between chunks, so that no acquire waits for a walk over a million streams.
            synchronized (this) {
                Instant idleSince = clock.instant().minus(idleFor);
                List<Map.Entry<String, Entry>> chunk = streams.tailMap(after, false).entrySet().stream()
                        .limit(PURGE_CHUNK)
                        .toList();
                after = chunk.size() < PURGE_CHUNK
                        ? null
                        : chunk.get(chunk.size() - 1).getKey();
                List<String> idle = chunk.stream()
                        .filter(stream -> stream.getValue().expiresAt.isBefore(idleSince))
                        .map(Map.Entry::getKey)
                        .toList();
                idle.forEach(streams::remove);
                purged += idle.size();
            }
        }
        return purged;
    }

    @Override
    public void verifyWritable() {
        // Memory always is.
    }

    /** The latest lease of a stream, live or over. Guarded by the manager's monitor. */
    private static final class Entry {
        private String ownerId;
        private final UUID leaseId;
        private final long fencingToken;
        private Duration ttl;
        private final Instant acquiredAt;
        private Instant expiresAt;
        private final List<UUID> supersededLeaseIds;

        Entry(AcquireRequest request, long fencingToken, Instant now, List<UUID> supersededLeaseIds) {
            this.ownerId = request.ownerId();
            this.leaseId = request.leaseId();
            this.fencingToken = fencingToken;
            this.ttl = request.ttl();
            this.acquiredAt = now;
            this.expiresAt = now.plus(request.ttl());
            this.supersededLeaseIds = supersededLeaseIds;
        }

        boolean isLive(Instant now) {
            return expiresAt.isAfter(now);
        }

        void renew(Duration newTtl, Instant now) {
            ttl = newTtl;
            expiresAt = now.plus(newTtl);
        }

        void release(Instant now) {
            ownerId = null;
            expiresAt = now;
        }

        List<UUID> leaseIdsSoFar() {
            return Stream.concat(Stream.of(leaseId), supersededLeaseIds.stream())
                    .limit(SUPERSEDED_REMEMBERED)
                    .toList();
        }

        Lease lease(String streamId, Instant now) {
            return new Lease(leaseId, lock(streamId, now));
        }

        Lock lock(String streamId, Instant now) {
            return new Lock(
                    streamId, ownerId, fencingToken, ttl, acquiredAt, expiresAt, Duration.between(now, expiresAt));
        }
    }
}

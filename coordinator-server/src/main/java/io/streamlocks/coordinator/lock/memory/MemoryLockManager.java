package io.streamlocks.coordinator.lock.memory;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.EndReason;
import io.streamlocks.coordinator.lock.Grant;
import io.streamlocks.coordinator.lock.GrantPage;
import io.streamlocks.coordinator.lock.HistoryQuery;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.LockPage;
import io.streamlocks.coordinator.lock.LockQuery;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StreamHistoryQuery;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
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
    private final MemoryHistory history;
    private long lastFencingToken;

    /**
     * @param clock decides when leases end; must never go back. Its first reading also seeds the fencing tokens: they
     *     start at the microseconds since 1970, above any token given out before a restart as long as fewer than a
     *     million leases were granted each second, and below 2^53 until the year 2255
     * @param keepHistory whether to remember leases that were followed by another, the latest {@value
     *     MemoryHistory#MAX_GRANTS} of them
     */
    public MemoryLockManager(InstantSource clock, boolean keepHistory) {
        this.clock = clock;
        this.history = new MemoryHistory(keepHistory);
        Instant now = now();
        this.lastFencingToken =
                TimeUnit.SECONDS.toMicros(now.getEpochSecond()) + TimeUnit.NANOSECONDS.toMicros(now.getNano());
    }

    /** To the microsecond, as PostgreSQL has it: finer times would get lost in the page tokens of history. */
    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    @Override
    public synchronized List<AcquireOutcome> acquire(List<AcquireRequest> requests) {
        return requests.stream().map(this::acquire).toList();
    }

    private AcquireOutcome acquire(AcquireRequest request) {
        Instant now = now();
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
            if (last.closedUntil.isAfter(now)) {
                return new AcquireOutcome.Delayed(Duration.between(now, last.closedUntil));
            }
            if (last.ownerId != null) {
                history.add(last.grant(
                        request.streamId(),
                        new Grant.End(
                                last.expiresAt,
                                EndReason.SUPERSEDED,
                                Optional.of(request.ownerId()),
                                Optional.empty())));
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
        Instant now = now();
        Entry entry = streams.get(request.streamId());
        Optional<LossReason> loss = lossOf(entry, request.leaseId(), request.ownerPrefix(), now);
        if (loss.isPresent()) {
            return new RenewOutcome.Lost(loss.get(), breakReason(loss.get(), entry));
        }
        entry.renew(request.ttl().orElse(entry.ttl), now);
        return new RenewOutcome.Renewed(entry.lease(request.streamId(), now));
    }

    @Override
    public synchronized List<ReleaseOutcome> release(List<ReleaseRequest> requests) {
        return requests.stream().map(this::release).toList();
    }

    private ReleaseOutcome release(ReleaseRequest request) {
        Instant now = now();
        Entry entry = streams.get(request.streamId());
        Optional<LossReason> loss = lossOf(entry, request.leaseId(), request.ownerPrefix(), now);
        if (loss.isEmpty()) {
            Grant.End end = new Grant.End(now, EndReason.RELEASED, Optional.of(entry.ownerId), Optional.empty());
            history.add(entry.grant(request.streamId(), end));
            entry.end(now);
        } else if (loss.get() != LossReason.RELEASED) {
            return new ReleaseOutcome.Lost(loss.get(), breakReason(loss.get(), entry));
        }
        return new ReleaseOutcome.Released();
    }

    /** Why the lease is over, or empty if it is live. */
    private static Optional<LossReason> lossOf(Entry entry, UUID leaseId, String ownerPrefix, Instant now) {
        if (entry == null) {
            return Optional.of(LossReason.UNKNOWN);
        }
        if (entry.leaseId.equals(leaseId)) {
            boolean ended = entry.ownerId == null;
            if (!(ended ? entry.endedOwnerId : entry.ownerId).startsWith(ownerPrefix)) {
                return Optional.of(LossReason.UNKNOWN);
            }
            if (ended) {
                return Optional.of(entry.breakReason.isPresent() ? LossReason.BROKEN : LossReason.RELEASED);
            }
            return entry.isLive(now) ? Optional.empty() : Optional.of(LossReason.EXPIRED);
        }
        return Optional.of(entry.supersededLeaseIds.contains(leaseId) ? LossReason.SUPERSEDED : LossReason.UNKNOWN);
    }

    private static Optional<String> breakReason(LossReason loss, Entry entry) {
        return loss == LossReason.BROKEN ? entry.breakReason : Optional.empty();
    }

    @Override
    public synchronized List<BreakOutcome> breakLeases(List<BreakRequest> requests) {
        return requests.stream().map(this::breakLease).toList();
    }

    private BreakOutcome breakLease(BreakRequest request) {
        Instant now = now();
        Entry entry = streams.get(request.streamId());
        if (entry == null || !entry.isLive(now) || !entry.ownerId.startsWith(request.ownerPrefix())) {
            return new BreakOutcome.NotLocked();
        }
        if (request.expectedFencingToken()
                .filter(token -> token != entry.fencingToken)
                .isPresent()) {
            return new BreakOutcome.TokenChanged(entry.lock(request.streamId(), now));
        }
        return new BreakOutcome.Broken(breakEntry(request.streamId(), entry, request.breaking(), now));
    }

    private Grant breakEntry(String streamId, Entry entry, Breaking breaking, Instant now) {
        Grant broken = entry.grant(
                streamId,
                new Grant.End(now, EndReason.BROKEN, Optional.of(breaking.by()), Optional.of(breaking.reason())));
        history.add(broken);
        entry.breakReason = Optional.of(breaking.reason());
        entry.closedUntil = now.plus(breaking.delay());
        entry.end(now);
        return broken;
    }

    @Override
    public synchronized int breakOwner(String ownerId, Breaking breaking) {
        Instant now = now();
        int broken = 0;
        for (Map.Entry<String, Entry> stream : streams.entrySet()) {
            if (stream.getValue().isLive(now) && ownerId.equals(stream.getValue().ownerId)) {
                breakEntry(stream.getKey(), stream.getValue(), breaking, now);
                broken++;
            }
        }
        return broken;
    }

    @Override
    public synchronized GrantPage history(StreamHistoryQuery query) {
        Instant now = now();
        Entry latest = streams.get(query.streamId());
        Stream<Grant> current = latest == null || latest.ownerId == null
                ? Stream.empty()
                : Stream.of(latest.grant(query.streamId(), latest.runOut(now)));
        List<Grant> grants = Stream.concat(current, history.grants().filter(grant -> grant.streamId()
                        .equals(query.streamId())))
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

    @Override
    public synchronized GrantPage history(HistoryQuery query) {
        Instant now = now();
        Stream<Grant> current = streams.entrySet().stream()
                .filter(stream -> stream.getValue().ownerId != null)
                .map(stream -> stream.getValue()
                        .grant(stream.getKey(), stream.getValue().runOut(now)));
        Comparator<GrantPage.Position> order =
                Comparator.comparing(GrantPage.Position::acquiredAt).thenComparing(GrantPage.Position::fencingToken);
        List<Grant> grants = Stream.concat(current, history.grants())
                .filter(grant -> query.after().isEmpty()
                        || order.compare(
                                        GrantPage.Position.of(grant),
                                        query.after().get())
                                < 0)
                .filter(grant -> grant.streamId().startsWith(query.prefix()))
                .filter(grant ->
                        query.ownerId().isEmpty() || query.ownerId().get().equals(grant.ownerId()))
                .filter(grant -> query.since().isEmpty()
                        || !grant.acquiredAt().isBefore(query.since().get()))
                .filter(grant -> query.until().isEmpty()
                        || grant.acquiredAt().isBefore(query.until().get()))
                .filter(grant -> query.endReason().isEmpty()
                        || query.endReason().equals(grant.end().map(Grant.End::reason)))
                .sorted(Comparator.comparing(GrantPage.Position::of, order).reversed())
                .limit(query.pageSize() + 1L)
                .toList();
        return GrantPage.of(grants, query.pageSize());
    }

    @Override
    public synchronized Map<String, Long> liveLeases() {
        Instant now = now();
        return streams.values().stream()
                .filter(entry -> entry.isLive(now))
                .collect(Collectors.groupingBy(entry -> entry.ownerId, Collectors.counting()));
    }

    @Override
    public synchronized int purgeHistory(Duration endedFor) {
        return history.purge(now().minus(endedFor));
    }

    @Override
    public synchronized Optional<Lock> find(String streamId) {
        Instant now = now();
        return Optional.ofNullable(streams.get(streamId))
                .filter(entry -> entry.isLive(now))
                .map(entry -> entry.lock(streamId, now));
    }

    @Override
    public synchronized LockPage list(LockQuery query) {
        Instant now = now();
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
    public int purge(Duration idleFor) {
        int purged = 0;
        String after = "";
        while (after != null) {
            // The monitor is given up between chunks, so that no acquire waits for a walk over a million streams.
            synchronized (this) {
                Instant idleSince = now().minus(idleFor);
                List<Map.Entry<String, Entry>> chunk = streams.tailMap(after, false).entrySet().stream()
                        .limit(PURGE_CHUNK)
                        .toList();
                after = chunk.size() < PURGE_CHUNK
                        ? null
                        : chunk.get(chunk.size() - 1).getKey();
                List<Map.Entry<String, Entry>> idle = chunk.stream()
                        .filter(stream -> stream.getValue().expiresAt.isBefore(idleSince))
                        .toList();
                idle.forEach(stream -> forget(stream.getKey(), stream.getValue()));
                purged += idle.size();
            }
        }
        return purged;
    }

    private void forget(String streamId, Entry entry) {
        if (entry.ownerId != null) {
            history.add(entry.grant(streamId, entry.expired()));
        }
        streams.remove(streamId);
    }

    @Override
    public void verifyWritable() {
        // Memory always is.
    }
}

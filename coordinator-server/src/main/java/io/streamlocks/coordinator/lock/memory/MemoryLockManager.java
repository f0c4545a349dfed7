package io.streamlocks.coordinator.lock.memory;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.Grant;
import io.streamlocks.coordinator.lock.GrantPage;
import io.streamlocks.coordinator.lock.HistoryQuery;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.LockPage;
import io.streamlocks.coordinator.lock.LockQuery;
import io.streamlocks.coordinator.lock.LockReads;
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
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Leases in the memory of this process. A restart forgets everything, but fencing tokens continue to rise. Two servers
 * on this backend share nothing.
 *
 * <p>This class is thread-safe: one monitor guards all streams. A call waits only for that monitor, so no method throws
 * {@link io.streamlocks.coordinator.lock.StorageUnavailableException}.
 */
public final class MemoryLockManager implements LockManager, LockReads {

    private static final int PURGE_CHUNK = 1000;

    /** PostgreSQL's collation "C" has this order. {@link String#compareTo} would sort emoji before U+E000. */
    private static final Comparator<String> BYTE_ORDER =
            Comparator.comparing(id -> id.getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned);

    private final InstantSource clock;
    private final TreeMap<String, Entry> streams = new TreeMap<>(BYTE_ORDER);
    private final MemoryHistory history;
    private long lastFencingToken;

    /**
     * Creates a backend without leases.
     *
     * @param clock decides when leases end; must never go back. Its first reading also seeds the fencing tokens, which
     *     start at the microseconds since 1970. That is above all tokens from before a restart if fewer than a million
     *     leases were granted per second, and below 2^53 until the year 2255
     * @param keepHistory whether to remember grants that have ended, the latest {@value MemoryHistory#MAX_GRANTS} of
     *     them
     */
    public MemoryLockManager(InstantSource clock, boolean keepHistory) {
        this.clock = clock;
        this.history = new MemoryHistory(keepHistory);
        Instant now = now();
        this.lastFencingToken =
                TimeUnit.SECONDS.toMicros(now.getEpochSecond()) + TimeUnit.NANOSECONDS.toMicros(now.getNano());
    }

    /** Returns the time in microseconds, as PostgreSQL has it. The page tokens of history contain no finer times. */
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
            if (last.isOf(request.leaseId())) {
                return live ? new AcquireOutcome.Granted(last.lease(now)) : new AcquireOutcome.LeaseIdUsed();
            }
            if (last.hasSuperseded(request.leaseId())) {
                return new AcquireOutcome.LeaseIdUsed();
            }
            if (live) {
                return new AcquireOutcome.Held(last.lock(now));
            }
            Duration opensIn = last.opensIn(now);
            if (opensIn.compareTo(Duration.ZERO) > 0) {
                return new AcquireOutcome.Delayed(opensIn);
            }
            if (!last.isEnded()) {
                history.add(last.superseded(request.ownerId()));
            }
        }
        Entry granted = new Entry(request, ++lastFencingToken, now, last == null ? List.of() : last.leaseIdsSoFar());
        streams.put(request.streamId(), granted);
        return new AcquireOutcome.Granted(granted.lease(now));
    }

    @Override
    public synchronized List<RenewOutcome> renew(List<RenewRequest> requests) {
        return requests.stream().map(this::renew).toList();
    }

    private RenewOutcome renew(RenewRequest request) {
        Instant now = now();
        Entry entry = streams.get(request.streamId());
        if (entry == null) {
            return new RenewOutcome.Lost(LossReason.UNKNOWN, Optional.empty());
        }
        Optional<LossReason> loss = entry.loss(request.leaseId(), request.ownerPrefix(), now);
        if (loss.isPresent()) {
            return new RenewOutcome.Lost(loss.get(), breakReason(loss.get(), entry));
        }
        entry.renew(request.ttl(), now);
        return new RenewOutcome.Renewed(entry.lease(now));
    }

    @Override
    public synchronized List<ReleaseOutcome> release(List<ReleaseRequest> requests) {
        return requests.stream().map(this::release).toList();
    }

    private ReleaseOutcome release(ReleaseRequest request) {
        Instant now = now();
        Entry entry = streams.get(request.streamId());
        if (entry == null) {
            return new ReleaseOutcome.Lost(LossReason.UNKNOWN, Optional.empty());
        }
        Optional<LossReason> loss = entry.loss(request.leaseId(), request.ownerPrefix(), now);
        if (loss.isEmpty()) {
            history.add(entry.release(now));
        } else if (loss.get() != LossReason.RELEASED) {
            return new ReleaseOutcome.Lost(loss.get(), breakReason(loss.get(), entry));
        }
        return new ReleaseOutcome.Released();
    }

    private static Optional<String> breakReason(LossReason loss, Entry entry) {
        return loss == LossReason.BROKEN ? entry.breakReason() : Optional.empty();
    }

    @Override
    public synchronized List<BreakOutcome> breakLeases(List<BreakRequest> requests) {
        return requests.stream().map(this::breakLease).toList();
    }

    private BreakOutcome breakLease(BreakRequest request) {
        Instant now = now();
        Entry entry = streams.get(request.streamId());
        if (entry == null || !entry.isLive(now) || !entry.ownerId().startsWith(request.ownerPrefix())) {
            return new BreakOutcome.NotLocked();
        }
        if (request.expectedFencingToken()
                .filter(token -> token != entry.fencingToken())
                .isPresent()) {
            return new BreakOutcome.TokenChanged(entry.lock(now));
        }
        Grant broken = entry.breakLease(request.breaking(), now);
        history.add(broken);
        return new BreakOutcome.Broken(broken);
    }

    @Override
    public synchronized int breakOwner(String ownerId, Breaking breaking) {
        Instant now = now();
        int broken = 0;
        for (Entry entry : streams.values()) {
            if (entry.isLive(now) && ownerId.equals(entry.ownerId())) {
                history.add(entry.breakLease(breaking, now));
                broken++;
            }
        }
        return broken;
    }

    @Override
    public synchronized Optional<Lock> find(String streamId) {
        Instant now = now();
        return Optional.ofNullable(streams.get(streamId))
                .filter(entry -> entry.isLive(now))
                .map(entry -> entry.lock(now));
    }

    @Override
    public LockReads reads() {
        return this;
    }

    @Override
    public synchronized LockPage list(LockQuery query) {
        Instant now = now();
        boolean fromPrefix = BYTE_ORDER.compare(query.prefix(), query.after()) > 0;
        List<Lock> locks = streams.tailMap(fromPrefix ? query.prefix() : query.after(), fromPrefix).values().stream()
                .takeWhile(entry -> entry.streamId().startsWith(query.prefix()))
                .filter(entry -> entry.isLive(now))
                .filter(entry ->
                        query.ownerId().isEmpty() || query.ownerId().get().equals(entry.ownerId()))
                .limit(query.pageSize() + 1L)
                .map(entry -> entry.lock(now))
                .toList();
        return LockPage.of(locks, query.pageSize());
    }

    @Override
    public synchronized GrantPage history(StreamHistoryQuery query) {
        Instant now = now();
        return history.page(
                query,
                Stream.ofNullable(streams.get(query.streamId())).flatMap(entry -> entry.latestGrant(now).stream()));
    }

    @Override
    public synchronized GrantPage history(HistoryQuery query) {
        Instant now = now();
        return history.page(query, streams.values().stream().flatMap(entry -> entry.latestGrant(now).stream()));
    }

    @Override
    public synchronized Map<String, Long> liveLeases() {
        Instant now = now();
        return streams.values().stream()
                .filter(entry -> entry.isLive(now))
                .collect(Collectors.groupingBy(Entry::ownerId, Collectors.counting()));
    }

    @Override
    public synchronized int purgeHistory(Duration endedFor) {
        return history.purge(now().minus(endedFor));
    }

    @Override
    public int purge(Duration idleFor) {
        int purged = 0;
        String after = "";
        while (after != null) {
            // The monitor is free between chunks, so that no acquire waits for a walk over a million streams.
            synchronized (this) {
                Instant idleSince = now().minus(idleFor);
                List<Entry> chunk = streams.tailMap(after, false).values().stream()
                        .limit(PURGE_CHUNK)
                        .toList();
                after = chunk.size() < PURGE_CHUNK
                        ? null
                        : chunk.get(chunk.size() - 1).streamId();
                List<Entry> idle = chunk.stream()
                        .filter(entry -> entry.isIdleSince(idleSince))
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
    }

    /** Returns at once, because memory is always writable. */
    @Override
    public void verifyWritable() {}
}

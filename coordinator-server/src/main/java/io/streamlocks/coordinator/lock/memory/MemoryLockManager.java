package io.streamlocks.coordinator.lock.memory;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.AwaitedStream;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.Grant;
import io.streamlocks.coordinator.lock.Groups;
import io.streamlocks.coordinator.lock.HandOvers;
import io.streamlocks.coordinator.lock.LeaveRequest;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.LockReads;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
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
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Leases in the memory of this process. A restart forgets everything, but fencing tokens continue to rise. Two servers
 * on this backend share nothing.
 *
 * <p>This class is thread-safe: one monitor guards all streams. A call waits only for that monitor, so no method throws
 * {@link io.streamlocks.coordinator.lock.StorageUnavailableException}.
 */
public final class MemoryLockManager implements LockManager {

    /** PostgreSQL's collation "C" has this order. {@link String#compareTo} would sort emoji before U+E000. */
    static final Comparator<String> BYTE_ORDER =
            Comparator.comparing(id -> id.getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned);

    private final InstantSource clock;
    private final TreeMap<String, Entry> streams = new TreeMap<>(BYTE_ORDER);
    private final MemoryHistory history;
    private final MemoryQueues queues = new MemoryQueues();
    private final MemoryWaits waits = new MemoryWaits(streams, queues, this::handOver);
    private final LockReads reads;
    private final MemoryGroups groups;
    private final MemoryUpkeep upkeep;
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
        this.reads = new MemoryReads(this, streams, queues, history, this::now);
        this.groups = new MemoryGroups(this::now);
        this.upkeep = new MemoryUpkeep(this, streams, queues, history, groups, this::now);
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
                return live ? granted(last, now) : new AcquireOutcome.LeaseIdUsed();
            }
            if (last.hasSuperseded(request.leaseId())) {
                return new AcquireOutcome.LeaseIdUsed();
            }
            if (live) {
                return new AcquireOutcome.Held(waits.lock(last, now));
            }
            Duration opensIn = last.opensIn(now);
            if (opensIn.compareTo(Duration.ZERO) > 0) {
                return new AcquireOutcome.Delayed(opensIn);
            }
            if (queues.first(last, now)
                    .filter(first -> !first.request().leaseId().equals(request.leaseId()))
                    .isPresent()) {
                return new AcquireOutcome.Awaited(OptionalInt.empty());
            }
        }
        return granted(grant(request, now, Optional.empty()), now);
    }

    private Entry grant(AcquireRequest request, Instant now, Optional<Duration> waited) {
        Entry last = streams.get(request.streamId());
        if (last != null && !last.isEnded()) {
            history.add(last.superseded(request.ownerId()));
        }
        Entry granted =
                new Entry(request, ++lastFencingToken, now, waited, last == null ? List.of() : last.leaseIdsSoFar());
        streams.put(request.streamId(), granted);
        queues.remove(request.streamId(), request.leaseId(), place -> true);
        return granted;
    }

    private AcquireOutcome granted(Entry entry, Instant now) {
        return waits.granted(entry, now);
    }

    /** Hands a stream over to the first caller in its queue, if the stream can be granted and the caller waits. */
    private void handOver(Entry entry, Instant now) {
        if (entry.grantableIn(now).compareTo(Duration.ZERO) <= 0) {
            queues.first(entry, now).filter(place -> place.isCalling(now)).ifPresent(place -> {
                Entry granted =
                        grant(place.request().request(), now, Optional.of(Duration.between(place.since(), now)));
                queues.report(granted);
            });
        }
    }

    @Override
    public synchronized List<Optional<AcquireOutcome>> queue(List<QueueRequest> requests) {
        return requests.stream().map(request -> waits.queue(request, now())).toList();
    }

    @Override
    public synchronized List<Optional<AcquireOutcome>> leave(List<LeaveRequest> requests) {
        return requests.stream().map(request -> waits.leave(request, now())).toList();
    }

    @Override
    public synchronized void advance(List<String> streamIds) {
        Instant now = now();
        streamIds.forEach(
                streamId -> Optional.ofNullable(streams.get(streamId)).ifPresent(entry -> handOver(entry, now)));
    }

    @Override
    public synchronized List<AwaitedStream> look(List<AwaitedStream.Known> known, Duration horizon) {
        return waits.look(known, horizon, now());
    }

    @Override
    public synchronized List<QueueRequest> withoutPlace(List<QueueRequest> requests) {
        return waits.withoutPlace(requests);
    }

    @Override
    public HandOvers handOvers() {
        return queues;
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
        return new RenewOutcome.Renewed(waits.lease(entry, now));
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
            handOver(entry, now);
        } else if (loss.get() == LossReason.UNKNOWN && withdraw(request)) {
            handOver(entry, now);
        } else if (loss.get() != LossReason.RELEASED) {
            return new ReleaseOutcome.Lost(loss.get(), breakReason(loss.get(), entry));
        }
        return new ReleaseOutcome.Released();
    }

    private boolean withdraw(ReleaseRequest request) {
        return queues.remove(request.streamId(), request.leaseId(), place -> place.request()
                .ownerId()
                .startsWith(request.ownerPrefix()));
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
            return new BreakOutcome.TokenChanged(waits.lock(entry, now));
        }
        Grant broken = entry.breakLease(request.breaking(), now);
        history.add(broken);
        handOver(entry, now);
        return new BreakOutcome.Broken(broken);
    }

    @Override
    public synchronized int breakOwner(String ownerId, Breaking breaking) {
        Instant now = now();
        // A hand-over changes the map, and may grant a stream to the same owner again.
        List<Entry> held = streams.values().stream()
                .filter(entry -> entry.isLive(now) && ownerId.equals(entry.ownerId()))
                .toList();
        for (Entry entry : held) {
            history.add(entry.breakLease(breaking, now));
            handOver(entry, now);
        }
        return held.size();
    }

    @Override
    public synchronized Optional<Lock> find(String streamId) {
        Instant now = now();
        return Optional.ofNullable(streams.get(streamId))
                .filter(entry -> entry.isLive(now))
                .map(entry -> waits.lock(entry, now));
    }

    @Override
    public LockReads reads() {
        return reads;
    }

    @Override
    public Groups groups() {
        return groups;
    }

    @Override
    public Map<String, Long> liveLeases() {
        return upkeep.liveLeases();
    }

    @Override
    public int purgeHistory(Duration endedFor) {
        return upkeep.purgeHistory(endedFor);
    }

    @Override
    public int purge(Duration idleFor) {
        return upkeep.purge(idleFor);
    }

    /** Returns at once, because memory is always writable. */
    @Override
    public void verifyWritable() {}
}

package io.streamlocks.client.session;

import io.streamlocks.client.GroupMember;
import io.streamlocks.client.HeldLease;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Executor;

/**
 * The leases of a registry that belongs to a group. {@link EvenShares} decides, and this class acts: it tries the
 * streams that the member lacks, and chooses the queues to wait in. A granted lease waits until the next event of its
 * stream opens a session. The {@link GroupHeartbeat} reports to the group and hands streams over.
 *
 * <p>This class is thread-safe. It makes no call under a monitor.
 */
final class GroupLeases<E> implements LeaseSource {

    /** A member reports early if it holds or knows more streams than it reported, so many times per beat at most. */
    private static final int REPORTS_PER_BEAT = 4;

    /** The most requests at a time, each for up to a thousand streams. */
    private static final int MOST_REQUESTS = 20;

    private final GroupMember member;
    private final AwaitedStreams awaited;
    private final Holdings<E> holdings;
    private final SessionRuntime runtime;
    private final Membership membership;
    private final GroupHeartbeat heartbeat;

    // All of these are guarded by shares.
    private final EvenShares shares;
    private final SeenStreams seen;
    private final Map<String, RuntimeException> failures = new HashMap<>();
    private Duration latestTime = Duration.ZERO;
    private boolean trying;
    private boolean closed;

    /**
     * @param capacity the most sessions
     * @param executor runs the task of the heartbeat
     * @param random chooses among equals
     */
    GroupLeases(
            GroupMember member,
            AwaitedStreams awaited,
            Holdings<E> holdings,
            int capacity,
            Executor executor,
            SessionRuntime runtime,
            Random random) {
        this.member = member;
        this.awaited = awaited;
        this.holdings = holdings;
        this.runtime = runtime;
        this.seen = new SeenStreams(() -> member.interval().toNanos());
        this.shares = new EvenShares(seen, random);
        this.membership = new Membership(member, holdings, seen, shares, capacity, runtime);
        this.heartbeat = new GroupHeartbeat(membership, holdings, seen, shares, executor, runtime, this::afterBeat);
    }

    @Override
    public void prepare(Collection<String> streamIds, Duration time) {
        if (streamIds.isEmpty()) {
            return;
        }
        awaited.keep(streamIds, time);
        boolean reportsEarly = isLongSinceReport();
        Set<String> held = holdings.streams();
        boolean due;
        synchronized (shares) {
            if (closed) {
                return;
            }
            long now = runtime.nanoTime();
            latestTime = time;
            seen.sawEvents(streamIds, time, now);
            int lacks = shares.lacks(held.size());
            reportsEarly &= membership.holdsMoreThanReported(held)
                    || shares.shouldReport(held.size(), seen.wanted(held, now), now);
            due = seen.isAnyDue(streamIds, held, lacks > 0, now);
        }
        heartbeat.start();
        if (reportsEarly) {
            heartbeat.wake();
        }
        if (due) {
            acquireMissing();
        }
    }

    private boolean isLongSinceReport() {
        return membership.sinceReport().multipliedBy(REPORTS_PER_BEAT).compareTo(member.interval()) >= 0;
    }

    @Override
    public boolean offers(String streamId) {
        synchronized (shares) {
            return awaited.isGranted(streamId) || failures.containsKey(streamId);
        }
    }

    @Override
    public Optional<HeldLease> acquire(String streamId) {
        RuntimeException failure;
        synchronized (shares) {
            failure = failures.remove(streamId);
        }
        Optional<HeldLease> lease = awaited.take(streamId);
        if (lease.isEmpty() && failure != null) {
            throw failure;
        }
        return lease;
    }

    @Override
    public void want(Collection<String> streamIds, Duration time) {
        // The rule decides which streams to wait for.
    }

    private void afterBeat() {
        synchronized (shares) {
            // Those whose streams have no events any more would stay for ever.
            failures.clear();
        }
        acquireMissing();
    }

    /** Tries the streams that are due, if no other thread does so, and chooses the queues to wait in. */
    private void acquireMissing() {
        synchronized (shares) {
            if (trying || closed) {
                return;
            }
            trying = true;
        }
        try {
            // Each counts as tried when the pass began, so that the next pass tries it again a heartbeat after this
            // one.
            long beganNanos = runtime.nanoTime();
            Tries tries = begin(beganNanos);
            List<String> next = next(tries, beganNanos);
            for (int i = 0; i < MOST_REQUESTS && !next.isEmpty(); i++) {
                GroupMember.Tried tried = member.tryAcquireAll(next);
                take(tried, beganNanos);
                // The next request would fail as well, perhaps after as long a time-out.
                boolean hasFailed = tried.granted().isEmpty() && tried.held().isEmpty();
                next = hasFailed ? List.of() : next(tries, beganNanos);
            }
            choosePlaces();
            if (isLongSinceReport() && membership.holdsMoreThanReported(holdings.streams())) {
                heartbeat.wake();
            }
        } finally {
            synchronized (shares) {
                trying = false;
            }
        }
    }

    private Tries begin(long nowNanos) {
        Set<String> held = holdings.streams();
        synchronized (shares) {
            return shares.begin(held, nowNanos);
        }
    }

    private List<String> next(Tries tries, long nowNanos) {
        Set<String> held = holdings.streams();
        int room = awaited.room();
        synchronized (shares) {
            return closed ? List.of() : shares.next(tries, held, room, nowNanos);
        }
    }

    private void take(GroupMember.Tried tried, long now) {
        synchronized (shares) {
            tried.granted().forEach(lease -> seen.isHeld(lease.streamId()));
            tried.held().forEach((streamId, holder) -> wasHeld(streamId, ofOther(holder), now));
            tried.failed().forEach((streamId, failure) -> wasHeld(streamId, Optional.empty(), now));
            failures.keySet().removeAll(tried.held().keySet());
            failures.putAll(tried.failed());
        }
        awaited.offer(tried.granted(), keptFor());
    }

    private void wasHeld(String streamId, Optional<String> holder, long now) {
        if (holder.isEmpty() && awaited.isQueued(streamId)) {
            // The grant may be on its way to this member, which must not give its place up.
            seen.wasTried(streamId, now);
        } else {
            seen.wasHeld(streamId, holder, now);
        }
    }

    /** Its own lease of the stream may be ending. */
    private Optional<String> ofOther(Optional<String> holder) {
        return holder.filter(owner -> !owner.equals(member.ownerId()));
    }

    private void choosePlaces() {
        Set<String> held = holdings.streams();
        Set<String> places = awaited.places();
        int room = awaited.room();
        List<String> chosen;
        synchronized (shares) {
            chosen = shares.toAwait(places, held, room, runtime.nanoTime());
        }
        awaited.wantOnly(Set.copyOf(chosen), keptFor());
    }

    /** Returns how long a lease without a session waits for an event: until the next turn at least. */
    private Duration keptFor() {
        Duration beats = member.interval().multipliedBy(3);
        synchronized (shares) {
            return latestTime.compareTo(beats) > 0 ? latestTime : beats;
        }
    }

    @Override
    public void close() {
        synchronized (shares) {
            closed = true;
        }
        try {
            heartbeat.close();
        } finally {
            awaited.close();
        }
    }
}

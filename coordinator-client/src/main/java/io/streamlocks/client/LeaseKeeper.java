package io.streamlocks.client;

import io.streamlocks.client.LeaseCalls.LeaseKey;
import io.streamlocks.client.Unreleased.UnderWay;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the leases of a client, from the grant to the end, and ends them all when the client closes.
 *
 * <p>Three threads work for it: the {@link Heartbeat} renews, the {@link ExpiryWatch} ends leases that are no longer
 * safe, and {@link BackgroundReleases} repeats releases. They are three, because a call of one may hang and must not
 * delay another. Only {@link #close} ends them.
 *
 * <p>A lease that is kept while the keeper closes is neither renewed nor given to the caller. {@link #keep} puts the
 * lease into the map and then looks at {@code closed}; {@code close} sets {@code closed} and then reads the map. So at
 * least one of them sees the other, and ends the lease.
 *
 * <p>This class is thread-safe.
 */
final class LeaseKeeper implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LeaseKeeper.class);

    private final Timing timing;
    private final Notices notices;
    private final ClientRuntime runtime;

    private final Map<UUID, HeldLease> leases = new ConcurrentHashMap<>();

    private final Heartbeat heartbeat;
    private final Extensions extensions;
    private final ExpiryWatch watch;
    private final BackgroundReleases background;
    private final Releases releases;

    private volatile boolean closed;

    /** The thread that closes this, and so may wait for work to end; null if there is none. */
    private volatile @Nullable Thread closing;

    /**
     * @param renewals the calls that renew, on connections of their own
     * @param releases the calls that release and extend, on connections of their own
     */
    LeaseKeeper(LeaseCalls renewals, LeaseCalls releases, Timing timing, Notices notices, ClientRuntime runtime) {
        this.timing = timing;
        this.notices = notices;
        this.runtime = runtime;
        long startedNanos = nanoTime();
        watch = new ExpiryWatch(leases.values(), timing, runtime, startedNanos);
        background = new BackgroundReleases(releases, timing, runtime);
        this.releases = new Releases(releases, background, notices, runtime);
        RenewalOutcomes outcomes = new RenewalOutcomes(
                lease -> releaseLater(lease.key(), lease.life().longestLength(), UnderWay.NOTHING), this::mayBeShorter);
        heartbeat = new Heartbeat(renewals, outcomes, leases.values(), timing, notices, runtime, startedNanos);
        extensions = new Extensions(releases, outcomes, this::mayBeShorter, runtime);
        heartbeat.start();
        watch.start();
    }

    long nanoTime() {
        return runtime.nanoTime();
    }

    Notices notices() {
        return notices;
    }

    /** Takes over a lease. Empty if the lease is not safe any more, because its grant took too long. */
    Optional<HeldLease> keep(LeaseKey key, LeaseTerms terms, LeaseCalls.Grant grant, long sentNanos) {
        Duration length = terms.lengthOf(grant);
        long safeUntil = Timing.safeUntil(sentNanos, grant.expiresIn(), length);
        if (safeUntil - nanoTime() <= 0) {
            return Optional.empty();
        }
        LeaseLife life = new LeaseLife(key, grant.fencingToken(), length, safeUntil, this);
        HeldLease lease = new HeldLease(key, life, terms.isRenewed(), sentNanos, this);
        leases.put(key.leaseId(), lease);
        if (closed) {
            forget(key);
            return Optional.empty();
        }
        watch.added(safeUntil);
        if (!terms.isRenewed()) {
            return Optional.of(lease);
        }
        boolean renewedSooner = timing.held(length);
        // The answer to a repeated call can be a grant of before. The next beat can be an interval away. A lease that
        // is that old already cannot wait for it.
        long bornNanos = sentNanos - length.minus(grant.expiresIn()).toNanos();
        if (renewedSooner || nanoTime() - bornNanos >= timing.interval().toNanos()) {
            heartbeat.beatSooner(bornNanos);
        }
        return Optional.of(lease);
    }

    /** Extends a lease, as {@link HeldLease#extend} says. */
    void extend(HeldLease lease, Duration length) {
        extensions.extend(lease, length);
    }

    private void mayBeShorter(HeldLease lease, long sentNanos) {
        watch.added(lease.safeUntilNanos());
        if (lease.isRenewed() && timing.held(lease.life().shortestLength())) {
            heartbeat.beatSooner(sentNanos);
        }
    }

    /** Returns a future that is done when leases have next been renewed. It never fails. */
    CompletableFuture<Void> nextRenewal() {
        return heartbeat.nextRenewal();
    }

    /** Takes no more care of a lease. */
    void forget(LeaseKey key) {
        leases.remove(key.leaseId());
    }

    /** Closes leases, and releases those that were neither lost nor closed before, in as few calls as possible. */
    void release(Collection<HeldLease> held) {
        for (HeldLease lease : held) {
            if (!lease.isLeft() && lease.life().givesBack()) {
                releaseLater(lease.key(), lease.life().longestLength(), UnderWay.NOTHING);
            }
        }
        releases.release(
                () -> forget(held.stream().filter(lease -> lease.life().close()).toList()), this::wakeClosing);
    }

    private void releaseTaken(List<HeldLease> taken) {
        releases.release(
                () -> forget(taken).stream().filter(lease -> !lease.isLeft()).toList(), this::wakeClosing);
    }

    private List<HeldLease> forget(List<HeldLease> ended) {
        ended.forEach(lease -> forget(lease.key()));
        return ended;
    }

    /**
     * Releases in the background a lease that may have been granted, or gives up its place in a queue.
     *
     * @param longest how long the lease can last
     * @param underWay the call of it that may still be under way
     */
    void releaseLater(LeaseKey key, Duration longest, UnderWay underWay) {
        releases.releaseLater(key, longest, underWay);
    }

    /** Takes note that work under a lease has ended. */
    void workEnded() {
        wakeClosing();
    }

    private void wakeClosing() {
        Thread waiting = closing;
        // A closing thread that woke itself after each release would look at the leases again and again until it is
        // over.
        if (waiting != null && waiting != Thread.currentThread()) {
            runtime.unpark(waiting);
        }
    }

    /**
     * Ends the threads and all leases. This releases the leases that are not in use at once, and the others as the work
     * under them ends, for one request time-out. It leaves the leases to run out that are in use after that, or in use
     * by the calling thread. It repeats releases without an answer for one request time-out, and waits as long for
     * those that other threads have under way. Nothing may be {@linkplain #keep kept} any more.
     */
    @Override
    public void close() {
        closed = true;
        closing = Thread.currentThread();
        heartbeat.close();
        watch.close();
        background.close();
        List<HeldLease> taken =
                leases.values().stream().filter(lease -> lease.life().take()).toList();
        // The work that this has interrupted may be the caller's own, and a call of an interrupted thread fails.
        boolean interrupted = Thread.interrupted();
        try {
            Duration patience = timing.requestTimeout();
            long untilNanos = nanoTime() + patience.toNanos();
            List<HeldLease> working = releaseUnused(taken);
            for (long left = patience.toNanos(); left > 0 && othersWork(working); left = untilNanos - nanoTime()) {
                // A call may have used up the wake-up, so this parks only if all work was under way after the call.
                if (working.stream().allMatch(HeldLease::isInUse)) {
                    runtime.park(this, left);
                    interrupted |= Thread.interrupted();
                }
                working = releaseUnused(working);
            }
            leaveToRunOut(releaseUnused(working));
            background.releaseAtLast(patience, releases::othersRelease);
        } finally {
            closing = null;
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Waits until the releases of other threads, whose calls were cut off, are over. Their log is complete then. */
    void awaitOthersReleases(Duration atMost) {
        releases.awaitOthers(atMost);
    }

    /** Returns the leases that are in use. */
    private List<HeldLease> releaseUnused(List<HeldLease> taken) {
        // Each lease is looked at once, because its work may end in the meantime.
        List<HeldLease> unused = new ArrayList<>();
        List<HeldLease> used = new ArrayList<>();
        taken.forEach(lease -> (lease.isInUse() ? used : unused).add(lease));
        releaseTaken(unused);
        return used;
    }

    /** Returns whether other threads use a lease. The calling thread must not wait for itself. */
    private static boolean othersWork(List<HeldLease> working) {
        Thread self = Thread.currentThread();
        return !working.stream().allMatch(lease -> lease.isUsedBy(self));
    }

    private void leaveToRunOut(List<HeldLease> working) {
        if (!working.isEmpty()) {
            LOG.warn(
                    "{} leases are left to run out, because the work under them continues: {}",
                    working.size(),
                    Releases.streams(working));
            working.forEach(lease -> notices.tell(to -> to.leftToRunOut(lease.streamId())));
        }
    }
}

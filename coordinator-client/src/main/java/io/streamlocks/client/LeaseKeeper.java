package io.streamlocks.client;

import io.streamlocks.client.LeaseCalls.LeaseKey;
import io.streamlocks.client.LeaseCalls.Release;
import io.streamlocks.client.LeaseCalls.Renewal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the leases of a process alive and reports their loss. Only {@link #close} ends its threads.
 *
 * <p>The <em>heartbeat</em> renews all leases together, a request for each thousand. The <em>watch</em> ends a lease
 * whose safe time has passed. They are two, because the heartbeat can hang in a call for longer than a lease has left,
 * and the watch never waits for anything but time. A third thread has the {@linkplain BackgroundReleases releases} that
 * are tried again, and releases have connections of their own: no call delays a renewal but another renewal.
 */
final class LeaseKeeper implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LeaseKeeper.class);

    private static final Duration CUT_OFF_LOOK = Duration.ofMillis(10);

    private final LeaseCalls renewals;
    private final LeaseCalls releases;
    private final Duration ttl;
    private final Duration margin;
    private final Duration interval;
    private final Duration stopTimeout;
    private final Pace pace;
    private final Executor callbackExecutor;
    private final StreamLockListener listener;
    private final ClientRuntime runtime;

    private final Map<UUID, HeldLease> leases = new ConcurrentHashMap<>();

    /** The threads that release, one entry for each call of {@link #release} that is under way. */
    private final Map<Object, Thread> releasing = new ConcurrentHashMap<>();

    private final Object watched = new Object();

    /** Before the first lease, which the start of a thread need not be. */
    private final long startedNanos;

    /** When the watch looks next; guarded by {@link #watched}. */
    private long watchNanos;

    private volatile boolean closed;

    /** The thread that closes this, and so may wait for work to end; null if there is none. */
    private volatile Thread closing;

    private final Thread heartbeat;
    private final Thread watch;
    private final BackgroundReleases background;

    LeaseKeeper(
            LeaseCalls renewals,
            LeaseCalls releases,
            Duration ttl,
            Duration margin,
            Duration interval,
            Duration stopTimeout,
            Executor callbackExecutor,
            StreamLockListener listener,
            ClientRuntime runtime) {
        this.renewals = renewals;
        this.releases = releases;
        this.ttl = ttl;
        this.margin = margin;
        this.interval = interval;
        this.stopTimeout = stopTimeout;
        this.pace = new Pace(interval, runtime);
        this.callbackExecutor = callbackExecutor;
        this.listener = listener;
        this.runtime = runtime;
        startedNanos = nanoTime();
        watchNanos = startedNanos;
        heartbeat = runtime.newThread("stream-lock-heartbeat", this::beatUntilClosed);
        watch = runtime.newThread("stream-lock-watch", this::watchUntilClosed);
        background = new BackgroundReleases(releases, ttl, pace, runtime);
        heartbeat.start();
        watch.start();
    }

    long nanoTime() {
        return runtime.nanoTime();
    }

    Executor callbackExecutor() {
        return callbackExecutor;
    }

    /** The moment until which a lease is safe, of which so much was left when the answer to a request was made. */
    private long safeUntil(long sentNanos, Duration expiresIn) {
        return sentNanos + expiresIn.minus(margin).toNanos();
    }

    /** Takes over a lease. Empty if it is not safe any more, because its grant was long under way. */
    Optional<HeldLease> keep(LeaseKey key, LeaseCalls.Grant grant, long sentNanos) {
        long safeUntil = safeUntil(sentNanos, grant.expiresIn());
        if (safeUntil - nanoTime() <= 0) {
            return Optional.empty();
        }
        HeldLease lease = new HeldLease(key, grant.fencingToken(), sentNanos, safeUntil, this);
        leases.put(key.leaseId(), lease);
        if (closed) {
            forget(lease);
            return Optional.empty();
        }
        synchronized (watched) {
            if (safeUntil - watchNanos < 0) {
                runtime.unpark(watch);
            }
        }
        return Optional.of(lease);
    }

    /** Releases leases that are closed, in as few calls as can be. */
    void release(Collection<HeldLease> closedLeases) {
        Object underWay = new Object();
        releasing.put(underWay, Thread.currentThread());
        try {
            releaseCounted(closedLeases);
        } finally {
            releasing.remove(underWay);
            wakeClosing();
        }
    }

    /** Not the calling thread, which would wait for itself if a listener closes the client. */
    private boolean othersRelease() {
        Thread self = Thread.currentThread();
        return releasing.values().stream().anyMatch(thread -> thread != self);
    }

    private void releaseCounted(Collection<HeldLease> closedLeases) {
        closedLeases.forEach(this::forget);
        RuntimeException failure = null;
        for (List<HeldLease> chunk : LeaseCalls.chunks(closedLeases, HeldLease::key)) {
            // After one call without an answer the others are left to the background: they would have to wait as long.
            if (failure == null) {
                try {
                    releaseChunk(chunk);
                    continue;
                } catch (RuntimeException e) {
                    failure = e;
                    warnOfUnknown(chunk, e);
                }
            }
            RuntimeException cause = failure;
            chunk.forEach(lease -> releaseUnknown(lease, cause));
        }
    }

    private void releaseChunk(List<HeldLease> chunk) {
        List<Release> results =
                releases.release(chunk.stream().map(HeldLease::key).toList());
        List<HeldLease> unknown = new ArrayList<>();
        RuntimeException failure = null;
        for (int i = 0; i < chunk.size(); i++) {
            HeldLease lease = chunk.get(i);
            if (results.get(i) instanceof Release.Lost lost) {
                lease.lostBeforeRelease(lost.reason());
            } else if (results.get(i) instanceof Release.Unknown none) {
                releaseUnknown(lease, none.cause());
                unknown.add(lease);
                failure = none.cause();
            } else {
                tell(to -> to.released(lease.streamId()));
            }
        }
        if (!unknown.isEmpty()) {
            warnOfUnknown(unknown, failure);
        }
    }

    private void warnOfUnknown(List<HeldLease> leases, RuntimeException cause) {
        LOG.warn(
                "Whether {} leases are released is unknown, {}: {}: {}",
                leases.size(),
                background.isOver() ? "and the client is closed" : "trying again",
                streams(leases),
                cause.toString());
    }

    private static String streams(List<HeldLease> leases) {
        return BackgroundReleases.named(leases.stream().map(HeldLease::streamId).toList());
    }

    private void releaseUnknown(HeldLease lease, RuntimeException cause) {
        releaseLater(lease.key());
        tell(to -> to.releaseUnknown(lease.streamId(), cause));
    }

    /** Releases in the background what may have been granted, until it must have run out. */
    void releaseLater(LeaseKey key) {
        background.add(key);
    }

    void forget(HeldLease lease) {
        leases.remove(lease.key().leaseId());
    }

    void callBack(Consumer<LeaseLoss> callback, Executor executor, LeaseLoss loss) {
        Runnable call = () -> {
            try {
                callback.accept(loss);
            } catch (RuntimeException | Error e) {
                LOG.error("A callback for the loss of stream {} failed", loss.streamId(), e);
            }
        };
        try {
            executor.execute(call);
        } catch (RuntimeException | Error e) {
            // An executor that is full, shut down or broken must not hide a loss, from this callback or the next.
            LOG.warn("The callback executor refused to tell of the loss of stream {}", loss.streamId(), e);
            runtime.newThread("stream-lock-callback", call).start();
        }
    }

    void tell(Consumer<StreamLockListener> event) {
        try {
            event.accept(listener);
        } catch (RuntimeException | Error e) {
            LOG.error("The listener failed", e);
        }
    }

    /** Logs it, also without a listener, and before the listener, which may take its time. */
    void tellLoss(LeaseLoss loss) {
        LOG.warn(
                "The lease of stream {} is lost, fencing token {}: {}{}",
                loss.streamId(),
                loss.fencingToken(),
                loss.reason(),
                // A person has written it, so it can have a line break, or what some readers of a log take for one.
                loss.breakReason()
                        .map(why -> ", " + why.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]", " "))
                        .orElse(""));
        tell(to -> to.lost(loss));
    }

    private void watchUntilClosed() {
        while (!closed) {
            try {
                long left;
                synchronized (watched) {
                    long now = nanoTime();
                    // With no lease there is nothing to wait for but the next one.
                    left = leases.values().stream()
                            .mapToLong(lease -> lease.safeUntilNanos() - now)
                            .min()
                            .orElse(ttl.toNanos());
                    watchNanos = now + left;
                }
                if (left > 0 && !closed) {
                    runtime.parkOwn(this, left);
                }
                leases.values().forEach(lease -> lease.feed(new BeatOutcome.Unknown()));
            } catch (Throwable e) {
                // No reason is good enough to stop watching.
                surviving("watch", e);
            }
        }
    }

    private void beatUntilClosed() {
        // A beat is over when every lease is confirmed that was not since it began.
        long beganNanos = startedNanos;
        long wakeNanos = beganNanos + pace.nextNanos();
        int failures = 0;
        while (!closed) {
            try {
                awaitBeat(wakeNanos);
                if (closed) {
                    return;
                }
                long now = nanoTime();
                if (failures == 0 || now - beganNanos >= interval.toNanos()) {
                    beganNanos = now;
                }
                boolean answered = renewThoseNotConfirmedSince(beganNanos);
                failures = answered ? 0 : failures + 1;
                wakeNanos = answered ? beganNanos + pace.nextNanos() : nanoTime() + pace.retryNanos(failures);
            } catch (Throwable e) {
                surviving("heartbeat", e);
                failures++;
                wakeNanos = nanoTime() + pace.retryNanos(failures);
            }
        }
    }

    private void awaitBeat(long untilNanos) {
        long left = untilNanos - nanoTime();
        while (left > 0 && !closed) {
            runtime.parkOwn(this, left);
            left = untilNanos - nanoTime();
        }
    }

    /** Logs, and throws nothing even if the log does, as it may without memory. */
    static void surviving(String thread, Throwable e) {
        try {
            LOG.error("The {} goes on after an error", thread, e);
        } catch (Throwable unlogged) {
            e.addSuppressed(unlogged);
        }
    }

    /** Returns whether all that are due had an answer. */
    private boolean renewThoseNotConfirmedSince(long sinceNanos) {
        // What was tried last comes last, so that a call that hangs each time does not keep the others waiting each
        // time.
        List<HeldLease> due = leases.values().stream()
                .filter(lease -> lease.confirmedNanos() - sinceNanos < 0)
                .sorted((one, other) -> Long.signum(one.triedNanos() - other.triedNanos()))
                .toList();
        for (List<HeldLease> chunk : LeaseCalls.chunks(due, HeldLease::key)) {
            if (!renew(chunk)) {
                return false;
            }
        }
        return true;
    }

    private boolean renew(List<HeldLease> chunk) {
        long sent = nanoTime();
        chunk.forEach(lease -> lease.tried(sent));
        List<Renewal> outcomes;
        try {
            outcomes = renewals.renew(chunk.stream().map(HeldLease::key).toList());
        } catch (RuntimeException e) {
            tellRenewalUnknown(chunk.size(), e);
            return false;
        }
        int renewed = 0;
        List<RuntimeException> unknown = new ArrayList<>();
        for (int i = 0; i < chunk.size(); i++) {
            HeldLease lease = chunk.get(i);
            if (outcomes.get(i) instanceof Renewal.Renewed confirmed) {
                lease.confirmed(sent);
                lease.feed(new BeatOutcome.Renewed(safeUntil(sent, confirmed.expiresIn())));
                renewed++;
            } else if (outcomes.get(i) instanceof Renewal.Lost lost) {
                lease.feed(new BeatOutcome.Lost(lost.reason(), lost.breakReason()));
            } else if (outcomes.get(i) instanceof Renewal.Unknown none) {
                unknown.add(none.cause());
            }
        }
        int count = renewed;
        Duration took = Duration.ofNanos(nanoTime() - sent);
        tell(to -> to.renewed(count, took));
        if (!unknown.isEmpty()) {
            tellRenewalUnknown(unknown.size(), unknown.get(0));
        }
        return unknown.isEmpty();
    }

    private void tellRenewalUnknown(int count, RuntimeException cause) {
        if (!closed) {
            LOG.warn("{} leases were not renewed, trying again: {}", count, cause.toString());
            tell(to -> to.renewalUnknown(count, cause));
        }
    }

    /** Work under a lease has ended. */
    void workEnded() {
        wakeClosing();
    }

    private void wakeClosing() {
        Thread waiting = closing;
        if (waiting != null) {
            runtime.unpark(waiting);
        }
    }

    /**
     * Ends the threads and all leases. Releases those that nobody works under at once, and the others as the work under
     * them ends, for the stop time-out; what is in use after that, or by the calling thread, it leaves to run out. Releases
     * without an answer are tried again for the stop time-out, and those that other threads have under way are waited for
     * as long. Nothing may be {@linkplain #keep kept} any more.
     */
    @Override
    public void close() {
        closed = true;
        closing = Thread.currentThread();
        runtime.unpark(heartbeat);
        runtime.unpark(watch);
        background.close();
        List<HeldLease> taken = leases.values().stream().filter(HeldLease::take).toList();
        // The work that this has interrupted may be the caller's own, and a call of an interrupted thread fails.
        boolean interrupted = Thread.interrupted();
        try {
            long untilNanos = nanoTime() + stopTimeout.toNanos();
            List<HeldLease> working = releaseUnused(taken);
            for (long left = stopTimeout.toNanos(); left > 0 && othersWork(working); left = untilNanos - nanoTime()) {
                // Else a call has taken the time, and the wake-up, too.
                if (working.stream().allMatch(HeldLease::isInUse)) {
                    runtime.park(this, left);
                    interrupted |= Thread.interrupted();
                }
                working = releaseUnused(working);
            }
            leaveToRunOut(releaseUnused(working));
            background.releaseAtLast(stopTimeout, this::othersRelease);
        } finally {
            closing = null;
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Waits until the releases of other threads are over, whose calls have been cut off, so that their log is complete. */
    void awaitOthersReleases(Duration atMost) {
        long untilNanos = nanoTime() + atMost.toNanos();
        boolean interrupted = Thread.interrupted();
        for (long left = atMost.toNanos(); left > 0 && othersRelease(); left = untilNanos - nanoTime()) {
            runtime.park(this, Math.min(left, CUT_OFF_LOOK.toNanos()));
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns the leases that are in use. */
    private List<HeldLease> releaseUnused(List<HeldLease> taken) {
        Map<Boolean, List<HeldLease>> byUse = taken.stream().collect(Collectors.partitioningBy(HeldLease::isInUse));
        release(byUse.get(false));
        return byUse.get(true);
    }

    /** Whether there are leases that are not in use by the calling thread, which must not wait for itself. */
    private static boolean othersWork(List<HeldLease> working) {
        Thread self = Thread.currentThread();
        return !working.stream().allMatch(lease -> lease.isUsedBy(self));
    }

    private void leaveToRunOut(List<HeldLease> working) {
        if (!working.isEmpty()) {
            LOG.warn(
                    "{} leases are left to run out, since the work under them goes on: {}",
                    working.size(),
                    streams(working));
        }
    }
}

package io.streamlocks.client.session;

import io.streamlocks.client.GroupMember.Standing;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports to a group as often as leases are renewed, and hands over what the member holds beyond its share. One task
 * does that. It runs from the first event on. A worker without streams for some time leaves the group, because it would
 * keep a share that it does not use.
 *
 * <p>This class is thread-safe. Only the task, and {@link #close}, block for calls.
 */
final class GroupHeartbeat {

    /** A closing registry waits for a report under way for so long. */
    private static final Duration LONGEST_REPORT = Duration.ofSeconds(5);

    /** The hand-overs of a heartbeat begin within this part of it. */
    private static final int PART_TO_HAND_OVER = 4;

    private static final Logger LOG = LoggerFactory.getLogger(GroupHeartbeat.class);

    private final Membership membership;
    private final Holdings<?> holdings;
    private final Executor executor;
    private final SessionRuntime runtime;
    private final Runnable afterBeat;
    private final RepeatedErrors errors;

    // Both are guarded by shares.
    private final SeenStreams seen;
    private final EvenShares shares;

    // All of these are guarded by this.
    private CompletableFuture<Void> woken = new CompletableFuture<>();
    private boolean hasStreams;
    private boolean closed;

    /** It is done when the task has ended, and while there is none. */
    private CompletableFuture<Void> over = CompletableFuture.completedFuture(null);

    /**
     * @param executor runs the task
     * @param afterBeat acquires what the member lacks
     */
    GroupHeartbeat(
            Membership membership,
            Holdings<?> holdings,
            SeenStreams seen,
            EvenShares shares,
            Executor executor,
            SessionRuntime runtime,
            Runnable afterBeat) {
        this.membership = membership;
        this.holdings = holdings;
        this.seen = seen;
        this.shares = shares;
        this.executor = executor;
        this.runtime = runtime;
        this.afterBeat = afterBeat;
        this.errors = new RepeatedErrors(LOG, runtime::nanoTime);
    }

    /** Starts the task, if it does not run. */
    synchronized void start() {
        if (closed) {
            return;
        }
        hasStreams = true;
        if (!over.isDone()) {
            return;
        }
        over = new CompletableFuture<>();
        try {
            executor.execute(this::run);
        } catch (RuntimeException | Error e) {
            over.complete(null);
            throw e;
        }
    }

    /** Lets the next report come now. */
    synchronized void wake() {
        woken.complete(null);
    }

    private void run() {
        try {
            do {
                beat();
            } while (awaitBeat());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Throwable e) {
            if (isClosed()) {
                LOG.debug("The client was closed: {}", e.getMessage());
            } else {
                errors.log(
                        String.valueOf(e.getMessage()),
                        "The task of group " + membership.groupId() + " failed, and begins again with the next events",
                        e);
            }
        } finally {
            synchronized (this) {
                over.complete(null);
            }
        }
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private void beat() {
        holdings.forgetPlanned();
        Map<String, Integer> waiting = holdings.waiting();
        Optional<Standing> told = membership.report(waiting);
        if (told.isEmpty()) {
            return;
        }
        List<String> chosen;
        synchronized (shares) {
            chosen = shares.heartbeat(told.get(), waiting, runtime.nanoTime());
        }
        if (handOver(chosen)) {
            // Otherwise the next holders would report streams that this one still counts.
            membership.report(holdings.waiting());
        }
        membership.learnMembers();
        afterBeat.run();
    }

    /** Begins to hand over streams. Returns whether there are any. */
    private boolean handOver(List<String> chosen) {
        // The sessions of some may have ended during the report.
        Set<String> held = holdings.waiting().keySet();
        List<String> streamIds = chosen.stream().filter(held::contains).toList();
        // This comes first. A stream may be free, and have an event, before this thread continues.
        synchronized (shares) {
            streamIds.forEach(streamId -> seen.handedOver(streamId, runtime.nanoTime()));
        }
        holdings.handOver(streamIds, membership.interval().dividedBy(PART_TO_HAND_OVER));
        return !streamIds.isEmpty();
    }

    /** Waits until the next report. Returns false if there shall be none. */
    private boolean awaitBeat() throws InterruptedException {
        // A report after a renewal knows who waits. If leases are held, the time is for a renewal that does not come.
        boolean awaitsRenewal = !holdings.streams().isEmpty();
        Optional<CompletableFuture<Void>> renewal =
                awaitsRenewal ? Optional.of(membership.nextRenewal()) : Optional.empty();
        Duration longest = awaitsRenewal ? membership.interval().multipliedBy(5).dividedBy(4) : membership.interval();
        long nextNanos = runtime.nanoTime() + longest.toNanos();
        boolean isWoken = false;
        while (!isWoken && nextNanos - runtime.nanoTime() > 0) {
            CompletableFuture<Void> wake;
            synchronized (this) {
                wake = woken;
            }
            CompletableFuture<?> either = renewal.isPresent() ? CompletableFuture.anyOf(wake, renewal.get()) : wake;
            long left = Math.min(nextNanos - runtime.nanoTime(), holdings.nanosToNext());
            isWoken = runtime.await(either, Duration.ofNanos(Math.max(0, left)));
            holdings.keepTime();
        }
        return continues();
    }

    /** Returns whether there shall be another report. */
    private boolean continues() {
        synchronized (this) {
            woken = new CompletableFuture<>();
            if (closed || !membership.isUseless()) {
                return !closed;
            }
            hasStreams = false;
        }
        membership.leave();
        synchronized (this) {
            if (hasStreams || closed) {
                return !closed;
            }
            // A stream that has an event after this starts another task.
            over.complete(null);
            return false;
        }
    }

    /**
     * Reports no more, and ends the membership, so that the shares of the others rise at once. It waits for the report
     * under way, which would begin the membership again.
     */
    void close() {
        CompletableFuture<Void> task;
        boolean wasRunning;
        synchronized (this) {
            closed = true;
            task = over;
            wasRunning = !task.isDone();
            woken.complete(null);
        }
        if (!wasRunning) {
            return;
        }
        try {
            runtime.await(task, LONGEST_REPORT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        membership.leave();
    }
}

package io.streamlocks.client.session;

import io.streamlocks.client.CoordinatorRefusedException;
import io.streamlocks.client.CoordinatorUnavailableException;
import io.streamlocks.client.GroupMember;
import io.streamlocks.client.GroupMember.Standing;
import io.streamlocks.client.HeldLease;
import io.streamlocks.client.StreamLockException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
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

    /** A worker leaves the group after so many heartbeats without a stream. */
    private static final int BEATS_UNTIL_LEFT = 10;

    /** The largest capacity of a report. It is far above what a process can hold. */
    private static final int MAX_CAPACITY = 10_000_000;

    /** A closing registry waits for a report under way for so long. */
    private static final Duration LONGEST_REPORT = Duration.ofSeconds(5);

    private static final Logger LOG = LoggerFactory.getLogger(GroupHeartbeat.class);

    private final GroupMember member;
    private final Holdings<?> holdings;
    private final int capacity;
    private final Executor executor;
    private final SessionRuntime runtime;
    private final Runnable afterBeat;
    private final RepeatedErrors errors;

    // Both are guarded by shares.
    private final SeenStreams seen;
    private final EvenShares shares;

    // All of these are guarded by this.
    private CompletableFuture<Void> woken = new CompletableFuture<>();
    private long reportedNanos;
    private int beatsWithoutStreams;
    private boolean hasStreams;
    private boolean closed;

    /** It is done when the task has ended, and while there is none. */
    private CompletableFuture<Void> over = CompletableFuture.completedFuture(null);

    /**
     * @param capacity the most streams that the member can hold; beyond what the coordinator counts it is no limit
     * @param executor runs the task
     * @param afterBeat acquires what the member lacks
     */
    GroupHeartbeat(
            GroupMember member,
            Holdings<?> holdings,
            SeenStreams seen,
            EvenShares shares,
            int capacity,
            Executor executor,
            SessionRuntime runtime,
            Runnable afterBeat) {
        this.member = member;
        this.holdings = holdings;
        this.seen = seen;
        this.shares = shares;
        this.capacity = capacity;
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

    /** Returns how long ago the latest report began. */
    synchronized Duration sinceReport() {
        return Duration.ofNanos(runtime.nanoTime() - reportedNanos);
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
                        "The task of group " + member.groupId() + " failed, and begins again with the next events",
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
        Map<String, Integer> waiting = holdings.waiting();
        Optional<Standing> told = report(waiting);
        if (told.isEmpty()) {
            return;
        }
        List<String> chosen;
        synchronized (shares) {
            chosen = shares.heartbeat(told.get(), waiting, runtime.nanoTime());
        }
        if (handOver(chosen)) {
            // Otherwise the next holders would report streams that this one still counts.
            report(holdings.waiting());
        }
        learnMembers();
        afterBeat.run();
    }

    private Optional<Standing> report(Map<String, Integer> waiting) {
        int wanted;
        synchronized (shares) {
            waiting.keySet().forEach(seen::isHeld);
            wanted = seen.wanted(holdings.streams(), runtime.nanoTime());
        }
        synchronized (this) {
            reportedNanos = runtime.nanoTime();
            beatsWithoutStreams = wanted == 0 ? beatsWithoutStreams + 1 : 0;
        }
        try {
            return Optional.of(member.report(
                    waiting.size(), wanted, capacity <= MAX_CAPACITY ? OptionalInt.of(capacity) : OptionalInt.empty()));
        } catch (CoordinatorUnavailableException e) {
            log("The report to group " + member.groupId() + " failed", e);
            return Optional.empty();
        } catch (CoordinatorRefusedException e) {
            log(
                    "The report to group " + member.groupId()
                            + " was refused. Until one is accepted, this worker takes the streams that are free",
                    e);
            return Optional.of(new Standing(1, waiting.size(), wanted, Math.min(wanted, capacity), 0));
        }
    }

    private void log(String what, StreamLockException e) {
        errors.log(e.getMessage(), what, e);
    }

    /** Begins to hand over streams. Returns whether there are any. */
    private boolean handOver(List<String> streamIds) {
        List<HeldLease> unused = new ArrayList<>();
        boolean any = false;
        try {
            for (String streamId : streamIds) {
                any |= handOver(streamId, unused);
            }
        } finally {
            holdings.release(unused);
        }
        return any;
    }

    private boolean handOver(String streamId, List<HeldLease> unused) {
        // This comes first. The stream may be free, and have an event, before this thread continues.
        synchronized (shares) {
            seen.handedOver(streamId, runtime.nanoTime());
        }
        boolean begun = holdings.handOver(streamId, unused);
        if (!begun) {
            synchronized (shares) {
                seen.isHeld(streamId);
            }
        }
        return begun;
    }

    private void learnMembers() {
        int held = holdings.streams().size();
        synchronized (shares) {
            if (!shares.needsMembers(held)) {
                return;
            }
        }
        List<GroupMember.Share> members;
        try {
            members = member.shares();
        } catch (StreamLockException e) {
            log("Group " + member.groupId() + " was not shown", e);
            return;
        }
        synchronized (shares) {
            shares.members(members, member.ownerId());
        }
    }

    /** Waits until the next report. Returns false if there shall be none. */
    private boolean awaitBeat() throws InterruptedException {
        // A report after a renewal knows who waits. If leases are held, the time is for a renewal that does not come.
        boolean awaitsRenewal = !holdings.streams().isEmpty();
        Optional<CompletableFuture<Void>> renewal =
                awaitsRenewal ? Optional.of(member.nextRenewal()) : Optional.empty();
        Duration longest = awaitsRenewal ? member.interval().multipliedBy(5).dividedBy(4) : member.interval();
        long nextNanos = runtime.nanoTime() + longest.toNanos();
        boolean isWoken = false;
        while (!isWoken && nextNanos - runtime.nanoTime() > 0) {
            CompletableFuture<Void> wake;
            synchronized (this) {
                wake = woken;
            }
            CompletableFuture<?> either = renewal.isPresent() ? CompletableFuture.anyOf(wake, renewal.get()) : wake;
            long left = Math.min(nextNanos - runtime.nanoTime(), holdings.nanosToDeadline());
            isWoken = runtime.await(either, Duration.ofNanos(Math.max(0, left)));
            holdings.stopOverdue();
        }
        return continues();
    }

    /** Returns whether there shall be another report. */
    private boolean continues() {
        synchronized (this) {
            woken = new CompletableFuture<>();
            if (closed || beatsWithoutStreams < BEATS_UNTIL_LEFT) {
                return !closed;
            }
            beatsWithoutStreams = 0;
            hasStreams = false;
        }
        leave();
        synchronized (this) {
            if (hasStreams || closed) {
                return !closed;
            }
            // A stream that has an event after this starts another task.
            over.complete(null);
            return false;
        }
    }

    private void leave() {
        try {
            member.leave();
        } catch (StreamLockException | IllegalStateException e) {
            LOG.debug("The membership in group {} ends by itself: {}", member.groupId(), e.getMessage());
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
        leave();
    }
}

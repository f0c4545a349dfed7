package io.streamlocks.coordinator.lock.group;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.GroupSummary;
import io.streamlocks.coordinator.lock.Groups;
import io.streamlocks.coordinator.lock.LeaveRequest;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockCalls;
import io.streamlocks.coordinator.lock.LockReads;
import io.streamlocks.coordinator.lock.OverloadedException;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StatementKind;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * Combines the requests of concurrent calls, so that they share a statement and its commit.
 *
 * <p>Calls wait in <em>lanes</em>. A lane normally has one statement under way. The requests that arrive in the
 * meantime become the next statement. No request is delayed to fill a batch: a call that finds its lane idle is carried
 * out at once and alone, and batches grow with the number of calls. If enough requests wait for two large statements,
 * or if one statement takes long, the lane has two under way. A few acquires and releases share a
 * transaction, if each of their calls has one request.
 *
 * <p>Callers take turns ({@link Waiting}). Each of them gets a part of each statement, however much the others ask for.
 * Acquires, releases, breaks and places in queues share one lane. The requests of one caller for one stream are carried
 * out in the order of their arrival, unless another transaction has the stream locked. The requests of different
 * callers may be carried out in any order, as concurrent calls may. Renewals have a lane of their own, so that no
 * acquire waits behind the heartbeats of a million leases. A renewal that is sent during an acquire or a release of the
 * same lease may come before or after it.
 *
 * <p>The waiting calls are bounded, in number for each caller and in time. A call beyond the bound, or one that has
 * waited for {@value Backlog#MAX_WAIT_MS} ms, fails with {@link OverloadedException}. A statement that fails fails only
 * its own calls. A call whose future was cancelled or completed is dropped if its statement has not begun.
 *
 * <p>A blocked request is tried again: for {@value Backlog#MAX_BLOCKED_MS} ms if its call has other requests, which
 * wait for it, and otherwise for as long as a call may wait. After that, its outcome is blocked. An undecided request
 * joins the next statement, before everything that its caller asked for later. If that takes longer than a call may
 * wait, as for a stream that is named a thousand times, its outcome is undecided. The other requests of its call have
 * their own outcomes, and other calls do not wait for it.
 *
 * <p>Reads wait neither for changes nor for each other. Lookups of one lock, walks over many rows, breaks of an owner,
 * calls of groups and checks of the storage have threads of their own ({@link FairThreads}).
 *
 * <p>This class is thread-safe, and no method blocks. The futures of all calls of a statement are completed one after
 * another, so their dependent actions must be short or run elsewhere.
 */
public final class GroupCommit implements AutoCloseable {

    private final LockCalls locks;
    private final Changes changes;
    private final Reads reads;

    /**
     * Creates a group commit.
     *
     * @param locks carries out the statements, on at most thirteen threads at once
     * @param answers completes the futures, in one task for all calls of a statement, while there is another to carry
     *     out
     * @param observer is informed of each statement before the futures are completed
     */
    public GroupCommit(LockCalls locks, Executor answers, StatementObserver observer) {
        this(locks, answers, observer, System::nanoTime);
    }

    GroupCommit(LockCalls locks, Executor answers, StatementObserver observer, LongSupplier nanoTime) {
        // The pool needs no bound: the lanes bound the statements under way, and the other threads only complete
        // futures.
        this(locks, answers, observer, nanoTime, Executors.newCachedThreadPool(daemons("group-commit")), Delay.JVM);
    }

    /**
     * @param writers run the changes, four at once, and complete futures beside that
     * @param delay runs the tasks that are due later
     */
    GroupCommit(
            LockCalls locks,
            Executor answers,
            StatementObserver observer,
            LongSupplier nanoTime,
            ExecutorService writers,
            Delay delay) {
        this.locks = locks;
        Backlog backlog = new Backlog(nanoTime);
        this.changes = new Changes(locks, writers, answers, delay, backlog, observer);
        this.reads = new Reads(delay, backlog, observer);
    }

    static ThreadFactory daemons(String name) {
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    /**
     * Carries out {@link LockCalls#acquire} later.
     *
     * @param caller identifies the caller; the calls of one caller share a turn
     * @param requests the requests
     * @return one outcome per request; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<List<AcquireOutcome>> acquire(String caller, List<AcquireRequest> requests) {
        return changes.submit(changes.acquire, caller, requests);
    }

    /**
     * Carries out {@link LockCalls#queue} later.
     *
     * @param caller identifies the caller; the calls of one caller share a turn
     * @param requests the requests
     * @return one outcome per request; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<List<Optional<AcquireOutcome>>> queue(String caller, List<QueueRequest> requests) {
        return changes.submit(changes.queue, caller, requests);
    }

    /**
     * Carries out {@link LockCalls#leave} later.
     *
     * @param caller identifies the caller; the calls of one caller share a turn
     * @param requests the requests
     * @return one outcome per request; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<List<Optional<AcquireOutcome>>> leave(String caller, List<LeaveRequest> requests) {
        return changes.submit(changes.leave, caller, requests);
    }

    /**
     * Carries out {@link LockCalls#renew} later.
     *
     * @param caller identifies the caller; the calls of one caller share a turn
     * @param requests the requests
     * @return one outcome per request; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<List<RenewOutcome>> renew(String caller, List<RenewRequest> requests) {
        return changes.submit(changes.renew, caller, requests);
    }

    /**
     * Carries out {@link LockCalls#release} later.
     *
     * @param caller identifies the caller; the calls of one caller share a turn
     * @param requests the requests
     * @return one outcome per request; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<List<ReleaseOutcome>> release(String caller, List<ReleaseRequest> requests) {
        return changes.submit(changes.release, caller, requests);
    }

    /**
     * Carries out {@link LockCalls#breakLeases} later.
     *
     * @param caller identifies the caller; the calls of one caller share a turn
     * @param requests the requests
     * @return one outcome per request; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<List<BreakOutcome>> breakLeases(String caller, List<BreakRequest> requests) {
        return changes.submit(changes.breakLeases, caller, requests);
    }

    /**
     * Carries out {@link LockCalls#breakOwner} later. It begins in bounded time; its length depends on the number of
     * streams.
     *
     * @param caller identifies the caller
     * @param ownerId the owner
     * @param breaking the reason, the operator, and how long the streams stay closed
     * @return the number of leases that were ended; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<Integer> breakOwner(String caller, String ownerId, Breaking breaking) {
        return reads.breakOwner(caller, () -> locks.breakOwner(ownerId, breaking));
    }

    /**
     * Carries out {@link LockCalls#find} later.
     *
     * @param caller identifies the caller
     * @param streamId the stream
     * @return its lock, or empty if no lease is live; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<Optional<Lock>> find(String caller, String streamId) {
        return reads.find(caller, () -> locks.find(streamId));
    }

    /**
     * Carries out {@link LockCalls#read} later.
     *
     * @param caller identifies the caller
     * @param kind the kind of the read
     * @param read the read
     * @return its result; fails as that method does, or with {@link OverloadedException}
     */
    public <T> CompletableFuture<T> read(String caller, StatementKind kind, Function<LockReads, T> read) {
        return reads.walk(caller, kind, () -> locks.read(kind, read));
    }

    /**
     * Carries out {@link LockCalls#group} later.
     *
     * @param caller identifies the caller
     * @param call the call
     * @return its result; fails as that method does, or with {@link OverloadedException}
     */
    public <T> CompletableFuture<T> group(String caller, Function<Groups, T> call) {
        return reads.group(caller, () -> locks.group(call));
    }

    /**
     * Carries out {@link Groups#list} later, among the walks over many rows.
     *
     * @param caller identifies the caller
     * @param prefix only groups whose id begins with this; empty for all
     * @return the groups; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<List<GroupSummary>> listGroups(String caller, String prefix) {
        return reads.walk(caller, StatementKind.GROUP, () -> locks.group(groups -> groups.list(prefix)));
    }

    /**
     * Carries out {@link LockCalls#verifyWritable} later. All calls during a check share the next one.
     *
     * @return completes if the storage accepts writes; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<Void> verifyWritable() {
        return reads.check(locks::verifyWritable);
    }

    /** Fails the waiting and all later calls as overloaded. It does not wait for statements under way. */
    @Override
    public void close() {
        changes.close();
        reads.close();
    }
}

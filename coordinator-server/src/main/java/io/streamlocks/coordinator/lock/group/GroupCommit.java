package io.streamlocks.coordinator.lock.group;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.GrantPage;
import io.streamlocks.coordinator.lock.HistoryQuery;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockCalls;
import io.streamlocks.coordinator.lock.LockPage;
import io.streamlocks.coordinator.lock.LockQuery;
import io.streamlocks.coordinator.lock.OverloadedException;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StreamHistoryQuery;
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
 * Puts the requests of concurrent calls together, so that they share a statement and its commit.
 *
 * <p>Calls wait in <em>lanes</em>. As a rule a lane has one statement under way; what arrives meanwhile waits, and is
 * the next one. So nothing is delayed to fill a batch: a call that finds its lane idle is carried out at once and alone,
 * and the more calls there are, the larger the batches. Where enough wait for two large ones, or one takes long, two are
 * under way.
 *
 * <p>Callers take turns ({@link Waiting}), so that each of them has a part of each statement, however much the others ask for.
 * Acquires, releases and breaks share one lane, and those of one caller for one stream are carried out in the order in which
 * they came, as long as no other transaction has the stream locked. Those of several callers may be carried out in any
 * order, as calls that are under way at once may. Renewals have a lane of their own, so that no acquire waits behind the
 * heartbeats of a million leases. A caller that sends a renewal while an acquire or a release of that lease is under way does
 * not know which comes first.
 *
 * <p>The waiting calls are bounded, in number for each caller and in time. A call beyond the bound, or one that has waited
 * for {@value Backlog#MAX_WAIT_MS} ms, fails with {@link OverloadedException}. A statement that fails fails the calls that
 * are in it, and no others. A call whose future is cancelled, or completed by somebody else, is dropped if its statement has not begun.
 *
 * <p>A request that is blocked is tried again: for {@value Backlog#MAX_BLOCKED_MS} ms if its call has other requests, which
 * wait for it, and else for as long as a call may wait. After that its outcome is that it is blocked. A request that is
 * undecided, since another one of its statement went first, goes into the next one, before what its caller asked for later.
 * Where that takes longer than a call may wait, as with a stream that is named a thousand times, its outcome is that it is
 * undecided. The other requests of its call have their own outcomes, and other calls do not wait for it.
 *
 * <p>Reads do not wait for changes, nor for each other: looks at a single lock, walks over many rows, and checks of the
 * storage have threads of their own ({@link FairThreads}).
 *
 * <p>Thread-safe. No method blocks. The futures of the changes are completed one after another for all calls of a
 * statement, so what depends on them should be short or go elsewhere.
 */
public final class GroupCommit implements AutoCloseable {

    private final LockCalls locks;
    private final StatementObserver observer;
    private final Backlog backlog;
    private final Lane changes;
    private final Lane renewals;
    private final ExecutorService writers;
    private final Reads reads;
    private final Operation<AcquireRequest, AcquireOutcome> acquire;
    private final Operation<RenewRequest, RenewOutcome> renew;
    private final Operation<ReleaseRequest, ReleaseOutcome> release;
    private final Operation<BreakRequest, BreakOutcome> breakLeases;
    /**
     * @param locks decides; it is called by at most eleven threads at once
     * @param answers completes the futures, in one task for all calls of a statement, while there is another to carry out
     * @param observer is told of each statement before that
     */
    public GroupCommit(LockCalls locks, Executor answers, StatementObserver observer) {
        this(locks, answers, observer, System::nanoTime);
    }

    GroupCommit(LockCalls locks, Executor answers, StatementObserver observer, LongSupplier nanoTime) {
        // Of any size, since the lanes themselves bound how many statements are under way; others only answer.
        this(locks, answers, observer, nanoTime, Executors.newCachedThreadPool(daemons("group-commit")), Delay.JVM);
    }

    /**
     * @param writers carries out the changes, four at once, and answers beside that
     * @param delay runs what is to be done later
     */
    GroupCommit(
            LockCalls locks,
            Executor answers,
            StatementObserver observer,
            LongSupplier nanoTime,
            ExecutorService writers,
            Delay delay) {
        this.locks = locks;
        this.observer = observer;
        this.backlog = new Backlog(nanoTime);
        this.writers = writers;
        this.changes = new Lane(writers, answers, delay, backlog, observer);
        this.renewals = new Lane(writers, answers, delay, backlog, observer);
        this.acquire = new Operation<>(
                Kind.ACQUIRE,
                AcquireRequest::streamId,
                locks::acquire,
                new AcquireOutcome.Blocked(),
                new AcquireOutcome.Undecided(),
                changes);
        this.renew = new Operation<>(
                Kind.RENEW,
                RenewRequest::streamId,
                locks::renew,
                new RenewOutcome.Blocked(),
                new RenewOutcome.Undecided(),
                renewals);
        this.release = new Operation<>(
                Kind.RELEASE,
                ReleaseRequest::streamId,
                locks::release,
                new ReleaseOutcome.Blocked(),
                new ReleaseOutcome.Undecided(),
                changes);
        this.breakLeases = new Operation<>(
                Kind.BREAK,
                BreakRequest::streamId,
                locks::breakLeases,
                new BreakOutcome.Blocked(),
                new BreakOutcome.Undecided(),
                changes);
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
     * {@link LockCalls#acquire}, in time.
     *
     * @param caller who asks: calls of one caller share a turn
     * @param requests what is asked for
     * @return one outcome per request; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<List<AcquireOutcome>> acquire(String caller, List<AcquireRequest> requests) {
        return submit(acquire, caller, requests);
    }

    /**
     * {@link LockCalls#renew}, in time.
     *
     * @param caller who asks: calls of one caller share a turn
     * @param requests what is asked for
     * @return one outcome per request; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<List<RenewOutcome>> renew(String caller, List<RenewRequest> requests) {
        return submit(renew, caller, requests);
    }

    /**
     * {@link LockCalls#release}, in time.
     *
     * @param caller who asks: calls of one caller share a turn
     * @param requests what is asked for
     * @return one outcome per request; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<List<ReleaseOutcome>> release(String caller, List<ReleaseRequest> requests) {
        return submit(release, caller, requests);
    }

    /**
     * {@link LockCalls#breakLeases}, in time.
     *
     * @param caller who asks: calls of one caller share a turn
     * @param requests what is asked for
     * @return one outcome per request; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<List<BreakOutcome>> breakLeases(String caller, List<BreakRequest> requests) {
        return submit(breakLeases, caller, requests);
    }

    private <Q, O> CompletableFuture<List<O>> submit(Operation<Q, O> operation, String caller, List<Q> requests) {
        int size = requests.size();
        if (size == 0) {
            return CompletableFuture.completedFuture(List.of());
        }
        if (!backlog.add(caller, size)) {
            observer.refused(StatementObserver.Limit.REQUESTS_OF_CALLER);
            return CompletableFuture.failedFuture(
                    backlog.refusal("A caller has as many requests waiting as it may beside those of others"));
        }
        Call<Q, O> call = new Call<>(caller, operation, size, backlog.nanoTime(), observer.asked());
        operation.lane().add(Part.all(call, requests));
        return call.outcomes();
    }

    /**
     * {@link LockCalls#find}, in time.
     *
     * @param caller who asks
     * @param streamId the stream
     * @return its lock, or empty if no lease is live; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<Optional<Lock>> find(String caller, String streamId) {
        return reads.find(caller, () -> locks.find(streamId));
    }

    /**
     * {@link LockCalls#list}, in time.
     *
     * @param caller who asks
     * @param query which ones
     * @return the page; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<LockPage> list(String caller, LockQuery query) {
        return reads.walk(caller, Kind.LIST, () -> locks.list(query));
    }

    /**
     * {@link LockCalls#history(StreamHistoryQuery)}, in time.
     *
     * @param caller who asks
     * @param query which grants
     * @return the page; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<GrantPage> history(String caller, StreamHistoryQuery query) {
        return reads.walk(caller, Kind.HISTORY, () -> locks.history(query));
    }

    /**
     * {@link LockCalls#history(HistoryQuery)}, in time.
     *
     * @param caller who asks
     * @param query which grants
     * @return the page; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<GrantPage> history(String caller, HistoryQuery query) {
        return reads.walk(caller, Kind.HISTORY, () -> locks.history(query));
    }

    /**
     * {@link LockCalls#breakOwner}, in time. It begins in time; how long it takes depends on how many streams there are.
     *
     * @param caller who asks
     * @param ownerId the owner
     * @param breaking why, by whom, and for how long the streams stay closed
     * @return how many leases were ended; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<Integer> breakOwner(String caller, String ownerId, Breaking breaking) {
        return reads.breakOwner(caller, () -> locks.breakOwner(ownerId, breaking));
    }

    /**
     * {@link LockCalls#verifyWritable}, in time. Whoever asks while a check is under way shares the next one.
     *
     * @return done if the storage answers and takes writes; fails as that method does, or with {@link
     *     OverloadedException}
     */
    public CompletableFuture<Void> verifyWritable() {
        return reads.check(locks::verifyWritable);
    }

    /** Fails what waits, as overloaded, and what comes later. Statements under way go on; this waits for none. */
    @Override
    public void close() {
        changes.close();
        renewals.close();
        writers.shutdown();
        reads.close();
    }

    /**
     * One of the changes.
     *
     * @param kind which
     * @param streamId the stream of a request
     * @param statement carries requests out
     * @param blocked the outcome of a request that was blocked
     * @param undecided the outcome of a request that needs another statement
     * @param lane where it is done
     */
    record Operation<Q, O>(
            Kind kind,
            Function<Q, String> streamId,
            Function<List<Q>, List<O>> statement,
            O blocked,
            O undecided,
            Lane lane) {
        String streamId(Q request) {
            return streamId.apply(request);
        }

        /** Whether a request with this outcome may be tried again. */
        boolean isOpen(O outcome) {
            return blocked.equals(outcome) || undecided.equals(outcome);
        }
    }
}

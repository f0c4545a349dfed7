package io.streamlocks.coordinator.lock.group;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.BlockedException;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.GrantPage;
import io.streamlocks.coordinator.lock.HistoryQuery;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockManager;
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
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Puts the requests of concurrent calls together, so that they share a statement and its commit.
 *
 * <p>Calls wait in <em>lanes</em>. As a rule a lane has one statement under way; what arrives meanwhile waits, and is
 * the next one. So nothing is delayed to fill a batch: a call that finds its lane idle is carried out at once and alone,
 * and the more calls there are, the larger the batches. Where enough wait for two large ones, or one takes long, two are
 * under way.
 *
 * <p>Acquires, releases and breaks share one lane, and those for one stream are carried out in the order in which they came,
 * as long as no other transaction has the stream locked. Renewals have a lane of their own, so that no acquire waits behind the
 * heartbeats of a million leases. A caller that sends a renewal while an acquire or a release of that lease is under way does
 * not know which comes first.
 *
 * <p>The waiting calls are bounded, in number and in time. A call beyond the bound, or one that has waited for {@value
 * Backlog#MAX_WAIT_MS} ms, fails with {@link OverloadedException}. A statement that fails fails the calls that are in it, and
 * no others. A call whose future is cancelled, or completed by somebody else, is dropped if its statement has not begun.
 *
 * <p>A request that is blocked is tried again: for {@value Backlog#MAX_BLOCKED_MS} ms if its call has other requests, which
 * wait for it, and else for as long as a call may wait. After that its outcome is that it is blocked.
 *
 * <p>Thread-safe. No method blocks. The futures of the changes are completed one after another for all calls of a
 * statement, so what depends on them should be short or go elsewhere.
 */
public final class GroupCommit implements AutoCloseable {

    private static final int MAX_WAITING_READS = 1000;

    private static final int READERS = 4;

    /** Of their own, so that no look at a lock and no health check waits behind a walk over all streams. */
    private static final int WALKERS = 2;

    private static final int MAX_WAITING_WALKS = 100;

    private final LockManager locks;
    private final StatementObserver observer;
    private final Delay delay;
    private final Backlog backlog;
    private final Lane changes;
    private final Lane renewals;
    private final ExecutorService writers;
    private final ThreadPoolExecutor readers;
    private final ThreadPoolExecutor walkers;
    private final Operation<AcquireRequest, AcquireOutcome> acquire;
    private final Operation<RenewRequest, RenewOutcome> renew;
    private final Operation<ReleaseRequest, ReleaseOutcome> release;
    private final Operation<BreakRequest, BreakOutcome> breakLeases;

    /**
     * @param locks decides; it is called by at most ten threads at once
     * @param answers completes the futures, in one task for all calls of a statement, while there is another to carry out
     * @param observer is told of each statement before that
     */
    public GroupCommit(LockManager locks, Executor answers, StatementObserver observer) {
        this(locks, answers, observer, System::nanoTime);
    }

    GroupCommit(LockManager locks, Executor answers, StatementObserver observer, LongSupplier nanoTime) {
        // Of any size, since the lanes themselves bound how many statements are under way; others only answer.
        this(locks, answers, observer, nanoTime, Executors.newCachedThreadPool(daemons("group-commit")), Delay.JVM);
    }

    /**
     * @param writers carries out the changes, four at once, and answers beside that
     * @param delay runs what is to be done later
     */
    GroupCommit(
            LockManager locks,
            Executor answers,
            StatementObserver observer,
            LongSupplier nanoTime,
            ExecutorService writers,
            Delay delay) {
        this.locks = locks;
        this.observer = observer;
        this.delay = delay;
        this.backlog = new Backlog(nanoTime);
        this.writers = writers;
        this.changes = new Lane(writers, answers, delay, backlog, observer);
        this.renewals = new Lane(writers, answers, delay, backlog, observer);
        this.acquire = new Operation<>(
                Kind.ACQUIRE,
                AcquireRequest::streamId,
                locks::acquire,
                AcquireOutcome.Blocked.class::isInstance,
                changes);
        this.renew = new Operation<>(
                Kind.RENEW, RenewRequest::streamId, locks::renew, RenewOutcome.Blocked.class::isInstance, renewals);
        this.release = new Operation<>(
                Kind.RELEASE,
                ReleaseRequest::streamId,
                locks::release,
                ReleaseOutcome.Blocked.class::isInstance,
                changes);
        this.breakLeases = new Operation<>(
                Kind.BREAK,
                BreakRequest::streamId,
                locks::breakLeases,
                BreakOutcome.Blocked.class::isInstance,
                changes);
        this.readers = new ThreadPoolExecutor(
                READERS,
                READERS,
                0,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(MAX_WAITING_READS),
                daemons("group-commit-read"));
        this.walkers = new ThreadPoolExecutor(
                WALKERS,
                WALKERS,
                0,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(MAX_WAITING_WALKS),
                daemons("group-commit-walk"));
    }

    private static ThreadFactory daemons(String name) {
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    /**
     * {@link LockManager#acquire}, in time.
     *
     * @param requests what is asked for
     * @return one outcome per request; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<List<AcquireOutcome>> acquire(List<AcquireRequest> requests) {
        return submit(acquire, requests);
    }

    /**
     * {@link LockManager#renew}, in time.
     *
     * @param requests what is asked for
     * @return one outcome per request; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<List<RenewOutcome>> renew(List<RenewRequest> requests) {
        return submit(renew, requests);
    }

    /**
     * {@link LockManager#release}, in time.
     *
     * @param requests what is asked for
     * @return one outcome per request; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<List<ReleaseOutcome>> release(List<ReleaseRequest> requests) {
        return submit(release, requests);
    }

    /**
     * {@link LockManager#breakLeases}, in time.
     *
     * @param requests what is asked for
     * @return one outcome per request; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<List<BreakOutcome>> breakLeases(List<BreakRequest> requests) {
        return submit(breakLeases, requests);
    }

    private <Q, O> CompletableFuture<List<O>> submit(Operation<Q, O> operation, List<Q> requests) {
        int size = requests.size();
        if (size == 0) {
            return CompletableFuture.completedFuture(List.of());
        }
        if (!backlog.add(size)) {
            return CompletableFuture.failedFuture(
                    backlog.refusal("Over " + Backlog.MAX_REQUESTS + " requests are waiting"));
        }
        Call<Q, O> call =
                new Call<>(operation, requests, backlog.nanoTime(), observer.asked(), new CompletableFuture<>(), null);
        operation.lane().add(call);
        return call.outcomes();
    }

    /**
     * {@link LockManager#find}, in time.
     *
     * @param streamId the stream
     * @return its lock, or empty if no lease is live; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<Optional<Lock>> find(String streamId) {
        return run(readers, Kind.FIND, () -> locks.find(streamId));
    }

    /**
     * {@link LockManager#list}, in time.
     *
     * @param query which ones
     * @return the page; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<LockPage> list(LockQuery query) {
        return run(readers, Kind.LIST, () -> locks.list(query));
    }

    /**
     * {@link LockManager#history(StreamHistoryQuery)}, in time.
     *
     * @param query which grants
     * @return the page; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<GrantPage> history(StreamHistoryQuery query) {
        return run(walkers, Kind.HISTORY, () -> locks.history(query));
    }

    /**
     * {@link LockManager#history(HistoryQuery)}, in time.
     *
     * @param query which grants
     * @return the page; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<GrantPage> history(HistoryQuery query) {
        return run(walkers, Kind.HISTORY, () -> locks.history(query));
    }

    /**
     * {@link LockManager#breakOwner}, in time. It begins in time; how long it takes depends on how many streams there are.
     *
     * @param ownerId the owner
     * @param breaking why, by whom, and for how long the streams stay closed
     * @return how many leases were ended; fails as that method does, or with {@link OverloadedException}
     */
    public CompletableFuture<Integer> breakOwner(String ownerId, Breaking breaking) {
        return run(walkers, Kind.BREAK, () -> locks.breakOwner(ownerId, breaking));
    }

    /**
     * {@link LockManager#verifyWritable}, in time.
     *
     * @return done if the storage answers and takes writes; fails as that method does, or with {@link
     *     OverloadedException}
     */
    public CompletableFuture<Void> verifyWritable() {
        return run(readers, Kind.CHECK, () -> {
            locks.verifyWritable();
            return null;
        });
    }

    private <T> CompletableFuture<T> run(ThreadPoolExecutor threads, Kind kind, Supplier<T> work) {
        Read<T> read = new Read<>(threads, kind, work, backlog.nanoTime(), observer.asked(), new CompletableFuture<>());
        begin(read);
        return read.result();
    }

    /** A call that waits for a thread of its own. */
    private record Read<T>(
            ThreadPoolExecutor threads,
            Kind kind,
            Supplier<T> work,
            long askedNanos,
            Consumer<Execution> caller,
            CompletableFuture<T> result) {}

    private void begin(Read<?> read) {
        try {
            read.threads().execute(() -> carryOut(read));
        } catch (RejectedExecutionException e) {
            read.result().completeExceptionally(backlog.refusal("Too many reads are waiting"));
        }
    }

    private <T> void carryOut(Read<T> read) {
        CompletableFuture<T> result = read.result();
        if (result.isDone()) {
            return;
        }
        long began = backlog.nanoTime();
        observer.waited(read.kind(), began - read.askedNanos());
        if (backlog.hasWaitedTooLong(read.askedNanos())) {
            result.completeExceptionally(backlog.tooLate());
            return;
        }
        T value = null;
        Throwable failure = null;
        try {
            value = read.work().get();
            backlog.succeeded();
        } catch (BlockedException e) {
            if (!backlog.isOlderThan(Backlog.MAX_BLOCKED_MS, read.askedNanos())) {
                // No thread waits for it meanwhile: health checks are among those that want one.
                delay.run(() -> begin(read), Lane.RETRY_MS);
                return;
            }
            failure = e;
        } catch (Throwable e) {
            backlog.failed(e);
            failure = e;
        }
        if (read.caller() != null) {
            read.caller()
                    .accept(new Execution(read.kind(), 1, began, backlog.nanoTime(), Optional.ofNullable(failure)));
        }
        if (failure == null) {
            result.complete(value);
        } else {
            result.completeExceptionally(failure);
        }
    }

    /** Fails what waits, as overloaded, and what comes later. Statements under way go on; this waits for none. */
    @Override
    public void close() {
        changes.close();
        renewals.close();
        writers.shutdown();
        readers.shutdown();
        walkers.shutdown();
    }

    /**
     * One of the changes.
     *
     * @param kind which
     * @param streamId the stream of a request
     * @param statement carries requests out
     * @param isBlocked whether an outcome is that the request was blocked
     * @param lane where it is done
     */
    record Operation<Q, O>(
            Kind kind,
            Function<Q, String> streamId,
            Function<List<Q>, List<O>> statement,
            Predicate<O> isBlocked,
            Lane lane) {
        String streamId(Q request) {
            return streamId.apply(request);
        }
    }
}

package io.streamlocks.coordinator.lock.group;

import io.streamlocks.coordinator.lock.Limits;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Carries out the requests that wait for the storage, in statements that callers share ({@link Waiting}). The requests
 * of each caller for each stream stay in the order of their arrival. This class is thread-safe.
 *
 * <p>A lane normally has one statement under way, and the requests that arrive in the meantime share the next one. It
 * begins a second one in three cases. If {@value #MANY_REQUESTS} requests wait, two statements cost little more than one
 * larger statement, and the storage carries both out at once. If the first one has taken {@value #PATIENCE_MS} ms,
 * something is delaying it. If the first one only takes places in queues, a release, which hands a stream over, does not
 * wait for its commit. No stream is in both statements. Small statements that acquire and release share a transaction
 * ({@link Together}) and count as one.
 *
 * <p>A request is blocked if another transaction has its stream locked. It is tried again after {@value
 * #FIRST_RETRY_MS} ms, and later every {@value #RETRY_MS} ms at most. Until then it does not wait in the lane, so no
 * other call waits for it. A call that names the same stream may overtake it. An undecided request returns to the lane,
 * before everything that its caller asked for later.
 *
 * <p>While there is more to do, other threads complete the futures, so that responses are written while the storage
 * works. Otherwise the thread of the statement completes them at once.
 */
final class Lane {

    /** The largest batch fits into one statement. */
    static final int MAX_STATEMENT_REQUESTS = Limits.MAX_BATCH_ITEMS;

    /** The maximum number of statements at once. The storage has other work, and PostgreSQL has other servers. */
    static final int MAX_STATEMENTS = 2;

    /** The number of waiting requests that is worth a second statement. */
    static final int MANY_REQUESTS = 400;

    /** After this time a statement counts as delayed. An undisturbed one takes a few milliseconds. */
    static final int PATIENCE_MS = 100;

    /** When a blocked request is first tried again. Most transactions have ended by then. */
    static final int FIRST_RETRY_MS = 5;

    /** The longest pause between two tries of a blocked request. */
    static final int RETRY_MS = 20;

    private static final String STOPPING = "The server is stopping";

    private final Executor executor;
    private final Executor answers;
    private final Delay delay;
    private final Backlog backlog;
    private final StatementObserver observer;

    /** The requests that wait. This lane guards them. */
    private final Waiting waiting;

    /**
     * The number of tasks that carry out statements, or are about to. There is at least one while any call waits. This
     * lane guards the number.
     */
    private int runners;

    /** The statements that have begun. This lane guards them. */
    private final List<Flush> underWay = new ArrayList<>(MAX_STATEMENTS);

    /**
     * The number of waiting requests that cannot be carried out beside the statement under way. This lane guards the
     * number.
     */
    private int requestsBlocked;

    /** Whether the lane rejects all calls. This lane guards it. */
    private boolean closed;

    /**
     * @param executor runs statements, two at once; a task that has no further statement completes futures before it
     *     ends, so that more than two may run
     * @param answers completes futures while statements are under way
     * @param delay runs the tasks that are due later
     * @param backlog has counted the requests that are {@linkplain #add added}
     * @param observer is informed before futures are completed
     * @param together which operations may share a transaction
     */
    Lane(
            Executor executor,
            Executor answers,
            Delay delay,
            Backlog backlog,
            StatementObserver observer,
            Together together) {
        this.executor = executor;
        this.answers = answers;
        this.delay = delay;
        this.backlog = backlog;
        this.waiting = new Waiting(backlog, together);
        this.observer = observer;
    }

    void add(Part<?, ?> part) {
        List<Part<?, ?>> dropped;
        String refusal;
        synchronized (this) {
            waiting.add(part);
            if (closed) {
                refusal = STOPPING;
            } else {
                beginIfNeeded();
                if (runners > 0) {
                    return;
                }
                // The lane was idle, so this part is the only one.
                refusal = "No thread can be started";
            }
            dropped = waiting.clear();
        }
        giveUp(dropped, refusal);
    }

    /**
     * Starts a runner if one is needed. If none can start, the lane must not look busy, or later parts would never run.
     */
    private void beginIfNeeded() {
        if (runners > 0 && (runners == MAX_STATEMENTS || !isWorthAnother())) {
            return;
        }
        runners++;
        try {
            executor.execute(this::runAll);
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            runners--;
        }
    }

    /** Returns whether a second statement is worthwhile, apart from requests that wait for the statement under way. */
    private boolean isWorthAnother() {
        int untried = waiting.requests() - requestsBlocked;
        return untried >= MANY_REQUESTS
                || (untried > 0 && !underWay.isEmpty() && underWay.get(0).letsOthersBegin(backlog));
    }

    void close() {
        List<Part<?, ?>> dropped;
        synchronized (this) {
            closed = true;
            dropped = waiting.clear();
        }
        giveUp(dropped, STOPPING);
    }

    private void giveUp(List<Part<?, ?>> dropped, String why) {
        dropped.forEach(part -> part.giveUp(backlog.refusal(why)));
    }

    private void runAll() {
        Optional<Flush> flush = nextInAnyCase(Optional.empty());
        while (flush.isPresent()) {
            Flush done = flush.get();
            done.execute(backlog);
            flush = nextInAnyCase(flush);
            done.forEachBlocked(this::tryLater);
            if (flush.isEmpty()) {
                // Waking another thread would take longer than completing most futures.
                done.complete(observer);
            } else {
                completeBeside(() -> done.complete(observer));
            }
        }
    }

    private void tryLater(Part<?, ?> part) {
        try {
            // A part that was undecided before may have been tried a hundred times, so the shift is bounded.
            int times = Math.min(part.tries() - 1, 2);
            delay.run(() -> tryAgain(part), Math.min((long) FIRST_RETRY_MS << times, RETRY_MS));
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            part.giveUp(e);
        }
    }

    /** Adds it whatever the number of waiting requests, because its caller has waited for longer than most. */
    private void tryAgain(Part<?, ?> part) {
        backlog.addAgain(part.call().caller(), part.size());
        add(part);
    }

    private void completeBeside(Runnable calls) {
        try {
            answers.execute(calls);
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            // There is no thread, or the server has stopped. The calls must be completed nevertheless.
            calls.run();
        }
    }

    /**
     * Returns the {@link #next} statement in spite of errors, such as exhausted memory. The runner must not end
     * silently, because nothing would start another one, and must not try for ever. Each error therefore fails one
     * waiting call.
     */
    private Optional<Flush> nextInAnyCase(Optional<Flush> done) {
        Optional<Flush> before = done;
        while (true) {
            try {
                return next(before);
            } catch (Throwable e) {
                List<Part<?, ?>> failed = new ArrayList<>();
                boolean goesOn;
                synchronized (this) {
                    if (before.isPresent() && underWay.remove(before.get())) {
                        before.get().addUndecidedTo(failed);
                    }
                    goesOn = waiting.pollTo(failed);
                    if (!goesOn) {
                        runners--;
                    }
                }
                before = Optional.empty();
                failed.forEach(part -> part.giveUp(e));
                if (!goesOn) {
                    return Optional.empty();
                }
            }
        }
    }

    /**
     * Takes the next statement. An empty result ends this runner: nothing can be carried out now, or not enough for a
     * second statement.
     *
     * @param done the previous statement of this runner; empty if there is none
     */
    private Optional<Flush> next(Optional<Flush> done) {
        List<Part<?, ?>> late = new ArrayList<>();
        try {
            return next(done, late);
        } finally {
            if (!late.isEmpty()) {
                // The calls of the next statement must not wait for these.
                completeBeside(() -> late.forEach(this::refuse));
            }
        }
    }

    private synchronized Optional<Flush> next(Optional<Flush> done, List<Part<?, ?>> late) {
        if (done.isPresent() && underWay.remove(done.get())) {
            requestsBlocked = 0;
            // This precedes everything else that could be done with their streams.
            if (closed) {
                done.get().addUndecidedTo(late);
            } else {
                waiting.putBack(done.get());
            }
        }
        Optional<Flush> flush = runners == 1 || isWorthAnother() ? takeFlush(late) : Optional.empty();
        if (flush.isEmpty()) {
            runners--;
        } else {
            underWay.add(flush.get());
            beginIfNeeded();
        }
        return flush;
    }

    /**
     * Rejects a part that waited for too long. Its wait is measured as well; otherwise the metric would omit the worst.
     */
    private void refuse(Part<?, ?> late) {
        try {
            if (late.isLeftOver()) {
                observer.refused(CallerLimit.UNFINISHED);
            }
            if (late.tries() == 0) {
                observer.waited(
                        late.call().operation().kind(),
                        backlog.nanoTime() - late.call().askedNanos());
            }
        } finally {
            late.giveUp(backlog.tooLate());
        }
    }

    private Optional<Flush> takeFlush(List<Part<?, ?>> late) {
        Set<String> busy = new HashSet<>();
        underWay.forEach(other -> other.addStreamIdsTo(busy));
        Optional<Flush> flush = waiting.take(busy, late);
        requestsBlocked = flush.isEmpty() ? waiting.requests() : 0;
        return flush;
    }
}

package io.streamlocks.coordinator.lock.group;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Requests that wait for the storage, and the statements that they become, with requests for each stream in the order in
 * which they came. Thread-safe.
 *
 * <p>As a rule one statement is under way, and what arrives meanwhile shares the next one. Where {@value #MANY_REQUESTS}
 * wait, a second one beside it costs little more than one that is larger, and the storage carries both out at once. So it
 * does for what arrives when the first has taken {@value #PATIENCE_MS} ms, which must have met something that holds it up.
 * No stream is in both.
 *
 * <p>While more is to be done, the callers are told by other threads: answers are made while the storage works. Else they
 * are told at once, by the thread that is free now.
 */
final class Lane {

    /** As many as one batch call may have. */
    static final int MAX_STATEMENT_REQUESTS = 1000;

    /** How many at once: the storage has other things to do, and PostgreSQL other servers. */
    static final int MAX_STATEMENTS = 2;

    /** How many must wait for a statement to begin beside another that does not take long. */
    static final int MANY_REQUESTS = 400;

    /** What is not held up takes a few. */
    static final int PATIENCE_MS = 100;

    /** How many requests a statement passes by: a long queue must not be walked through for each statement. */
    private static final int MAX_REQUESTS_PASSED = 2 * MAX_STATEMENT_REQUESTS;

    private static final String STOPPING = "The server is stopping";

    private final Executor executor;
    private final Executor answers;
    private final Backlog backlog;
    private final StatementObserver observer;

    /** Guarded by this. */
    private final Deque<Call<?, ?>> waiting = new ArrayDeque<>();

    /** In all of {@link #waiting}; guarded by this. */
    private int requestsWaiting;

    /** Tasks that carry statements out, or are about to; while any call waits there is one. Guarded by this. */
    private int runners;

    /** Guarded by this. */
    private final List<Statement<?, ?>> underWay = new ArrayList<>(MAX_STATEMENTS);

    /** Of those that wait, how many were seen to wait for the statement under way; guarded by this. */
    private int requestsBlocked;

    /** Guarded by this. */
    private boolean closed;

    /**
     * @param executor runs statements; occupied by at most two tasks for as long as anything waits, and by those for a little
     *     longer while they answer, beside the next one
     * @param answers tells the callers
     * @param backlog has counted what is {@linkplain #add added}
     * @param observer is told before the callers
     */
    Lane(Executor executor, Executor answers, Backlog backlog, StatementObserver observer) {
        this.executor = executor;
        this.answers = answers;
        this.backlog = backlog;
        this.observer = observer;
    }

    void add(Call<?, ?> call) {
        String refusal;
        synchronized (this) {
            if (closed) {
                refusal = STOPPING;
            } else {
                waiting.add(call);
                requestsWaiting += call.size();
                beginIfNeeded();
                if (runners > 0) {
                    return;
                }
                // It was the only one, since the lane was idle.
                clear();
                refusal = "No thread can be started";
            }
        }
        drop(call, refusal);
    }

    /** Without a thread the lane must not seem busy: nobody would ever do what comes later. */
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

    /** Enough has come that another statement may take, whatever waits for the one under way. */
    private boolean isWorthAnother() {
        int untried = requestsWaiting - requestsBlocked;
        return untried >= MANY_REQUESTS
                || (untried > 0
                        && !underWay.isEmpty()
                        && backlog.isOlderThan(PATIENCE_MS, underWay.get(0).beganNanos()));
    }

    void close() {
        List<Call<?, ?>> dropped;
        synchronized (this) {
            closed = true;
            dropped = List.copyOf(waiting);
            clear();
        }
        dropped.forEach(call -> drop(call, STOPPING));
    }

    private void clear() {
        waiting.clear();
        requestsWaiting = 0;
    }

    private void drop(Call<?, ?> call, String why) {
        backlog.remove(call.size());
        call.fail(backlog.refusal(why));
    }

    private void runAll() {
        Statement<?, ?> statement = next(null);
        while (statement != null) {
            Statement<?, ?> done = statement;
            done.execute(backlog);
            statement = next(done);
            if (statement == null) {
                // To wake another thread up for it would take longer than most answers do.
                done.answer(observer);
            } else {
                tellBeside(() -> done.answer(observer));
            }
        }
    }

    private void tellBeside(Runnable callers) {
        try {
            answers.execute(callers);
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            // No thread, or the server has stopped and the clients have gone; but nobody shall wait for ever.
            callers.run();
        }
    }

    /**
     * Takes what the next statement is made of; null, and this runner has ended, if nothing can be done, or not enough for
     * two.
     *
     * @param done what this runner did before; null if nothing
     */
    private Statement<?, ?> next(Statement<?, ?> done) {
        List<Call<?, ?>> late = new ArrayList<>();
        Statement<?, ?> statement = null;
        synchronized (this) {
            if (underWay.remove(done)) {
                requestsBlocked = 0;
            }
            if (runners == 1 || isWorthAnother()) {
                statement = takeStatement(late);
            }
            if (statement == null) {
                runners--;
            } else {
                underWay.add(statement);
                beginIfNeeded();
            }
        }
        if (!late.isEmpty()) {
            // Whoever waits for this statement has nothing to do with them.
            tellBeside(() -> late.forEach(this::refuse));
        }
        return statement;
    }

    /** A wait that was too long counts as well: without it, the worst would look better than it was. */
    private void refuse(Call<?, ?> late) {
        try {
            observer.waited(late.operation().kind(), backlog.nanoTime() - late.askedNanos());
        } finally {
            late.fail(backlog.tooLate());
        }
    }

    /**
     * The call that waits longest decides what is done; others that ask for the same join it. One that has to stay makes
     * those behind it stay that name a stream of its, so that none overtakes it.
     */
    private Statement<?, ?> takeStatement(List<Call<?, ?>> late) {
        Statement<?, ?> statement = null;
        Deque<Call<?, ?>> staying = new ArrayDeque<>();
        Set<String> overdue = new HashSet<>();
        underWay.forEach(other -> other.addStreamIdsTo(overdue));
        int passed = 0;
        while (passed < MAX_REQUESTS_PASSED && !waiting.isEmpty() && (statement == null || !statement.isFull())) {
            Call<?, ?> call = waiting.poll();
            if (call.isOpen()) {
                if (statement == null && backlog.hasWaitedTooLong(call.askedNanos())) {
                    late.add(call);
                } else if (call.namesOneOf(overdue) || (statement != null && !statement.takes(call))) {
                    staying.push(call);
                    call.addStreamIdsTo(overdue);
                    passed += call.size();
                    continue;
                } else if (statement == null) {
                    statement = new Statement<>(call, backlog.nanoTime());
                }
            }
            requestsWaiting -= call.size();
            backlog.remove(call.size());
        }
        staying.forEach(waiting::push);
        requestsBlocked = statement == null ? requestsWaiting : 0;
        return statement;
    }
}

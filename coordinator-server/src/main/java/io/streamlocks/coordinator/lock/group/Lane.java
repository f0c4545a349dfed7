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
 * <p>One statement is under way at a time while few wait: what arrives meanwhile then shares the next one. Where {@value
 * #MANY_REQUESTS} wait, a second one beside it costs little more than one that is larger, and the storage carries both out
 * at once. No stream is in both.
 *
 * <p>While more is to be done, the callers are told by other threads: answers are made while the storage works. Else they
 * are told at once, by the thread that is free now.
 */
final class Lane {

    /** As many as one batch call may have. */
    static final int MAX_STATEMENT_REQUESTS = 1000;

    /** How many at once: the storage has other things to do, and PostgreSQL other servers. */
    static final int MAX_STATEMENTS = 2;

    /** How many must wait for a statement to begin beside another. */
    static final int MANY_REQUESTS = 400;

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

    /** All that waits has to wait for what is under way; guarded by this. */
    private boolean blocked;

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
        if (runners > 0 && (runners == MAX_STATEMENTS || blocked || requestsWaiting < MANY_REQUESTS)) {
            return;
        }
        runners++;
        try {
            executor.execute(this::runAll);
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            runners--;
        }
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
                answerBeside(done);
            }
        }
    }

    private void answerBeside(Statement<?, ?> done) {
        try {
            answers.execute(() -> done.answer(observer));
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            // No thread, or the server has stopped and the clients have gone; but nobody shall wait for ever.
            done.answer(observer);
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
            underWay.remove(done);
            blocked = false;
            if (runners == 1 || requestsWaiting >= MANY_REQUESTS) {
                statement = takeStatement(late);
                blocked = statement == null && runners > 1;
            }
            if (statement == null) {
                runners--;
            } else {
                underWay.add(statement);
                beginIfNeeded();
            }
        }
        late.forEach(this::refuse);
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
                    statement = new Statement<>(call);
                }
            }
            requestsWaiting -= call.size();
            backlog.remove(call.size());
        }
        staying.forEach(waiting::push);
        return statement;
    }
}

package io.streamlocks.coordinator.lock.group;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
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
 * <p>Requests that were blocked, since another transaction has their streams locked, are tried again after {@value
 * #FIRST_RETRY_MS} ms, and then every {@value #RETRY_MS} ms at most. Until then they do not wait in the lane, so no other call
 * waits for them; one that names the same stream may overtake them.
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

    /** When a request that was blocked is tried again: most transactions are over by then. */
    static final int FIRST_RETRY_MS = 5;

    /** How long a request that was blocked waits between two tries at most. */
    static final int RETRY_MS = 20;

    private static final String STOPPING = "The server is stopping";

    private final Executor executor;
    private final Executor answers;
    private final Delay delay;
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
     * @param delay runs what is to be done later
     * @param backlog has counted what is {@linkplain #add added}
     * @param observer is told before the callers
     */
    Lane(Executor executor, Executor answers, Delay delay, Backlog backlog, StatementObserver observer) {
        this.executor = executor;
        this.answers = answers;
        this.delay = delay;
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
        call.giveUp(backlog.refusal(why));
    }

    private void runAll() {
        Statement<?, ?> statement = nextInAnyCase(null);
        while (statement != null) {
            Statement<?, ?> done = statement;
            done.execute(backlog);
            statement = nextInAnyCase(done);
            done.blocked().forEach(this::tryLater);
            if (statement == null) {
                // To wake another thread up for it would take longer than most answers do.
                done.answer(observer);
            } else {
                tellBeside(() -> done.answer(observer));
            }
        }
    }

    private void tryLater(Call<?, ?> call) {
        try {
            delay.run(() -> tryAgain(call), Math.min((long) FIRST_RETRY_MS << (call.tries() - 1), RETRY_MS));
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            call.giveUp(e);
        }
    }

    /** It is not refused for the number of those that wait, since its caller has been waiting for longer than most. */
    private void tryAgain(Call<?, ?> call) {
        backlog.addAgain(call.size());
        add(call);
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
     * As {@link #next}, whatever that meets: when the memory is used up, for example, the runner must neither end without a
     * word, since nothing would ever start another one, nor try for ever. So each error fails one of the calls that wait.
     */
    private Statement<?, ?> nextInAnyCase(Statement<?, ?> done) {
        Statement<?, ?> before = done;
        while (true) {
            try {
                return next(before);
            } catch (Throwable e) {
                before = null;
                Call<?, ?> first;
                synchronized (this) {
                    first = waiting.poll();
                    if (first == null) {
                        runners--;
                        return null;
                    }
                    requestsWaiting -= first.size();
                }
                backlog.remove(first.size());
                first.giveUp(e);
            }
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
        try {
            return next(done, late);
        } finally {
            if (!late.isEmpty()) {
                // Whoever waits for this statement has nothing to do with them.
                tellBeside(() -> late.forEach(this::refuse));
            }
        }
    }

    private synchronized Statement<?, ?> next(Statement<?, ?> done, List<Call<?, ?>> late) {
        if (underWay.remove(done)) {
            requestsBlocked = 0;
        }
        Statement<?, ?> statement = runners == 1 || isWorthAnother() ? takeStatement(late) : null;
        if (statement == null) {
            runners--;
        } else {
            underWay.add(statement);
            beginIfNeeded();
        }
        return statement;
    }

    /** A wait that was too long counts as well: without it, the worst would look better than it was. */
    private void refuse(Call<?, ?> late) {
        try {
            if (late.tries() == 0) {
                observer.waited(late.operation().kind(), backlog.nanoTime() - late.askedNanos());
            }
        } finally {
            late.giveUp(backlog.tooLate());
        }
    }

    /**
     * The call that waits longest decides what is done; others that ask for the same join it. One that has to stay makes
     * those behind it stay that name a stream of its, so that none overtakes it.
     */
    private Statement<?, ?> takeStatement(List<Call<?, ?>> late) {
        Statement<?, ?> statement = null;
        Set<String> overdue = new HashSet<>();
        underWay.forEach(other -> other.addStreamIdsTo(overdue));
        int passed = 0;
        Iterator<Call<?, ?>> calls = waiting.iterator();
        try {
            while (passed < MAX_REQUESTS_PASSED && calls.hasNext() && (statement == null || !statement.isFull())) {
                Call<?, ?> call = calls.next();
                if (call.isOpen()) {
                    if (statement == null && backlog.hasWaitedTooLong(call.askedNanos())) {
                        late.add(call);
                    } else if (call.namesOneOf(overdue) || (statement != null && !statement.takes(call))) {
                        call.addStreamIdsTo(overdue);
                        passed += call.size();
                        continue;
                    } else if (statement == null) {
                        statement = new Statement<>(call, backlog.nanoTime());
                    }
                }
                calls.remove();
                requestsWaiting -= call.size();
                backlog.remove(call.size());
            }
        } catch (Throwable e) {
            // They do not wait any more, and nobody else would tell them.
            if (statement != null) {
                statement.addCallsTo(late);
            }
            throw e;
        }
        requestsBlocked = statement == null ? requestsWaiting : 0;
        return statement;
    }
}

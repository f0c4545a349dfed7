package io.streamlocks.coordinator.lock.group;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Requests that wait for the storage, and the statements that they become, with the requests of each caller for each stream
 * in the order in which they came. Callers share each statement ({@link Waiting}). Thread-safe.
 *
 * <p>As a rule one statement is under way, and what arrives meanwhile shares the next one. Where {@value #MANY_REQUESTS}
 * wait, a second one beside it costs little more than one that is larger, and the storage carries both out at once. So it
 * does for what arrives when the first has taken {@value #PATIENCE_MS} ms, which must have met something that holds it up.
 * No stream is in both.
 *
 * <p>Requests that were blocked, since another transaction has their streams locked, are tried again after {@value
 * #FIRST_RETRY_MS} ms, and then every {@value #RETRY_MS} ms at most. Until then they do not wait in the lane, so no other call
 * waits for them; one that names the same stream may overtake them. Requests that are undecided, since others of their
 * statement went first, wait in the lane again before all that their caller asked for later.
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
    private final Waiting waiting;

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
        this.waiting = new Waiting(backlog);
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
                // It is the only one, since the lane was idle.
                refusal = "No thread can be started";
            }
            dropped = waiting.clear();
        }
        giveUp(dropped, refusal);
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
        int untried = waiting.requests() - requestsBlocked;
        return untried >= MANY_REQUESTS
                || (untried > 0
                        && !underWay.isEmpty()
                        && backlog.isOlderThan(PATIENCE_MS, underWay.get(0).beganNanos()));
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

    private void tryLater(Part<?, ?> part) {
        try {
            // Some were undecided as well, and are tried for the hundredth time.
            int times = Math.min(part.tries() - 1, 2);
            delay.run(() -> tryAgain(part), Math.min((long) FIRST_RETRY_MS << times, RETRY_MS));
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            part.giveUp(e);
        }
    }

    /** It is not refused for the number of those that wait, since its caller has been waiting for longer than most. */
    private void tryAgain(Part<?, ?> part) {
        backlog.addAgain(part.call().caller(), part.size());
        add(part);
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
                List<Part<?, ?>> failed = new ArrayList<>();
                boolean goesOn;
                synchronized (this) {
                    if (before != null && underWay.remove(before)) {
                        failed.addAll(before.undecided());
                    }
                    Part<?, ?> first = waiting.poll();
                    goesOn = first != null;
                    if (goesOn) {
                        failed.add(first);
                    } else {
                        runners--;
                    }
                }
                before = null;
                failed.forEach(part -> part.giveUp(e));
                if (!goesOn) {
                    return null;
                }
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
        List<Part<?, ?>> late = new ArrayList<>();
        try {
            return next(done, late);
        } finally {
            if (!late.isEmpty()) {
                // Whoever waits for this statement has nothing to do with them.
                tellBeside(() -> late.forEach(this::refuse));
            }
        }
    }

    private synchronized Statement<?, ?> next(Statement<?, ?> done, List<Part<?, ?>> late) {
        if (underWay.remove(done)) {
            requestsBlocked = 0;
            // Before anything else can be done with their streams.
            putBack(done.undecided(), late);
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

    private <Q, O> void putBack(List<Part<Q, O>> undecided, List<Part<?, ?>> late) {
        if (closed) {
            late.addAll(undecided);
            return;
        }
        for (int i = undecided.size() - 1; i >= 0; i--) {
            Part<Q, O> part = undecided.get(i);
            try {
                backlog.addAgain(part.call().caller(), part.size());
                waiting.addFirst(part);
            } catch (OutOfMemoryError e) {
                part.giveUp(e);
            }
        }
    }

    /** A wait that was too long counts as well: without it, the worst would look better than it was. */
    private void refuse(Part<?, ?> late) {
        try {
            if (late.isLeftOver()) {
                observer.refused(StatementObserver.Limit.UNFINISHED);
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

    private Statement<?, ?> takeStatement(List<Part<?, ?>> late) {
        Set<String> busy = new HashSet<>();
        underWay.forEach(other -> other.addStreamIdsTo(busy));
        Statement<?, ?> statement = waiting.take(busy, late);
        requestsBlocked = statement == null ? waiting.requests() : 0;
        return statement;
    }
}

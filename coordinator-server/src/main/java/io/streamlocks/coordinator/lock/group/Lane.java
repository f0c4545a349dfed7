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
 * One statement at a time, in the order in which requests for each stream came. Thread-safe.
 *
 * <p>While more is to be done, the callers are told by other threads: answers are made while the storage works. Else they
 * are told at once, by the thread that is free now.
 */
final class Lane {

    /** As many as one batch call may have. */
    static final int MAX_STATEMENT_REQUESTS = 1000;

    /** How many requests a statement passes by: a long queue must not be walked through for each statement. */
    private static final int MAX_REQUESTS_PASSED = 2 * MAX_STATEMENT_REQUESTS;

    private static final String STOPPING = "The server is stopping";

    private final Executor executor;
    private final Executor answers;
    private final Backlog backlog;
    private final StatementObserver observer;

    /** Guarded by this. */
    private final Deque<Piece<?, ?>> waiting = new ArrayDeque<>();

    /** A statement is under way or about to be; guarded by this. */
    private boolean busy;

    /** Guarded by this. */
    private boolean closed;

    /**
     * @param executor runs statements; occupied by one task for as long as anything waits, and by that for a little longer
     *     while it answers, beside the next one
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

    void add(Piece<?, ?> piece) {
        String refusal;
        synchronized (this) {
            if (closed) {
                refusal = STOPPING;
            } else {
                waiting.add(piece);
                if (busy || begin()) {
                    return;
                }
                // It was the only one, since the lane was idle.
                waiting.clear();
                refusal = "No thread can be started";
            }
        }
        drop(piece, refusal);
    }

    /** Without a thread the lane must not stay busy: nobody would ever do what comes later. */
    private boolean begin() {
        busy = true;
        try {
            executor.execute(this::runAll);
            return true;
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            busy = false;
            return false;
        }
    }

    void close() {
        List<Piece<?, ?>> dropped;
        synchronized (this) {
            closed = true;
            dropped = List.copyOf(waiting);
            waiting.clear();
        }
        dropped.forEach(piece -> drop(piece, STOPPING));
    }

    private void drop(Piece<?, ?> piece, String why) {
        backlog.remove(piece.requests().size());
        piece.call().fail(backlog.refusal(why));
    }

    private void runAll() {
        Statement<?, ?> statement = next();
        while (statement != null) {
            Statement<?, ?> done = statement;
            done.execute(backlog);
            statement = next();
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

    /** Takes what the next statement is made of; null, and idle from now on, if nobody waits. */
    private Statement<?, ?> next() {
        List<Piece<?, ?>> late = new ArrayList<>();
        Statement<?, ?> statement;
        synchronized (this) {
            statement = takeStatement(late);
            busy = statement != null;
        }
        late.forEach(this::refuse);
        return statement;
    }

    /** A wait that was too long counts as well: without it, the worst would look better than it was. */
    private void refuse(Piece<?, ?> late) {
        try {
            observer.waited(
                    late.operation().kind(), backlog.nanoTime() - late.call().askedNanos());
        } finally {
            late.call().fail(backlog.tooLate());
        }
    }

    /**
     * The piece that waits longest decides what is done; others that ask for the same join it. One that has to stay makes
     * those behind it stay that name a stream of its, so that none overtakes it.
     */
    private Statement<?, ?> takeStatement(List<Piece<?, ?>> late) {
        Statement<?, ?> statement = null;
        Deque<Piece<?, ?>> staying = new ArrayDeque<>();
        Set<String> overdue = new HashSet<>();
        int passed = 0;
        while (passed < MAX_REQUESTS_PASSED && !waiting.isEmpty() && (statement == null || !statement.isFull())) {
            Piece<?, ?> piece = waiting.poll();
            int size = piece.requests().size();
            if (statement != null && piece.call().isOpen() && !statement.takes(piece, overdue)) {
                staying.push(piece);
                overdue.addAll(piece.streamIds());
                passed += size;
                continue;
            }
            backlog.remove(size);
            if (statement == null && piece.call().isOpen()) {
                if (backlog.hasWaitedTooLong(piece.call().askedNanos())) {
                    late.add(piece);
                } else {
                    statement = new Statement<>(piece);
                }
            }
        }
        staying.forEach(waiting::push);
        return statement;
    }
}

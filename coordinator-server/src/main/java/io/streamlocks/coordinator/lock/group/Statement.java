package io.streamlocks.coordinator.lock.group;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Requests of several calls that are carried out together. Not thread-safe: it goes from thread to thread. */
final class Statement<Q, O> {

    private final List<Piece<Q, O>> pieces = new ArrayList<>();
    private int size;
    private List<O> outcomes;
    private Throwable failure;
    private long beganNanos;
    private long endedNanos;

    Statement(Piece<Q, O> first) {
        pieces.add(first);
        size = first.requests().size();
    }

    boolean isFull() {
        return size >= Lane.MAX_STATEMENT_REQUESTS;
    }

    /** Takes in a piece, unless it is of another kind, too large, or names a stream that an earlier one waits for. */
    boolean takes(Piece<?, ?> other, Set<String> overdue) {
        if (other.operation() != pieces.get(0).operation()
                || size + other.requests().size() > Lane.MAX_STATEMENT_REQUESTS
                || (!overdue.isEmpty() && other.streamIds().stream().anyMatch(overdue::contains))) {
            return false;
        }
        // Of the same operation, so of the same types.
        @SuppressWarnings("unchecked")
        Piece<Q, O> piece = (Piece<Q, O>) other;
        pieces.add(piece);
        size += piece.requests().size();
        return true;
    }

    /** Carries the requests out. Does not throw: what is thrown is the calls' to hear. */
    void execute(Backlog backlog) {
        List<Q> requests = new ArrayList<>(size);
        pieces.forEach(piece -> requests.addAll(piece.requests()));
        beganNanos = backlog.nanoTime();
        try {
            outcomes = pieces.get(0).operation().statement().apply(requests);
            if (outcomes.size() != size) {
                throw new IllegalStateException(outcomes.size() + " outcomes of " + size + " requests");
            }
            backlog.succeeded();
        } catch (Throwable e) {
            backlog.failed(e);
            failure = e;
        }
        endedNanos = backlog.nanoTime();
    }

    /** Tells the calls, and the observer before them. */
    void answer(StatementObserver observer) {
        try {
            observe(observer);
        } finally {
            answer();
        }
    }

    private void observe(StatementObserver observer) {
        Kind kind = pieces.get(0).operation().kind();
        Execution execution = new Execution(kind, size, beganNanos, endedNanos, Optional.ofNullable(failure));
        for (Piece<Q, O> piece : pieces) {
            observer.waited(kind, beganNanos - piece.call().askedNanos());
            piece.call().carriedOut(execution);
        }
    }

    private void answer() {
        int from = 0;
        for (Piece<Q, O> piece : pieces) {
            int to = from + piece.requests().size();
            if (failure == null) {
                piece.call().decide(piece.positions(), outcomes.subList(from, to));
            } else {
                piece.call().fail(failure);
            }
            from = to;
        }
    }
}

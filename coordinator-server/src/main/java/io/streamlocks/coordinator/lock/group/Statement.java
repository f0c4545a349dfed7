package io.streamlocks.coordinator.lock.group;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** Requests of several calls that are carried out together. Not thread-safe: it goes from thread to thread. */
final class Statement<Q, O> {

    private final List<Call<Q, O>> calls = new ArrayList<>();
    private final List<Call<Q, O>> blocked = new ArrayList<>(0);

    /** Which of the calls are to be tried again. */
    private final BitSet triedAgain = new BitSet();

    private final long beganNanos;
    private int size;
    private List<O> outcomes;
    private Throwable failure;
    private long endedNanos;

    /**
     * @param first decides what it does
     * @param beganNanos since when it is under way
     */
    Statement(Call<Q, O> first, long beganNanos) {
        this.beganNanos = beganNanos;
        calls.add(first);
        size = first.size();
    }

    long beganNanos() {
        return beganNanos;
    }

    boolean isFull() {
        return size >= Lane.MAX_STATEMENT_REQUESTS;
    }

    void addStreamIdsTo(Collection<String> streamIds) {
        calls.forEach(call -> call.addStreamIdsTo(streamIds));
    }

    void addCallsTo(Collection<Call<?, ?>> others) {
        others.addAll(calls);
    }

    /** Takes in a call, unless it is of another kind or too large. */
    boolean takes(Call<?, ?> other) {
        if (other.operation() != calls.get(0).operation() || size + other.size() > Lane.MAX_STATEMENT_REQUESTS) {
            return false;
        }
        // Of the same operation, so of the same types.
        @SuppressWarnings("unchecked")
        Call<Q, O> call = (Call<Q, O>) other;
        calls.add(call);
        size += call.size();
        return true;
    }

    /** Carries the requests out. Does not throw: what is thrown is the calls' to hear. */
    void execute(Backlog backlog) {
        try {
            List<Q> requests = new ArrayList<>(size);
            calls.forEach(call -> requests.addAll(call.requests()));
            outcomes = calls.get(0).operation().statement().apply(requests);
            if (outcomes.size() != size) {
                throw new IllegalStateException(outcomes.size() + " outcomes of " + size + " requests");
            }
            backlog.succeeded();
            endedNanos = backlog.nanoTime();
            findBlocked(backlog);
        } catch (Throwable e) {
            backlog.failed(e);
            failure = e;
            blocked.clear();
            triedAgain.clear();
            endedNanos = backlog.nanoTime();
        }
    }

    private void findBlocked(Backlog backlog) {
        if (outcomes.stream().anyMatch(calls.get(0).operation().isBlocked())) {
            forEachDecided((i, decided) -> {
                Call<Q, O> call = calls.get(i);
                if (call.isBlocked(decided) && call.isPatient(backlog)) {
                    triedAgain.set(i);
                    blocked.add(call.blockedOf(decided, endedNanos));
                }
            });
        }
    }

    /** The requests that were blocked and are to be tried again, as their calls have time for it. Those are not answered yet. */
    List<Call<Q, O>> blocked() {
        return blocked;
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
        Kind kind = calls.get(0).operation().kind();
        Execution execution = new Execution(kind, size, beganNanos, endedNanos, Optional.ofNullable(failure));
        for (Call<Q, O> call : calls) {
            if (call.tries() == 0) {
                observer.waited(kind, beganNanos - call.askedNanos());
            }
            call.carriedOut(execution);
        }
    }

    private void answer() {
        if (failure != null) {
            calls.forEach(call -> call.fail(failure));
        } else {
            forEachDecided((i, decided) -> {
                if (!triedAgain.get(i)) {
                    calls.get(i).decide(decided);
                }
            });
        }
    }

    private interface Decided<O> {
        void of(int call, List<O> outcomes);
    }

    private void forEachDecided(Decided<O> reader) {
        int from = 0;
        for (int i = 0; i < calls.size(); i++) {
            int to = from + calls.get(i).size();
            reader.of(i, outcomes.subList(from, to));
            from = to;
        }
    }
}

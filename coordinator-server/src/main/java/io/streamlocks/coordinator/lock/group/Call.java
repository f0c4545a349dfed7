package io.streamlocks.coordinator.lock.group;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** The requests that a caller made at once, and their outcomes so far. Its {@link Part}s are carried out. Thread-safe. */
final class Call<Q, O> {

    private final String caller;
    private final Operation<Q, O> operation;
    private final int size;
    private final long askedNanos;
    private final Consumer<Execution> observer;
    private final CompletableFuture<List<O>> outcomes = new CompletableFuture<>();

    /** Null while none is known, and for a call that is decided as a whole; guarded by this. */
    private List<O> known;

    /** How many are not known; guarded by this. */
    private int missing;

    /**
     * @param caller who asks
     * @param operation for what
     * @param size how many requests it has
     * @param askedNanos since when the caller waits
     * @param observer is told what carried it out; null if nobody wants to know
     */
    Call(String caller, Operation<Q, O> operation, int size, long askedNanos, Consumer<Execution> observer) {
        this.caller = caller;
        this.operation = operation;
        this.size = size;
        this.askedNanos = askedNanos;
        this.observer = observer;
        this.missing = size;
    }

    String caller() {
        return caller;
    }

    Operation<Q, O> operation() {
        return operation;
    }

    int size() {
        return size;
    }

    long askedNanos() {
        return askedNanos;
    }

    /** The caller waits for these. */
    CompletableFuture<List<O>> outcomes() {
        return outcomes;
    }

    /** Somebody waits for it still. */
    boolean isOpen() {
        return !outcomes.isDone();
    }

    /** A statement has carried requests of it out, or has failed to. */
    void carriedOut(Execution execution) {
        if (observer != null) {
            observer.accept(execution);
        }
    }

    /** All of it is decided. */
    void decide(List<O> all) {
        outcomes.complete(all);
    }

    /**
     * Some of it is decided. It is answered when all is.
     *
     * @param positions where they stand in the call
     * @param decided what became of them
     */
    void decide(int[] positions, List<O> decided) {
        List<O> all = null;
        synchronized (this) {
            if (known == null) {
                known = new ArrayList<>(Collections.nCopies(size, null));
            }
            for (int i = 0; i < positions.length; i++) {
                known.set(positions[i], decided.get(i));
            }
            missing -= positions.length;
            if (missing == 0) {
                all = known;
            }
        }
        if (all != null) {
            outcomes.complete(all);
        }
    }

    /** Its outcome is unknown. */
    void fail(Throwable cause) {
        outcomes.completeExceptionally(cause);
    }
}

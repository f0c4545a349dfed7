package io.streamlocks.coordinator.lock.group;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * The requests of one call, and their outcomes so far. The call is carried out in {@link Part}s. This class is
 * thread-safe.
 */
final class Call<Q, O> {

    private final String caller;
    private final Operation<Q, O> operation;
    private final int size;
    private final long askedNanos;
    private final Consumer<Execution> observer;
    private final CompletableFuture<List<O>> outcomes = new CompletableFuture<>();

    /**
     * The outcomes so far; empty while none is known, and for a call that is decided as a whole. This call guards them.
     */
    private List<O> known = List.of();

    /** The number of outcomes that are not known. This call guards it. */
    private int missing;

    /**
     * @param caller identifies the caller
     * @param operation the kind of its requests
     * @param size the number of its requests
     * @param askedNanos when it began to wait
     * @param observer is informed of the statements that carried it out
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

    /** Returns the future that the caller waits for. */
    CompletableFuture<List<O>> outcomes() {
        return outcomes;
    }

    /** Returns whether the caller still waits. */
    boolean isOpen() {
        return !outcomes.isDone();
    }

    /** Reports a statement that has carried out requests of this call, or has failed to. */
    void carriedOut(Execution execution) {
        observer.accept(execution);
    }

    /** Completes the call with the outcomes of all requests. */
    void decide(List<O> all) {
        outcomes.complete(all);
    }

    /**
     * Adds outcomes of some requests, and completes the call when all are known.
     *
     * @param positions the positions of the requests in the call
     * @param decided their outcomes
     */
    void decide(int[] positions, List<O> decided) {
        List<O> all;
        synchronized (this) {
            if (known.isEmpty()) {
                known = new ArrayList<>(Collections.nCopies(size, operation.undecided()));
            }
            for (int i = 0; i < positions.length; i++) {
                known.set(positions[i], decided.get(i));
            }
            missing -= positions.length;
            if (missing > 0) {
                return;
            }
            all = known;
        }
        outcomes.complete(all);
    }

    /** Fails the call: its outcome is unknown. */
    void fail(Throwable cause) {
        outcomes.completeExceptionally(cause);
    }
}

package io.streamlocks.coordinator.lock.group;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** What a caller waits for: done when each part of it is, or one has failed. Thread-safe. */
final class Call<O> {

    private final CompletableFuture<List<O>> result = new CompletableFuture<>();
    private final long askedNanos;

    /** Null if nobody wants to know. */
    private final Consumer<Execution> observer;

    /** By position of the request; guarded by this list. */
    private final List<O> outcomes;

    /** Guarded by {@link #outcomes}. */
    private int undecided;

    Call(int size, long askedNanos, Consumer<Execution> observer) {
        this.outcomes = new ArrayList<>(Collections.nCopies(size, null));
        this.undecided = size;
        this.askedNanos = askedNanos;
        this.observer = observer;
    }

    CompletableFuture<List<O>> outcomes() {
        return result;
    }

    long askedNanos() {
        return askedNanos;
    }

    /** Somebody waits for it still. */
    boolean isOpen() {
        return !result.isDone();
    }

    /** A statement has carried out a part of it, or has failed to. */
    void carriedOut(Execution execution) {
        if (observer != null) {
            observer.accept(execution);
        }
    }

    void decide(int[] positions, List<O> decided) {
        synchronized (outcomes) {
            for (int i = 0; i < positions.length; i++) {
                outcomes.set(positions[i], decided.get(i));
            }
            undecided -= positions.length;
            if (undecided > 0) {
                return;
            }
        }
        result.complete(outcomes);
    }

    void fail(Throwable cause) {
        result.completeExceptionally(cause);
    }
}

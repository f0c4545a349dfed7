package io.streamlocks.coordinator.lock.group;

import io.streamlocks.coordinator.lock.group.GroupCommit.Operation;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * The requests of one caller, which stay together.
 *
 * @param operation what is to be done
 * @param requests with what
 * @param askedNanos since when the caller waits
 * @param observer is told what carried it out; null if nobody wants to know
 * @param outcomes what the caller waits for
 */
record Call<Q, O>(
        Operation<Q, O> operation,
        List<Q> requests,
        long askedNanos,
        Consumer<Execution> observer,
        CompletableFuture<List<O>> outcomes) {

    int size() {
        return requests.size();
    }

    /** Somebody waits for it still. */
    boolean isOpen() {
        return !outcomes.isDone();
    }

    void addStreamIdsTo(Collection<String> streamIds) {
        requests.forEach(request -> streamIds.add(operation.streamId(request)));
    }

    boolean namesOneOf(Collection<String> streamIds) {
        return !streamIds.isEmpty()
                && requests.stream().map(operation::streamId).anyMatch(streamIds::contains);
    }

    /** A statement has carried it out, or has failed to. */
    void carriedOut(Execution execution) {
        if (observer != null) {
            observer.accept(execution);
        }
    }

    void decide(List<O> decided) {
        outcomes.complete(decided);
    }

    void fail(Throwable cause) {
        outcomes.completeExceptionally(cause);
    }
}

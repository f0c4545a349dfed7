package io.streamlocks.coordinator.lock.group;

import io.streamlocks.coordinator.lock.group.GroupCommit.Operation;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * The requests of one caller, which stay together; or those of them that were blocked and are tried again.
 *
 * @param operation what is to be done
 * @param requests with what
 * @param askedNanos since when the caller waits
 * @param observer is told what carried it out; null if nobody wants to know
 * @param outcomes what the caller waits for
 * @param before how the tries before ended; null for the first
 */
record Call<Q, O>(
        Operation<Q, O> operation,
        List<Q> requests,
        long askedNanos,
        Consumer<Execution> observer,
        CompletableFuture<List<O>> outcomes,
        Before<O> before) {

    /**
     * How the tries before ended.
     *
     * @param outcomes one per request of the caller
     * @param positions where the requests that are tried again stand among them
     * @param tries how many there were
     * @param firstNanos when the first one ended
     */
    record Before<O>(List<O> outcomes, List<Integer> positions, int tries, long firstNanos) {}

    int size() {
        return requests.size();
    }

    /** Somebody waits for it still. */
    boolean isOpen() {
        return !outcomes.isDone();
    }

    /** How often it was tried. */
    int tries() {
        return before == null ? 0 : before.tries();
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

    boolean isBlocked(List<O> decided) {
        return decided.stream().anyMatch(operation.isBlocked());
    }

    /**
     * Whether to try again what was blocked. A caller with other requests gets their outcomes soon: it may lose leases that it
     * cannot renew before it has them.
     */
    boolean isPatient(Backlog backlog) {
        boolean alone = before == null ? size() == 1 : before.outcomes().size() == 1;
        return isOpen()
                && !(alone
                        ? backlog.hasWaitedTooLong(askedNanos)
                        : before != null && backlog.isOlderThan(Backlog.MAX_BLOCKED_MS, before.firstNanos()));
    }

    /** The requests that were blocked, to be tried again. */
    Call<Q, O> blockedOf(List<O> decided, long nowNanos) {
        List<Integer> blocked = IntStream.range(0, size())
                .filter(i -> operation.isBlocked().test(decided.get(i)))
                .boxed()
                .toList();
        return new Call<>(
                operation,
                blocked.stream().map(requests::get).toList(),
                askedNanos,
                observer,
                outcomes,
                new Before<>(
                        all(decided),
                        blocked.stream().map(this::position).toList(),
                        tries() + 1,
                        before == null ? nowNanos : before.firstNanos()));
    }

    private int position(int index) {
        return before == null ? index : before.positions().get(index);
    }

    /** The outcomes of all requests of the caller. */
    private List<O> all(List<O> decided) {
        if (before == null) {
            return decided;
        }
        List<O> all = new ArrayList<>(before.outcomes());
        for (int i = 0; i < decided.size(); i++) {
            all.set(before.positions().get(i), decided.get(i));
        }
        return all;
    }

    void decide(List<O> decided) {
        outcomes.complete(all(decided));
    }

    /** A statement that carried it out has failed, so its outcome is unknown. */
    void fail(Throwable cause) {
        outcomes.completeExceptionally(cause);
    }

    /** It is not carried out. What was decided before stands, and the rest stays blocked. */
    void giveUp(Throwable cause) {
        if (before == null) {
            outcomes.completeExceptionally(cause);
        } else {
            outcomes.complete(before.outcomes());
        }
    }
}

package io.streamlocks.coordinator.lock.group;

import io.streamlocks.coordinator.lock.StatementKind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Requests of several calls that are carried out together. This class is not thread-safe. One thread hands it to the
 * next.
 */
final class Statement<Q, O> {

    private final Operation<Q, O> operation;
    private final List<Part<Q, O>> parts = new ArrayList<>();
    private final List<Part<Q, O>> blocked = new ArrayList<>(0);
    private final List<Part<Q, O>> undecided = new ArrayList<>(0);

    /** These complete the calls, in the order of the parts. */
    private final List<Runnable> completions = new ArrayList<>();

    private final long beganNanos;
    private int size;

    /** Why it failed; null if it has not ended, or has succeeded. */
    private @Nullable Throwable failure;

    private long endedNanos;

    /**
     * @param operation the kind of its requests
     * @param beganNanos when it began
     */
    Statement(Operation<Q, O> operation, long beganNanos) {
        this.operation = operation;
        this.beganNanos = beganNanos;
    }

    /** Returns whether others should begin beside it: it only takes places in queues, or something delays it. */
    boolean letsOthersBegin(Backlog backlog) {
        return operation.kind() == StatementKind.QUEUE
                || operation.kind() == StatementKind.LEAVE
                || backlog.isOlderThan(Lane.PATIENCE_MS, beganNanos);
    }

    long beganNanos() {
        return beganNanos;
    }

    int size() {
        return size;
    }

    boolean hasOnly(Predicate<Part<?, ?>> wanted) {
        return parts.stream().allMatch(wanted);
    }

    void addStreamIdsTo(Collection<String> streamIds) {
        parts.forEach(part -> part.addStreamIdsTo(streamIds));
    }

    void addPartsTo(Collection<Part<?, ?>> others) {
        others.addAll(parts);
    }

    boolean does(Operation<?, ?> other) {
        return operation == other;
    }

    /** Adds requests of the operation that it {@link #does}. */
    void add(Part<?, ?> other) {
        // Both have the same operation, and therefore the same types.
        @SuppressWarnings("unchecked")
        Part<Q, O> part = (Part<Q, O>) other;
        parts.add(part);
        size += part.size();
    }

    /** Returns this as a statement of the operation that it {@link #does}. */
    <P, R> Statement<P, R> as(Operation<P, R> other) {
        if (!does(other)) {
            throw new IllegalArgumentException(operation.kind() + " is not " + other.kind());
        }
        // Both have the same operation, and therefore the same types.
        @SuppressWarnings("unchecked")
        Statement<P, R> same = (Statement<P, R>) this;
        return same;
    }

    List<Q> requests() {
        List<Q> requests = new ArrayList<>(size);
        parts.forEach(part -> requests.addAll(part.requests()));
        return requests;
    }

    /** Carries the requests out. It does not throw: an error fails its calls. */
    void execute(Backlog backlog) {
        try {
            succeed(operation.statement().apply(requests()), backlog);
        } catch (Throwable e) {
            fail(e, backlog);
        }
    }

    void succeed(List<O> outcomes, Backlog backlog) {
        if (outcomes.size() != size) {
            throw new IllegalStateException(
                    "The backend returned " + outcomes.size() + " outcomes for " + size + " requests");
        }
        backlog.succeeded();
        endedNanos = backlog.nanoTime();
        sort(outcomes, backlog);
    }

    void fail(Throwable cause, Backlog backlog) {
        backlog.failed(cause);
        failure = cause;
        blocked.clear();
        undecided.clear();
        endedNanos = backlog.nanoTime();
    }

    private void sort(List<O> outcomes, Backlog backlog) {
        boolean isAllDecided = outcomes.stream().noneMatch(operation::isOpen);
        int from = 0;
        for (Part<Q, O> part : parts) {
            List<O> decided = outcomes.subList(from, from + part.size());
            from += part.size();
            if (isAllDecided || decided.stream().noneMatch(operation::isOpen)) {
                completions.add(() -> part.decide(decided));
            } else {
                sort(part, decided, backlog);
            }
        }
    }

    private void sort(Part<Q, O> part, List<O> outcomes, Backlog backlog) {
        int[] again = which(outcomes, operation.undecided()::equals);
        if (again.length > 0) {
            undecided.add(part.undecided(again));
        }
        boolean patient = part.isPatient(backlog);
        int[] later = which(outcomes, outcome -> patient && operation.blocked().equals(outcome));
        if (later.length > 0) {
            blocked.add(part.blocked(later, endedNanos));
        }
        int[] now = which(
                outcomes,
                outcome -> !operation.isOpen(outcome)
                        || !patient && operation.blocked().equals(outcome));
        if (now.length > 0) {
            List<O> known = IntStream.of(now).mapToObj(outcomes::get).toList();
            completions.add(() -> part.decide(now, known));
        }
    }

    private static <O> int[] which(List<O> outcomes, Predicate<O> wanted) {
        return IntStream.range(0, outcomes.size())
                .filter(i -> wanted.test(outcomes.get(i)))
                .toArray();
    }

    /** Returns the blocked requests that are tried again, because their calls have time for it. */
    List<Part<Q, O>> blocked() {
        return blocked;
    }

    /** Returns the requests that need another statement, in their order. */
    List<Part<Q, O>> undecided() {
        return undecided;
    }

    /** Informs the observer, and then completes the calls. */
    void complete(StatementObserver observer) {
        try {
            observe(observer);
        } finally {
            Throwable cause = failure;
            if (cause != null) {
                parts.forEach(part -> part.call().fail(cause));
            } else {
                completions.forEach(Runnable::run);
            }
        }
    }

    private void observe(StatementObserver observer) {
        Execution execution =
                new Execution(operation.kind(), size, beganNanos, endedNanos, Optional.ofNullable(failure));
        for (Part<Q, O> part : parts) {
            if (part.tries() == 0) {
                observer.waited(operation.kind(), beganNanos - part.call().askedNanos());
            }
            part.call().carriedOut(execution);
        }
    }
}

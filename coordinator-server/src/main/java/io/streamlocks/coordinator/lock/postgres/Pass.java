package io.streamlocks.coordinator.lock.postgres;

import static io.streamlocks.coordinator.lock.postgres.Statements.column;

import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Decides the requests of a batch in one pass, however often it names a stream. A statement that changes leases can
 * name a stream only once. A pass therefore tries the change for the first request of each stream, and then looks at
 * the rows of the requests that were not carried out.
 *
 * <p>A first request that the look does not decide is blocked: another transaction has its row locked, or had it locked
 * at one of the two moments. The requests for the same stream behind it are blocked as well. Any other request without
 * an outcome is undecided, and its caller has to ask for another pass.
 *
 * <p>This class is thread-safe.
 *
 * @param <Q> the requests
 * @param <O> their outcomes
 * @param statements runs the looks
 * @param change the kind of change
 */
record Pass<Q, O>(Statements statements, Change<Q, O> change) {

    /** Returns one outcome per request, in order. */
    List<O> decide(List<Q> requests) {
        return decide(requests, change::carryOut);
    }

    /** Returns the requests for which the change is tried. */
    List<Q> tried(List<Q> requests) {
        Map<String, Integer> firstOfStream = new LinkedHashMap<>();
        first(requests, firstOfStream);
        return tried(requests, firstOfStream);
    }

    private List<Q> tried(List<Q> requests, Map<String, Integer> firstOfStream) {
        return firstOfStream.values().stream().map(requests::get).toList();
    }

    /**
     * Returns one outcome per request, in order, of a change that is committed. Requests that need a look are undecided
     * if it fails, because its failure must not hide what was done for others.
     *
     * @param changed the outcome by stream, of the requests that were carried out
     */
    List<O> decideCommitted(List<Q> requests, Map<String, O> changed) {
        try {
            return decide(requests, tried -> changed);
        } catch (StorageUnavailableException e) {
            Map<String, O> first = new HashMap<>(changed);
            return requests.stream()
                    .map(request -> {
                        @Nullable O outcome = first.remove(change.streamId(request));
                        return outcome == null ? change.undecided() : outcome;
                    })
                    .collect(Collectors.toCollection(ArrayList::new));
        }
    }

    /**
     * Returns one outcome per request, in order.
     *
     * @param carryOut tries the change for some of the requests, as {@link Change#carryOut} does
     */
    List<O> decide(List<Q> requests, Function<List<Q>, Map<String, O>> carryOut) {
        int size = requests.size();
        Map<String, Integer> firstOfStream = new LinkedHashMap<>();
        // The index of the first request for the same stream.
        int[] first = first(requests, firstOfStream);
        // The index of the request that each request repeats, or its own index.
        int[] repeated = repeated(requests, first);
        List<O> outcomes = new ArrayList<>(Collections.nCopies(size, change.undecided()));
        BitSet decided = new BitSet(size);

        Map<String, O> changed = carryOut.apply(tried(requests, firstOfStream));
        firstOfStream.forEach((stream, index) -> {
            @Nullable O outcome = changed.get(stream);
            if (outcome != null) {
                outcomes.set(index, outcome);
                decided.set(index);
            }
        });
        List<Integer> open = IntStream.range(0, size)
                .filter(i -> repeated[i] == i && !decided.get(i))
                // A look at the lease that was changed just now would only find that change.
                .filter(i -> !(decided.get(first[i]) && isOfTheSameLease(requests.get(i), requests.get(first[i]))))
                .boxed()
                .toList();
        if (change.glance().isPresent()) {
            open = look(LockSql.GLANCE, change.glance().get(), open, requests, outcomes, decided);
        }
        look(LockSql.LOOK, change::judge, open, requests, outcomes, decided);

        for (int i = 0; i < size; i++) {
            if (decided.get(repeated[i])) {
                outcomes.set(i, outcomes.get(repeated[i]));
            } else if (!decided.get(first[i])) {
                outcomes.set(i, change.blocked());
            }
        }
        return outcomes;
    }

    private boolean isOfTheSameLease(Q request, Q other) {
        Optional<UUID> lease = change.leaseId(request);
        return lease.isPresent() && lease.equals(change.leaseId(other));
    }

    private int[] first(List<Q> requests, Map<String, Integer> firstOfStream) {
        int[] first = new int[requests.size()];
        for (int i = 0; i < first.length; i++) {
            Integer before = firstOfStream.putIfAbsent(change.streamId(requests.get(i)), i);
            first[i] = before == null ? i : before;
        }
        return first;
    }

    private int[] repeated(List<Q> requests, int[] first) {
        int[] repeated = new int[first.length];
        // This contains only the streams that are named twice, which most batches do not have.
        Map<String, Integer> lastOfStream = new HashMap<>();
        for (int i = 0; i < repeated.length; i++) {
            repeated[i] = i;
            if (first[i] != i) {
                Integer last = lastOfStream.put(change.streamId(requests.get(i)), i);
                int before = last == null ? first[i] : last;
                if (change.isRepeatable() && requests.get(before).equals(requests.get(i))) {
                    repeated[i] = repeated[before];
                }
            }
        }
        return repeated;
    }

    /** Decides what a look can decide, and returns the requests that are still without an outcome. */
    private List<Integer> look(
            String sql,
            Change.Judgement<Q, O> judgement,
            List<Integer> open,
            List<Q> requests,
            List<O> outcomes,
            BitSet decided) {
        if (open.isEmpty()) {
            return open;
        }
        List<Q> looked = open.stream().map(requests::get).toList();
        statements.look(
                change.name(),
                sql,
                looked.stream().map(change::streamId).toList(),
                column(looked, request -> change.leaseId(request).orElse(null), UUID[]::new),
                (index, row) -> judgement.judge(looked.get(index), row).ifPresent(outcome -> {
                    outcomes.set(open.get(index), outcome);
                    decided.set(open.get(index));
                }));
        return open.stream().filter(i -> !decided.get(i)).toList();
    }
}

package io.streamlocks.coordinator.lock.postgres;

import static io.streamlocks.coordinator.lock.postgres.Statements.column;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;

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
        int size = requests.size();
        O undecided = change.undecided();
        List<O> outcomes = new ArrayList<>(Collections.nCopies(size, undecided));
        Map<String, Integer> firstOfStream = new LinkedHashMap<>();
        // The index of the request that each request repeats, or its own index.
        int[] repeated = repeated(requests, firstOfStream);

        Map<String, O> changed = change.carryOut(
                firstOfStream.values().stream().map(requests::get).toList());
        firstOfStream.forEach((stream, first) -> outcomes.set(first, changed.getOrDefault(stream, undecided)));
        List<Integer> open = IntStream.range(0, size)
                .filter(i -> repeated[i] == i && outcomes.get(i).equals(undecided))
                // A look at the lease that was changed just now would only find that change.
                .filter(i -> !isOfTheSameLease(requests.get(i), firstOfStream, requests, changed))
                .boxed()
                .toList();
        if (change.glance().isPresent()) {
            open = look(LockSql.GLANCE, change.glance().get(), open, requests, outcomes);
        }
        look(LockSql.LOOK, change::judge, open, requests, outcomes);

        for (int i = 0; i < size; i++) {
            O outcome = outcomes.get(repeated[i]);
            if (outcome.equals(undecided)) {
                int first = firstOfStream.getOrDefault(change.streamId(requests.get(i)), i);
                boolean isBlocked = first == i || change.blocked().equals(outcomes.get(first));
                outcome = isBlocked ? change.blocked() : undecided;
            }
            outcomes.set(i, outcome);
        }
        return outcomes;
    }

    private boolean isOfTheSameLease(
            Q request, Map<String, Integer> firstOfStream, List<Q> requests, Map<String, O> changed) {
        String stream = change.streamId(request);
        Optional<UUID> lease = change.leaseId(request);
        Integer first = firstOfStream.get(stream);
        return lease.isPresent()
                && first != null
                && changed.containsKey(stream)
                && lease.equals(change.leaseId(requests.get(first)));
    }

    private int[] repeated(List<Q> requests, Map<String, Integer> firstOfStream) {
        int[] repeated = new int[requests.size()];
        // This contains only the streams that are named twice, which most batches do not have.
        Map<String, Integer> lastOfStream = new HashMap<>();
        for (int i = 0; i < repeated.length; i++) {
            String stream = change.streamId(requests.get(i));
            Integer first = firstOfStream.putIfAbsent(stream, i);
            repeated[i] = i;
            if (first != null) {
                Integer last = lastOfStream.put(stream, i);
                int before = last == null ? first : last;
                if (change.isRepeatable() && requests.get(before).equals(requests.get(i))) {
                    repeated[i] = repeated[before];
                }
            }
        }
        return repeated;
    }

    /** Decides what a look can decide, and returns the requests that are still without an outcome. */
    private List<Integer> look(
            String sql, Change.Judgement<Q, O> judgement, List<Integer> open, List<Q> requests, List<O> outcomes) {
        if (open.isEmpty()) {
            return open;
        }
        List<Q> looked = open.stream().map(requests::get).toList();
        statements.look(
                change.name(),
                sql,
                looked.stream().map(change::streamId).toList(),
                column(looked, request -> change.leaseId(request).orElse(null), UUID[]::new),
                (index, row) -> judgement
                        .judge(looked.get(index), row)
                        .ifPresent(outcome -> outcomes.set(open.get(index), outcome)));
        return open.stream()
                .filter(i -> outcomes.get(i).equals(change.undecided()))
                .toList();
    }
}

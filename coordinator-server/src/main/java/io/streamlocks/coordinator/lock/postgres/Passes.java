package io.streamlocks.coordinator.lock.postgres;

import static io.streamlocks.coordinator.lock.postgres.Statements.column;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Decides the requests of a batch in one pass, whatever it names how often: a statement that changes leases can name a stream
 * once only. The pass tries the change for the first request of each stream, and looks then at how it stands with those that
 * were not changed. A first request that is undecided after that is blocked: another transaction has its row locked, or had
 * it at one of the two moments. So are the requests of the same stream behind it. Others that are undecided wait for a pass
 * of their own, which is for the caller to ask for.
 *
 * <p>Thread-safe.
 *
 * @param <Q> the requests
 * @param <O> their outcomes
 * @param statements runs the statements
 * @param what is done, for the log
 * @param streamId the stream of a request
 * @param leaseId the lease of a request; null for none
 * @param repeatable whether a request that repeats the one before it of its stream has the same outcome
 * @param change changes what can be changed, and answers the outcome of each stream that was
 * @param glance decides what can be told without a lock; empty if nothing can
 * @param judgement decides for a request that changed nothing, by the row as locked
 * @param blocked the outcome of what is blocked
 * @param undecided the outcome of what needs another pass
 */
record Passes<Q, O>(
        Statements statements,
        String what,
        Function<Q, String> streamId,
        Function<Q, UUID> leaseId,
        boolean repeatable,
        Function<List<Q>, Map<String, O>> change,
        Optional<Judgement<Q, O>> glance,
        Judgement<Q, O> judgement,
        O blocked,
        O undecided) {

    /** What to make of the row of a stream for a request that changed nothing; empty if that may have become possible. */
    interface Judgement<Q, O> {
        Optional<? extends O> of(Q request, ResultSet row) throws SQLException;
    }

    /** One outcome per request, in order. */
    List<O> decide(List<Q> requests) {
        int size = requests.size();
        List<O> outcomes = new ArrayList<>(Collections.nCopies(size, null));
        Map<String, Integer> firstOfStream = new LinkedHashMap<>();
        // For each request where the one stands that it repeats, or itself.
        int[] repeated = repeated(requests, firstOfStream);

        Map<String, O> changed =
                change.apply(firstOfStream.values().stream().map(requests::get).toList());
        changed.forEach((stream, outcome) -> outcomes.set(firstOfStream.get(stream), outcome));
        List<Integer> open = IntStream.range(0, size)
                .filter(i -> repeated[i] == i && outcomes.get(i) == null)
                // A look at the lease that was changed just now would only find that it was.
                .filter(i -> !isOfTheSameLease(requests.get(i), firstOfStream, requests, changed))
                .boxed()
                .toList();
        if (glance.isPresent()) {
            open = look(LockSql.GLANCE, glance.get(), open, requests, outcomes);
        }
        look(LockSql.LOOK, judgement, open, requests, outcomes);

        for (int i = 0; i < size; i++) {
            O outcome = outcomes.get(repeated[i]);
            if (outcome == null) {
                int first = firstOfStream.get(streamId.apply(requests.get(i)));
                outcome = first == i || outcomes.get(first) == blocked ? blocked : undecided;
            }
            outcomes.set(i, outcome);
        }
        return outcomes;
    }

    private boolean isOfTheSameLease(
            Q request, Map<String, Integer> firstOfStream, List<Q> requests, Map<String, O> changed) {
        String stream = streamId.apply(request);
        UUID lease = leaseId.apply(request);
        return lease != null
                && changed.containsKey(stream)
                && lease.equals(leaseId.apply(requests.get(firstOfStream.get(stream))));
    }

    private int[] repeated(List<Q> requests, Map<String, Integer> firstOfStream) {
        int[] repeated = new int[requests.size()];
        // Only where a stream is named twice: most batches name none so.
        Map<String, Integer> lastOfStream = new HashMap<>();
        for (int i = 0; i < repeated.length; i++) {
            String stream = streamId.apply(requests.get(i));
            Integer first = firstOfStream.putIfAbsent(stream, i);
            repeated[i] = i;
            if (first != null) {
                Integer last = lastOfStream.put(stream, i);
                int before = last == null ? first : last;
                if (repeatable && requests.get(before).equals(requests.get(i))) {
                    repeated[i] = repeated[before];
                }
            }
        }
        return repeated;
    }

    /** Decides what a look can decide, and returns what is undecided after it. */
    private List<Integer> look(
            String sql, Judgement<Q, O> judge, List<Integer> open, List<Q> requests, List<O> outcomes) {
        if (open.isEmpty()) {
            return open;
        }
        List<Q> looked = open.stream().map(requests::get).toList();
        statements.look(
                what,
                sql,
                looked.stream().map(streamId).toList(),
                column(looked, leaseId, UUID[]::new),
                (index, row) -> outcomes.set(
                        open.get(index), judge.of(looked.get(index), row).orElse(null)));
        return open.stream().filter(i -> outcomes.get(i) == null).toList();
    }
}

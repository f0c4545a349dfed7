package io.streamlocks.coordinator.lock.postgres;

import static io.streamlocks.coordinator.lock.postgres.Statements.column;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Decides the requests of a batch in passes, since a statement that changes leases can name a stream once only. A pass
 * tries the change for the first undecided request of each stream, and looks then at how it stands with those that were
 * not changed. A first request that is undecided after that is blocked: another transaction has its row locked, or had it
 * at one of the two moments. So are the requests of the same stream behind it.
 *
 * <p>Thread-safe.
 *
 * @param <Q> the requests
 * @param <O> their outcomes
 * @param statements runs the statements
 * @param what is done, for the log
 * @param streamId the stream of a request
 * @param leaseId the lease of a request; null for none
 * @param change changes what can be changed, and answers the outcome of each stream that was
 * @param glance decides what can be told without a lock; empty if nothing can
 * @param judgement decides for a request that changed nothing, by the row as locked
 * @param blocked the outcome of what is blocked
 */
record Passes<Q, O>(
        Statements statements,
        String what,
        Function<Q, String> streamId,
        Function<Q, UUID> leaseId,
        Function<List<Q>, Map<String, O>> change,
        Optional<Judgement<Q, O>> glance,
        Judgement<Q, O> judgement,
        O blocked) {

    /** After it no further pass begins: a batch that names one stream a thousand times must not take for ever. */
    private static final long PASSES_NANOS = TimeUnit.SECONDS.toNanos(2);

    /** What to make of the row of a stream for a request that changed nothing; empty if that may have become possible. */
    interface Judgement<Q, O> {
        Optional<? extends O> of(Q request, ResultSet row) throws SQLException;
    }

    /** One outcome per request, in order. */
    List<O> decide(List<Q> requests) {
        List<O> outcomes = new ArrayList<>(Collections.nCopies(requests.size(), null));
        List<Integer> undecided = IntStream.range(0, requests.size()).boxed().toList();
        long began = System.nanoTime();
        while (!undecided.isEmpty() && System.nanoTime() - began <= PASSES_NANOS) {
            Map<String, Integer> firstOfStream = new LinkedHashMap<>();
            undecided.forEach(i -> firstOfStream.putIfAbsent(streamId.apply(requests.get(i)), i));
            change.apply(firstOfStream.values().stream().map(requests::get).toList())
                    .forEach((stream, outcome) -> outcomes.set(firstOfStream.get(stream), outcome));
            undecided = without(outcomes, undecided);
            if (glance.isPresent()) {
                undecided = look(LockSql.GLANCE, glance.get(), undecided, requests, outcomes);
            }
            undecided = look(LockSql.LOOK, judgement, undecided, requests, outcomes);
            Set<String> blockedStreams = new HashSet<>();
            firstOfStream.forEach((stream, first) -> {
                if (outcomes.get(first) == null) {
                    blockedStreams.add(stream);
                }
            });
            undecided = undecided.stream()
                    .filter(i -> !blockedStreams.contains(streamId.apply(requests.get(i))))
                    .toList();
        }
        outcomes.replaceAll(outcome -> outcome == null ? blocked : outcome);
        return outcomes;
    }

    private static List<Integer> without(List<?> decided, List<Integer> undecided) {
        return undecided.stream().filter(i -> decided.get(i) == null).toList();
    }

    /** Decides what a look can decide, and returns what is undecided after it. */
    private List<Integer> look(
            String sql, Judgement<Q, O> judge, List<Integer> undecided, List<Q> requests, List<O> outcomes) {
        if (undecided.isEmpty()) {
            return undecided;
        }
        List<Q> looked = undecided.stream().map(requests::get).toList();
        statements.look(
                what,
                sql,
                looked.stream().map(streamId).toList(),
                column(looked, leaseId, UUID[]::new),
                (index, row) -> outcomes.set(
                        undecided.get(index), judge.of(looked.get(index), row).orElse(null)));
        return without(outcomes, undecided);
    }
}

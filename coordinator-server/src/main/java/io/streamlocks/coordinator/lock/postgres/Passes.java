package io.streamlocks.coordinator.lock.postgres;

import static io.streamlocks.coordinator.lock.postgres.Statements.column;

import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Decides the requests of a batch in passes, since a statement that changes leases can name a stream once only. A pass
 * tries the change for the first undecided request of each stream, and looks then at how it stands with those that were
 * not changed; whoever could have been changed after all stays undecided. For an acquire that means that a stream became
 * free in between, for a break that it was granted, for the others that a request before it named the same stream.
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
 * @param judgement decides for a request that changed nothing
 */
record Passes<Q, O>(
        Statements statements,
        String what,
        Function<Q, String> streamId,
        Function<Q, UUID> leaseId,
        Function<List<Q>, Map<String, O>> change,
        Judgement<Q, O> judgement) {

    /** After it no further pass begins: a batch that names one stream a thousand times must not take for ever. */
    private static final long PASSES_NANOS = TimeUnit.SECONDS.toNanos(2);

    /** What to make of the row of a stream for a request that changed nothing; empty if that may have become possible. */
    interface Judgement<Q, O> {
        Optional<? extends O> of(Q request, ResultSet row) throws SQLException;
    }

    /** An outcome a request, in order. */
    List<O> decide(List<Q> requests) {
        List<O> outcomes = new ArrayList<>(Collections.nCopies(requests.size(), null));
        List<Integer> undecided = IntStream.range(0, requests.size()).boxed().toList();
        long began = System.nanoTime();
        while (!undecided.isEmpty()) {
            if (System.nanoTime() - began > PASSES_NANOS) {
                throw new StorageUnavailableException("PostgreSQL took too long for requests of the same stream", null);
            }
            Map<String, Integer> firstOfStream = new LinkedHashMap<>();
            undecided.forEach(i -> firstOfStream.putIfAbsent(streamId.apply(requests.get(i)), i));
            change.apply(firstOfStream.values().stream().map(requests::get).toList())
                    .forEach((stream, outcome) -> outcomes.set(firstOfStream.get(stream), outcome));
            undecided = undecided.stream().filter(i -> outcomes.get(i) == null).toList();
            if (!undecided.isEmpty()) {
                look(undecided, requests, outcomes);
                undecided =
                        undecided.stream().filter(i -> outcomes.get(i) == null).toList();
            }
        }
        return outcomes;
    }

    private void look(List<Integer> positions, List<Q> requests, List<O> outcomes) {
        List<Q> looked = positions.stream().map(requests::get).toList();
        statements.query(
                what,
                LockSql.LOOK,
                rows -> {
                    for (int position : positions) {
                        rows.next();
                        outcomes.set(
                                position,
                                judgement.of(requests.get(position), rows).orElse(null));
                    }
                    return null;
                },
                column(looked, streamId, String[]::new),
                column(looked, leaseId, UUID[]::new));
    }
}

package io.streamlocks.coordinator.lock.group;

import io.streamlocks.coordinator.lock.StatementKind;
import java.util.List;
import java.util.function.Function;

/**
 * One kind of change.
 *
 * @param kind which one
 * @param streamId returns the stream of a request
 * @param statement carries requests out
 * @param blocked the outcome of a request that was blocked
 * @param undecided the outcome of a request that needs another statement
 * @param <Q> the requests
 * @param <O> their outcomes
 */
record Operation<Q, O>(
        StatementKind kind,
        Function<Q, String> streamId,
        Function<List<Q>, List<O>> statement,
        O blocked,
        O undecided) {

    String streamId(Q request) {
        return streamId.apply(request);
    }

    /** Returns whether a request with this outcome may be tried again. */
    boolean isOpen(O outcome) {
        return blocked.equals(outcome) || undecided.equals(outcome);
    }
}

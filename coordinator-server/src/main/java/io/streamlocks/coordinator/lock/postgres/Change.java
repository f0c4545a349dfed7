package io.streamlocks.coordinator.lock.postgres;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * One kind of change: its statement, and what the row of a stream means for a request that the statement did not carry
 * out. Implementations are thread-safe.
 *
 * @param <Q> the requests
 * @param <O> their outcomes
 */
interface Change<Q, O> {

    /** Returns the word for the change in error messages, such as "acquire". */
    String name();

    /** Returns the stream of a request. */
    String streamId(Q request);

    /** Returns the lease of a request; empty if it names none. */
    Optional<UUID> leaseId(Q request);

    /** Returns whether a request that repeats the previous request for its stream has the same outcome. */
    boolean isRepeatable();

    /**
     * Runs the statement.
     *
     * @param requests at most one per stream
     * @return the outcome by stream, of the requests that were carried out
     */
    Map<String, O> carryOut(List<Q> requests);

    /** Returns what decides a request by its row as committed, without a lock; empty if nothing does. */
    Optional<Judgement<Q, O>> glance();

    /**
     * Decides a request that was not carried out, by its row as locked.
     *
     * @return the outcome; empty if the row allows the change by now
     */
    Optional<? extends O> judge(Q request, ResultSet row) throws SQLException;

    /** Returns the outcome of a request whose row another transaction has locked. */
    O blocked();

    /** Returns the outcome of a request that needs another pass. */
    O undecided();

    /** Decides a request by the row of its stream. An empty result means that the row does not decide it. */
    interface Judgement<Q, O> {
        Optional<? extends O> judge(Q request, ResultSet row) throws SQLException;
    }
}

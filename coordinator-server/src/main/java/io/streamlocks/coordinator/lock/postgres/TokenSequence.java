package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.util.Optional;
import javax.sql.DataSource;
import org.jooq.DSLContext;
import org.jooq.exception.DataAccessException;

/**
 * Raises the sequence of fencing tokens if it is behind a token that was granted. The sequence can fall behind through
 * {@code setval}, or through a logical copy, which contains the rows of tables but not the values of sequences. A grant
 * is above the last one of its stream all the same, but not if the row of the stream was purged.
 *
 * <p>This class is thread-safe. Any number of servers may do the same, or grant leases, at the same time. It draws a
 * number to read the position of the sequence, because a role that may grant leases may do so, and because PostgreSQL
 * reports no last value for a sequence that was restarted.
 */
public final class TokenSequence {

    /** The reads need a bound, because there is no index by token: each release would have to write it. */
    private static final String READING_TIMEOUT = "SET LOCAL statement_timeout = 3000";

    /**
     * All calls wait while this waits for the lock, so it waits for 250 ms only. For a vacuum it waits for longer:
     * PostgreSQL cancels an autovacuum in favour of a session that has waited for {@code deadlock_timeout}, which is 1
     * s.
     */
    private static final String LOCK_TIMEOUT = """
            SELECT set_config('lock_timeout', CASE WHEN EXISTS (
                SELECT FROM pg_locks
                WHERE relation = 'stream_locks'::regclass AND mode = 'ShareUpdateExclusiveLock' AND granted
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
                THEN '2000' ELSE '250' END, true)""";

    /** Every mode that excludes statements that grant also excludes a vacuum. */
    private static final String LOCK = "LOCK TABLE stream_locks IN SHARE ROW EXCLUSIVE MODE";

    private static final String HIGHEST_OF_LOCKS = "SELECT max(fencing_token) FROM stream_locks";
    private static final String HIGHEST_OF_HISTORY = "SELECT max(fencing_token) FROM stream_lock_history";

    /**
     * It reads the newest grants along the index by time. They have the highest tokens, unless the sequence was set
     * back.
     */
    private static final String HIGHEST_OF_NEWEST = "SELECT max(fencing_token) FROM (SELECT fencing_token"
            + " FROM stream_lock_history ORDER BY acquired_at DESC, fencing_token DESC LIMIT 100000) AS h";

    private static final String DRAW = "SELECT nextval('stream_lock_fencing_token')";

    /** Binds the highest token that was granted, twice. Returns a row if the sequence was behind it. */
    private static final String RAISE = """
            WITH drawn AS MATERIALIZED (SELECT nextval('stream_lock_fencing_token') AS token)
            SELECT setval('stream_lock_fencing_token', ?) FROM drawn WHERE token <= ?""";

    private static final String QUERY_CANCELED = "57014";

    private final Statements statements;

    /**
     * Creates the check of the sequence.
     *
     * @param dataSource provides connections on which a statement may take longer than a call
     */
    public TokenSequence(DataSource dataSource) {
        this.statements = new Statements(dataSource);
    }

    /**
     * A sequence that was raised.
     *
     * @param from the previous position of the sequence
     * @param to its position now, which is the highest token that was granted
     */
    public record Raised(long from, long to) {}

    /**
     * Raises the sequence to the highest token in both tables if it is behind. It never lowers the sequence. It reads
     * each table for up to 3 s. If the history takes longer, only its newest 100,000 grants count. If the table of
     * streams takes longer, it does not count, because a grant is above the row of its stream in any case.
     *
     * @return the change; empty if the sequence is not behind
     * @throws StorageUnavailableException if the database does not respond, if the role may not set the sequence, or if
     *     others lock the table for too long
     */
    public Optional<Raised> raise() {
        long given = Math.max(highest(HIGHEST_OF_LOCKS).orElse(0L), highestOfHistory());
        // The tables are read first, so that a grant between the two reads does not make the sequence look behind.
        long from = draw() - 1;
        if (from >= given) {
            return Optional.empty();
        }
        requireRight(from, given);
        boolean isRaised = raiseTo(given);
        long to = given;
        // A grant between the read and the lock may be above the row of its stream, and so above the token that was
        // found.
        for (long next = highest(HIGHEST_OF_LOCKS).orElse(0L); draw() <= next; to = next) {
            isRaised |= raiseTo(next);
        }
        return isRaised ? Optional.of(new Raised(from, to)) : Optional.empty();
    }

    /** A server that keeps no history may lack the right to read it. */
    private long highestOfHistory() {
        if (!may("has_table_privilege(to_regclass('stream_lock_history'), 'SELECT')")) {
            return 0;
        }
        return highest(HIGHEST_OF_HISTORY).or(() -> highest(HIGHEST_OF_NEWEST)).orElse(0L);
    }

    private boolean may(String right) {
        return statements.run("read its rights", db -> db.fetchSingle("SELECT coalesce(" + right + ", false)")
                .get(0, Boolean.class));
    }

    /** Returns the highest token, 0 if there is none; empty if the database cannot find it in time. */
    private Optional<Long> highest(String sql) {
        try {
            return Optional.of(statements.run(
                    "read the highest token",
                    db -> db.transactionResult(transaction -> {
                        transaction.dsl().execute(READING_TIMEOUT);
                        Long token = transaction.dsl().fetchSingle(sql).get(0, Long.class);
                        return token == null ? 0L : token;
                    })));
        } catch (StorageUnavailableException e) {
            if (e.getCause() instanceof DataAccessException failure
                    && failure.sqlState().equals(QUERY_CANCELED)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private long draw() {
        return statements.run(
                "draw from its sequence", db -> db.fetchSingle(DRAW).get(0, Long.class));
    }

    /** Only the log contains the numbers, because every caller of the readiness check sees the rest. */
    private void requireRight(long from, long given) {
        if (!may("has_sequence_privilege('stream_lock_fencing_token', 'UPDATE')")) {
            throw StorageUnavailableException.lacking(
                    "The sequence stream_lock_fencing_token is behind a token that was granted, and the role of"
                            + " DATABASE_URL may not raise it. Run as its owner: GRANT UPDATE ON SEQUENCE"
                            + " stream_lock_fencing_token TO that role",
                    "it is at " + from + ", and the token is " + given);
        }
    }

    /**
     * Raises the sequence under a lock on the table. Otherwise {@code setval} would lower the sequence if another
     * session drew from it after this one read it. A statement that grants has the table locked for writing while it
     * draws, so nothing draws while this lock is held, in any version of the server. All writes wait for the lock, so
     * nothing is searched under it.
     */
    private boolean raiseTo(long given) {
        return statements.run(
                "raise its sequence",
                db -> db.transactionResult(transaction -> {
                    DSLContext locked = transaction.dsl();
                    locked.execute(READING_TIMEOUT);
                    locked.fetch(LOCK_TIMEOUT);
                    locked.execute(LOCK);
                    return !locked.fetch(RAISE, given, given).isEmpty();
                }));
    }
}

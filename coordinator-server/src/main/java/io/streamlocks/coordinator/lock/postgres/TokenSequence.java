package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.sql.SQLException;
import java.util.Optional;
import javax.sql.DataSource;
import org.jooq.DSLContext;

/**
 * Sees to it that the sequence of fencing tokens is not behind a token that was given. It can be: {@code setval}, or a
 * logical copy, which has the rows of the tables and not the value of a sequence. A grant is above the last one of its
 * stream all the same, but not where the stream's row was purged since.
 *
 * <p>Thread-safe, and safe beside any number of servers that do the same and grant meanwhile. It draws a number to see where
 * the sequence is, since a role that may grant may do that, and since PostgreSQL has no last value of a sequence that was
 * restarted.
 */
public final class TokenSequence {

    /** There is no index by token, which each release would have to write. */
    private static final String READING_TIMEOUT = "SET LOCAL statement_timeout = 3000";

    /**
     * All calls wait while this waits for those before it: 250 ms. A vacuum takes longer; PostgreSQL cancels an autovacuum
     * for whoever has waited for it for {@code deadlock_timeout}, which is 1 s.
     */
    private static final String LOCK_TIMEOUT = """
            SELECT set_config('lock_timeout', CASE WHEN EXISTS (
                SELECT FROM pg_locks
                WHERE relation = 'stream_locks'::regclass AND mode = 'ShareUpdateExclusiveLock' AND granted
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
                THEN '2000' ELSE '250' END, true)""";

    /** No mode that keeps out those who grant lets a vacuum go on. */
    private static final String LOCK = "LOCK TABLE stream_locks IN SHARE ROW EXCLUSIVE MODE";

    private static final String HIGHEST_OF_LOCKS = "SELECT max(fencing_token) FROM stream_locks";
    private static final String HIGHEST_OF_HISTORY = "SELECT max(fencing_token) FROM stream_lock_history";

    /** The newest grants, along the index by time. They have the highest tokens, unless the sequence has been set back. */
    private static final String HIGHEST_OF_NEWEST = "SELECT max(fencing_token) FROM (SELECT fencing_token"
            + " FROM stream_lock_history ORDER BY acquired_at DESC, fencing_token DESC LIMIT 100000) AS h";

    private static final String DRAW = "SELECT nextval('stream_lock_fencing_token')";

    /** Binds the token that was given, twice. Answers with a row if the sequence was behind it. */
    private static final String RAISE = """
            WITH drawn AS MATERIALIZED (SELECT nextval('stream_lock_fencing_token') AS token)
            SELECT setval('stream_lock_fencing_token', ?) FROM drawn WHERE token <= ?""";

    private static final String QUERY_CANCELED = "57014";

    private final Statements statements;

    /**
     * @param dataSource gives connections on which a statement may take longer than a call
     */
    public TokenSequence(DataSource dataSource) {
        this.statements = new Statements(dataSource);
    }

    /**
     * A sequence that was raised.
     *
     * @param from where the sequence was
     * @param to where it is now: the highest token that was given
     */
    public record Raised(long from, long to) {}

    /**
     * Raises the sequence to the highest token in both tables, if it is behind; never lowers it. Reads each table for up to
     * 3 s. If the history takes longer, its newest 100,000 grants count; if the table of streams does, it does not count,
     * since a grant is above its stream's row in any case.
     *
     * @return what was done; empty if the sequence is not behind
     * @throws StorageUnavailableException if the database does not answer, the role may not set the sequence, or the table is
     *     locked by others for too long
     */
    public Optional<Raised> raise() {
        long given = Math.max(highest(HIGHEST_OF_LOCKS).orElse(0L), highestOfHistory());
        // The tables were read before, so a grant that came in between does not make it seem behind.
        long from = draw() - 1;
        if (from >= given) {
            return Optional.empty();
        }
        requireRight(from, given);
        boolean isRaised = raiseTo(given);
        long to = given;
        // A grant between the look and the lock may have been above its stream's row, and so above what was found.
        for (long next = highest(HIGHEST_OF_LOCKS).orElse(0L); draw() <= next; to = next) {
            isRaised |= raiseTo(next);
        }
        return isRaised ? Optional.of(new Raised(from, to)) : Optional.empty();
    }

    /** A server that keeps no history need not be able to read one. */
    private long highestOfHistory() {
        if (!may("has_table_privilege(to_regclass('stream_lock_history'), 'SELECT')")) {
            return 0;
        }
        return highest(HIGHEST_OF_HISTORY).or(() -> highest(HIGHEST_OF_NEWEST)).orElse(0L);
    }

    private boolean may(String right) {
        return statements.run("look at its rights", db -> db.fetchSingle("SELECT coalesce(" + right + ", false)")
                .get(0, Boolean.class));
    }

    /** The highest token; 0 if there is none, and empty if the database cannot find it in time. */
    private Optional<Long> highest(String sql) {
        try {
            return Optional.of(statements.run(
                    "look at the tokens that were given",
                    db -> db.transactionResult(transaction -> {
                        transaction.dsl().execute(READING_TIMEOUT);
                        Long token = transaction.dsl().fetchSingle(sql).get(0, Long.class);
                        return token == null ? 0L : token;
                    })));
        } catch (StorageUnavailableException e) {
            if (e.getCause().getCause() instanceof SQLException cause && QUERY_CANCELED.equals(cause.getSQLState())) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private long draw() {
        return statements.run(
                "draw from its sequence", db -> db.fetchSingle(DRAW).get(0, Long.class));
    }

    /** The numbers are for the log alone: whether a server is ready is told to anybody. */
    private void requireRight(long from, long given) {
        if (!may("has_sequence_privilege('stream_lock_fencing_token', 'UPDATE')")) {
            throw StorageUnavailableException.lacking(
                    "The sequence stream_lock_fencing_token is behind a token that was given, and the role of DATABASE_URL"
                            + " may not raise it. As its owner: GRANT UPDATE ON SEQUENCE stream_lock_fencing_token TO that"
                            + " role",
                    "it is at " + from + ", and the token is " + given);
        }
    }

    /**
     * {@code setval} would take the sequence back if others drew from it between the look and it. A statement that grants has
     * the table locked for writing while it draws; so nobody draws while this lock is held, in any version of the server.
     * All writes wait meanwhile, so nothing is searched for under it.
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

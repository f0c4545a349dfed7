package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Optional;
import javax.sql.DataSource;
import org.jooq.DSLContext;
import org.jooq.Record;

/**
 * Sees to it that the sequence of fencing tokens is not behind a token that was given. It can be: {@code setval}, or a
 * logical copy, which has the rows of the tables and not the value of a sequence. A grant is above the last one of its
 * stream all the same, but not where the stream's row was purged since.
 *
 * <p>Thread-safe, and safe beside any number of servers that do the same and grant meanwhile. A look blocks for a
 * connection and for up to 3 s of reading; so much of a history that is larger than that is left out, as {@link #raise}
 * says.
 */
public final class TokenSequence {

    /** There is no index by token, which each release would have to write. */
    private static final String READING_TIMEOUT = "SET LOCAL statement_timeout = 3000";

    /** All calls wait while this waits for them. */
    private static final String LOCK_TIMEOUT = "SET LOCAL lock_timeout = 250";

    /** The newest grants, along the index by time. They have the highest tokens, unless the sequence has been set back. */
    private static final String NEWEST_OF_HISTORY = "(SELECT fencing_token FROM stream_lock_history"
            + " ORDER BY acquired_at DESC, fencing_token DESC LIMIT 100000) AS h";

    /** The tables are read as of the start of the statement, and the sequence after, so it is not behind by a race. */
    private static final String BEHIND = """
            SELECT g.highest, s.last
            FROM (SELECT greatest(%s) AS highest) g,
                (SELECT coalesce(pg_sequence_last_value('stream_lock_fencing_token'), 0) AS last) s
            WHERE g.highest > s.last""";

    private static final String HIGHEST_OF_LOCKS = "(SELECT max(fencing_token) FROM stream_locks)";
    private static final String HIGHEST_OF_NEWEST = "(SELECT max(fencing_token) FROM " + NEWEST_OF_HISTORY + ")";
    private static final String HIGHEST_OF_HISTORY = "(SELECT max(fencing_token) FROM stream_lock_history)";

    private static final String QUERY_CANCELED = "57014";

    private final Statements statements;

    /**
     * @param dataSource gives connections on which a statement may take longer than a call
     */
    public TokenSequence(DataSource dataSource) {
        this.statements = new Statements(dataSource);
    }

    /**
     * What was done.
     *
     * @param from where the sequence was
     * @param to where it is now: the highest token that was given
     */
    public record Raised(long from, long to) {}

    /**
     * Raises the sequence to the highest token in both tables, if it is behind; never lowers it.
     *
     * @param wholly whether to read all of the history, if 3 s are enough for that, and not the newest 100,000 grants alone
     * @return what was done; empty if it is not behind
     * @throws StorageUnavailableException if the database does not answer, the role may not set the sequence, or the table is
     *     locked by others for longer than 250 ms
     */
    public Optional<Raised> raise(boolean wholly) {
        Optional<Raised> behind;
        // A server that keeps no history need not be able to read one.
        if (!may("has_table_privilege('stream_lock_history', 'SELECT')")) {
            behind = look(HIGHEST_OF_LOCKS);
        } else if (wholly) {
            behind = lookWholly();
        } else {
            behind = look(HIGHEST_OF_LOCKS, HIGHEST_OF_NEWEST);
        }
        return behind.flatMap(seen -> {
            requireRight(seen);
            return raiseTo(seen.to());
        });
    }

    private boolean may(String right) {
        return statements.run(
                "look at its rights", db -> db.fetchSingle("SELECT " + right).get(0, Boolean.class));
    }

    private Optional<Raised> lookWholly() {
        try {
            return look(HIGHEST_OF_LOCKS, HIGHEST_OF_HISTORY);
        } catch (StorageUnavailableException e) {
            if (e.getCause().getCause() instanceof SQLException cause && QUERY_CANCELED.equals(cause.getSQLState())) {
                return look(HIGHEST_OF_NEWEST);
            }
            throw e;
        }
    }

    private Optional<Raised> look(String... highest) {
        return statements.run(
                "look at its sequence",
                db -> db.transactionResult(transaction -> {
                    transaction.dsl().execute(READING_TIMEOUT);
                    return behind(transaction.dsl(), String.join(", ", highest));
                }));
    }

    private static Optional<Raised> behind(DSLContext db, String highest) {
        Record row = db.fetchOne(String.format(Locale.ROOT, BEHIND, highest));
        return Optional.ofNullable(row).map(r -> new Raised(r.get("last", Long.class), r.get("highest", Long.class)));
    }

    private void requireRight(Raised seen) {
        if (!may("has_sequence_privilege('stream_lock_fencing_token', 'UPDATE')")) {
            throw StorageUnavailableException.lacking("The sequence stream_lock_fencing_token is at " + seen.from()
                    + ", behind the token " + seen.to()
                    + " that was given, and the role of DATABASE_URL may not raise it."
                    + " As its owner: GRANT UPDATE ON SEQUENCE stream_lock_fencing_token TO that role");
        }
    }

    /**
     * {@code setval} would take the sequence back if others drew from it between the look and it. Whoever grants has the table
     * locked for writing while it draws; so nobody draws while this lock is held, whichever version of the server it is.
     */
    private Optional<Raised> raiseTo(long given) {
        return statements.run(
                "raise its sequence",
                db -> db.transactionResult(transaction -> {
                    DSLContext locked = transaction.dsl();
                    locked.execute(READING_TIMEOUT);
                    locked.execute(LOCK_TIMEOUT);
                    locked.execute("LOCK TABLE stream_locks IN SHARE ROW EXCLUSIVE MODE");
                    Optional<Raised> behind = behind(locked, given + ", " + HIGHEST_OF_LOCKS);
                    behind.ifPresent(seen -> locked.fetch("SELECT setval('stream_lock_fencing_token', ?)", seen.to()));
                    return behind;
                }));
    }
}

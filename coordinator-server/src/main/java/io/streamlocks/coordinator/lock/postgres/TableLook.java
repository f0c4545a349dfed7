package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.StorageCondition;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import javax.sql.DataSource;

/**
 * Reads the number of dead rows of the table of streams, and the age of what prevents their removal: a transaction
 * anywhere in the database, a prepared transaction, a standby, or a replication slot. It also reads the epoch.
 *
 * <p>This class is thread-safe. A look blocks for a connection and one short query.
 */
public final class TableLook {

    /**
     * A role without {@code pg_read_all_stats} sees that the session of another role has a snapshot, but not since
     * when. The age is null then, and not that of the oldest session that the role may see. A session without a user is
     * autovacuum, which prevents nothing.
     */
    private static final String LOOK = """
            WITH session AS (
                SELECT xact_start, backend_xmin, backend_xid,
                    xact_start IS NULL AND coalesce(state, 'disabled') = 'disabled'
                        AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL) AS is_hidden
                FROM pg_stat_activity
                WHERE (datname = current_database() OR datname IS NULL) AND usesysid IS NOT NULL
                    AND pid <> pg_backend_pid()
            ),
            prepared AS (
                SELECT prepared, transaction FROM pg_prepared_xacts WHERE database = current_database()
            )
            SELECT CASE WHEN NOT EXISTS (SELECT FROM session WHERE is_hidden) THEN
                    (extract(epoch FROM clock_timestamp() - least(
                        (SELECT min(xact_start) FROM session), (SELECT min(prepared) FROM prepared))) * 1000)::bigint
                END AS oldest_ms,
                EXISTS (SELECT FROM session WHERE is_hidden) AS is_hidden,
                greatest(
                    (SELECT max(greatest(age(backend_xmin), age(backend_xid))) FROM session),
                    (SELECT max(age(transaction)) FROM prepared),
                    (SELECT max(age(xmin)) FROM pg_replication_slots),
                    0) AS held,
                CASE WHEN current_setting('track_counts')::boolean THEN
                    pg_stat_get_live_tuples('stream_locks'::regclass) END AS live_rows,
                CASE WHEN current_setting('track_counts')::boolean THEN
                    pg_stat_get_dead_tuples('stream_locks'::regclass) END AS dead_rows,
                (SELECT number FROM stream_lock_epoch) AS epoch
            """;

    private final Statements statements;

    /**
     * Creates the look.
     *
     * @param dataSource provides connections; the caller closes it
     */
    public TableLook(DataSource dataSource) {
        this.statements = new Statements(dataSource);
    }

    /**
     * Reads the condition of the table.
     *
     * @return the condition
     * @throws io.streamlocks.coordinator.lock.StorageUnavailableException if the database does not respond
     */
    public StorageCondition look() {
        return statements.query("read the condition of its table", LOOK, rows -> {
            rows.next();
            Optional<Duration> oldest = rows.getBoolean("is_hidden")
                    ? Optional.empty()
                    // The column is null if no transaction is open, and negative if one began after the clock was read.
                    : Optional.of(Duration.ofMillis(Math.max(0, rows.getLong("oldest_ms"))));
            return new StorageCondition(
                    oldest,
                    rows.getLong("held"),
                    count(rows, "live_rows"),
                    count(rows, "dead_rows"),
                    rows.getLong("epoch"));
        });
    }

    private static OptionalLong count(ResultSet row, String column) throws SQLException {
        long value = row.getLong(column);
        return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(value);
    }
}

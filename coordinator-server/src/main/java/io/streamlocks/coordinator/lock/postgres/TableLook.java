package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.StorageCondition;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import javax.sql.DataSource;

/**
 * Looks at the dead rows of the table of streams and at who holds them: a transaction anywhere in the database, one that was
 * prepared, a standby, a replication slot.
 *
 * <p>Thread-safe. A look blocks for a connection and one short query.
 */
public final class TableLook {

    /**
     * A role without {@code pg_read_all_stats} sees of the sessions of others that they have a snapshot, and not since when:
     * then the age is null, not that of the oldest of its own. A session without a user is autovacuum, which holds nothing.
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
                    pg_stat_get_dead_tuples('stream_locks'::regclass) END AS dead_rows
            """;

    private final Statements statements;

    /**
     * @param dataSource gives connections; stays the caller's to close
     */
    public TableLook(DataSource dataSource) {
        this.statements = new Statements(dataSource);
    }

    /**
     * Looks.
     *
     * @return what it saw
     * @throws io.streamlocks.coordinator.lock.StorageUnavailableException if the database does not answer
     */
    public StorageCondition look() {
        return statements.query("look at its table", LOOK, rows -> {
            rows.next();
            Optional<Duration> oldest = rows.getBoolean("is_hidden")
                    ? Optional.empty()
                    // Null, and so zero, if none is open; and a transaction may begin after the look at the clock.
                    : Optional.of(Duration.ofMillis(Math.max(0, rows.getLong("oldest_ms"))));
            return new StorageCondition(
                    oldest, rows.getLong("held"), count(rows, "live_rows"), count(rows, "dead_rows"));
        });
    }

    private static OptionalLong count(ResultSet row, String column) throws SQLException {
        long value = row.getLong(column);
        return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(value);
    }
}

package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Locale;

/**
 * Checks whether the database accepts the writes that leases need. This class is thread-safe.
 *
 * @param onReadOnly is called when the database accepts no writes
 */
record WriteCheck(Statements statements, Runnable onReadOnly) {

    /**
     * Binds nothing. Returns whether writes are refused, the number of sessions of this role that have waited for a
     * standby for so long that their calls were given up, and the {@linkplain Needs missing} objects and rights. No
     * time-out ends a session that waits for a standby, so it stays visible here.
     */
    private static final String SQL = String.format(Locale.ROOT, """
            WITH %s
            SELECT current_setting('transaction_read_only')::boolean AS is_read_only,
                (SELECT count(*)
                FROM pg_stat_activity
                WHERE usename = current_user AND datname = current_database() AND wait_event = 'SyncRep'
                    AND query_start < clock_timestamp() - interval '2 seconds') AS waiting,
                (SELECT string_agg(DISTINCT what, ', ' ORDER BY what) FROM missing) AS missing,
                (SELECT string_agg(DISTINCT fix || 'the role of DATABASE_URL', '; ') FROM missing) AS fix
            """, Needs.MISSING);

    /** Returns if the database accepts writes, and throws {@link StorageUnavailableException} if it does not. */
    void verifyWritable() {
        statements.read("check", SQL, rows -> {
            rows.next();
            verify(rows);
        });
    }

    private void verify(ResultSet row) throws SQLException {
        if (row.getBoolean("is_read_only")) {
            onReadOnly.run();
            throw new StorageUnavailableException("The database accepts no writes: it is a standby or read-only");
        }
        String missing = row.getString("missing");
        if (missing != null) {
            throw StorageUnavailableException.lacking(Needs.message(missing, row.getString("fix")));
        }
        if (row.getInt("waiting") > 0) {
            throw new StorageUnavailableException(
                    "The database completes no writes: they wait for a synchronous standby");
        }
    }
}

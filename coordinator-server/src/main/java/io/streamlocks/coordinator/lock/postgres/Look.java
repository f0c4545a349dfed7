package io.streamlocks.coordinator.lock.postgres;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;

/**
 * Reads how leases and their streams stand. Thread-safe.
 *
 * @param statements runs the statement
 * @param sql {@link LockSql#GLANCE}, or {@link LockSql#LOOK} for what is to be certain
 */
record Look(Statements statements, String sql) {

    /** Takes what one request is answered. */
    interface Reader {
        /**
         * @param index of the request
         * @param row how its lease and stream stand; all null if the stream has no row
         */
        void read(int index, ResultSet row) throws SQLException;
    }

    /**
     * Looks. With {@link LockSql#LOOK}, a request whose row another transaction has locked is not read.
     *
     * @param what for the log
     * @param streamIds the streams, one per request
     * @param leaseIds their leases; null for none
     * @param reader reads, in any order
     */
    void at(String what, List<String> streamIds, UUID[] leaseIds, Reader reader) {
        statements.query(
                what,
                sql,
                rows -> {
                    while (rows.next()) {
                        reader.read(rows.getInt("position") - 1, rows);
                    }
                    return null;
                },
                streamIds.toArray(String[]::new),
                leaseIds);
    }
}

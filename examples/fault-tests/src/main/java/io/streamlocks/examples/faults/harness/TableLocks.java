package io.streamlocks.examples.faults.harness;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;

/** A session that holds locks which the statements of coordinators wait for. */
final class TableLocks {

    private final PostgresServer server;

    TableLocks(PostgresServer server) {
        this.server = server;
    }

    /**
     * Holds them for so long. Returns which they were.
     *
     * @param all whether the whole table, which nobody gets at then, or a third of its rows
     */
    String hold(boolean all, long ms) throws SQLException, InterruptedException {
        try (Connection connection = server.connect();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute(
                    all
                            ? "LOCK TABLE stream_locks IN ACCESS EXCLUSIVE MODE"
                            : "SELECT FROM stream_locks WHERE fencing_token % 3 = 0 FOR UPDATE");
            TimeUnit.MILLISECONDS.sleep(ms);
            connection.rollback();
        }
        return (all ? "locked the table for " : "locked a third of the rows for ") + ms + " ms";
    }
}

package io.streamlocks.proof.faults;

import io.streamlocks.testkit.rig.PostgresServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Database sessions that hold locks, which the statements of coordinators meet. */
final class TableLocks {

    private final PostgresServer server;

    TableLocks(PostgresServer server) {
        this.server = server;
    }

    /**
     * Holds locks for this time. Returns a description.
     *
     * @param all whether to lock the whole table, or a third of its rows
     */
    String hold(boolean all, long ms) throws SQLException, InterruptedException {
        hold(
                all
                        ? "LOCK TABLE stream_locks IN ACCESS EXCLUSIVE MODE"
                        : "SELECT FROM stream_locks WHERE fencing_token % 3 = 0 FOR UPDATE",
                ms);
        return (all ? "locked the table for " : "locked a third of the rows for ") + ms + " ms";
    }

    /**
     * The locks of one session.
     *
     * @param streams the numbers of the streams whose rows it locks; it skips rows that another session has locked
     * @param afterMs the time until it begins
     * @param ms the time for which it holds the locks
     */
    record Session(List<Integer> streams, long afterMs, long ms) {

        private String locking() {
            return streams.stream()
                    .map(String::valueOf)
                    .collect(Collectors.joining(
                            "|", "SELECT FROM stream_locks WHERE stream_id ~ '-s-(", ")$' FOR UPDATE SKIP LOCKED"));
        }
    }

    /** Lets several sessions hold rows at once. Blocks until the last one is done, and returns a description. */
    String hold(List<Session> sessions) throws SQLException, InterruptedException {
        ExecutorService threads = Executors.newFixedThreadPool(sessions.size());
        try {
            List<Callable<Void>> tasks = new ArrayList<>();
            for (Session session : sessions) {
                tasks.add(() -> {
                    TimeUnit.MILLISECONDS.sleep(session.afterMs());
                    hold(session.locking(), session.ms());
                    return null;
                });
            }
            for (Future<Void> task : threads.invokeAll(tasks)) {
                task.get();
            }
        } catch (ExecutionException e) {
            throw new SQLException("A session could not lock rows", e.getCause());
        } finally {
            threads.shutdownNow();
        }
        return sessions.stream()
                .map(session -> session.streams().size() + " streams for " + session.ms() + " ms")
                .collect(Collectors.joining(", ", "locked rows of ", ""));
    }

    private void hold(String locking, long ms) throws SQLException, InterruptedException {
        try (Connection connection = server.connect();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute(locking);
            TimeUnit.MILLISECONDS.sleep(ms);
            connection.rollback();
        }
    }
}

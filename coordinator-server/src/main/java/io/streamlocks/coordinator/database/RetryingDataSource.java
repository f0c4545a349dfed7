package io.streamlocks.coordinator.database;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.time.Duration;
import java.util.logging.Logger;
import javax.sql.DataSource;

/**
 * Connections for a pool which by itself waits ever longer, up to 5 s, between its tries while the database is away, and so
 * would notice its return as late. A failure is thrown at once, for the pool to tell, unless it is the same as the one before:
 * then {@link #getConnection()} blocks and tries until it has a connection, fails in another way, or is interrupted, with
 * half a second between two tries at most. Whoever waits at the pool meanwhile is told by the pool's own time-out.
 * Thread-safe.
 */
final class RetryingDataSource implements DataSource {

    static final Duration MAX_PAUSE = Duration.ofMillis(500);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(50);

    /** Waits between two tries. */
    interface Pause {
        void of(Duration length) throws InterruptedException;
    }

    private final DataSource database;
    private final Pause pause;

    /** How it failed the last time; empty if it did not. */
    private volatile String told = "";

    RetryingDataSource(DataSource database, Pause pause) {
        this.database = database;
        this.pause = pause;
    }

    @Override
    public Connection getConnection() throws SQLException {
        Duration next = FIRST_PAUSE;
        while (true) {
            try {
                Connection connection = database.getConnection();
                told = "";
                return connection;
            } catch (SQLException e) {
                String failure = e.getSQLState() + " " + e.getMessage();
                if (!failure.equals(told)) {
                    told = failure;
                    throw e;
                }
                try {
                    pause.of(next);
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                    throw e;
                }
                next = next.multipliedBy(2).compareTo(MAX_PAUSE) < 0 ? next.multipliedBy(2) : MAX_PAUSE;
            }
        }
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
        throw new SQLFeatureNotSupportedException("The URL says who logs in");
    }

    @Override
    public PrintWriter getLogWriter() throws SQLException {
        return database.getLogWriter();
    }

    @Override
    public void setLogWriter(PrintWriter writer) throws SQLException {
        database.setLogWriter(writer);
    }

    @Override
    public void setLoginTimeout(int seconds) throws SQLException {
        database.setLoginTimeout(seconds);
    }

    @Override
    public int getLoginTimeout() throws SQLException {
        return database.getLoginTimeout();
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
        return database.getParentLogger();
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        return database.unwrap(type);
    }

    @Override
    public boolean isWrapperFor(Class<?> type) throws SQLException {
        return database.isWrapperFor(type);
    }
}

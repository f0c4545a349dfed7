package io.streamlocks.coordinator.database;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.time.Duration;
import java.util.logging.Logger;
import javax.sql.DataSource;

/**
 * Connects for a pool, and tries again faster than the pool. While the database is away, the pool waits longer and
 * longer between its tries, up to 5 s, and would notice the return of the database that late.
 *
 * <p>{@link #getConnection()} throws a failure at once for the pool to report, unless the previous try failed in the
 * same way. Then it blocks and tries, at least every half second, until it has a connection, fails in another way, or
 * is interrupted. Callers that wait at the pool meanwhile get the time-out of the pool. This class is thread-safe.
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

    /** The failure of the last try; empty if it succeeded. */
    private volatile String reported = "";

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
                reported = "";
                return connection;
            } catch (SQLException e) {
                String failure = e.getSQLState() + " " + e.getMessage();
                if (!failure.equals(reported)) {
                    reported = failure;
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
        throw new SQLFeatureNotSupportedException("DATABASE_URL names the user");
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

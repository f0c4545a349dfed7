package io.streamlocks.coordinator.lock.waiting;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.Supplier;
import java.util.logging.Logger;
import javax.sql.DataSource;

/**
 * Takes each connection from the data source that is chosen for it.
 *
 * @param next chooses the data source of the next connection
 */
record RoutedDataSource(Supplier<DataSource> next) implements DataSource {

    @Override
    public Connection getConnection() throws SQLException {
        return next.get().getConnection();
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
        return next.get().getConnection(user, password);
    }

    @Override
    public PrintWriter getLogWriter() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void setLogWriter(PrintWriter out) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void setLoginTimeout(int seconds) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int getLoginTimeout() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Logger getParentLogger() {
        throw new UnsupportedOperationException();
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        throw new SQLException("It wraps nothing");
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
        return false;
    }
}

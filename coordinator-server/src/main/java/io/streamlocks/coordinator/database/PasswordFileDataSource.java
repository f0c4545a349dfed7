package io.streamlocks.coordinator.database;

import io.streamlocks.coordinator.reload.Reloaded;
import java.sql.Connection;
import java.sql.SQLException;

/** Logs in with the password that was in a file when it was last read. This class is thread-safe once it is set up. */
final class PasswordFileDataSource extends HostsDataSource {

    private static final long serialVersionUID = 1L;

    private final transient Reloaded<String> password;

    /**
     * @param password the password, which another class reloads
     */
    PasswordFileDataSource(Reloaded<String> password) {
        this.password = password;
    }

    @Override
    public Connection getConnection() throws SQLException {
        return getConnection(getUser(), password.get());
    }
}

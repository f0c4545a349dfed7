package io.streamlocks.coordinator.database;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Tries the hosts of the database one after the other, each with the whole connect time-out. The driver divides one
 * time-out among all hosts. After a host that does not respond, because its machine is off, it leaves the others a
 * millisecond, and a database that is further away is then never reached.
 *
 * <p>The host that was connected last comes first. A host that failed comes first again only after all others. A call
 * blocks for the time-outs of all hosts at most, and fails if none of them can be used. The failure does not depend on
 * the order: its message names each host. This class is thread-safe once it is set up.
 */
class HostsDataSource extends PGSimpleDataSource {

    private static final long serialVersionUID = 1L;

    /** The position of the host that comes first. */
    private volatile int first;

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
        String[] names = getServerNames();
        if (names.length == 1) {
            return super.getConnection(user, password);
        }
        int begin = first;
        SQLException[] failures = new SQLException[names.length];
        for (int i = 0; i < names.length; i++) {
            int host = (begin + i) % names.length;
            try {
                Connection connection = only(host).getConnection(user, password);
                first = host;
                return connection;
            } catch (SQLException e) {
                failures[host] = e;
            }
        }
        first = (begin + 1) % names.length;
        List<String> messages = new ArrayList<>();
        for (int host = 0; host < names.length; host++) {
            messages.add(names[host] + ":" + getPortNumbers()[host] + ": " + failures[host].getMessage());
        }
        SQLException all = new SQLException(String.join("; ", messages), failures[0].getSQLState());
        // No cause: the log shows the first cause, which would name one host only.
        List.of(failures).forEach(all::addSuppressed);
        throw all;
    }

    private PGSimpleDataSource only(int host) throws SQLException {
        PGSimpleDataSource one = new PGSimpleDataSource();
        try {
            one.initializeFrom(this);
        } catch (IOException | ClassNotFoundException e) {
            throw new SQLException(e);
        }
        one.setServerNames(new String[] {getServerNames()[host]});
        one.setPortNumbers(new int[] {getPortNumbers()[host]});
        return one;
    }
}

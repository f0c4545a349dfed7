package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Detects a connection pooler that assigns a session of PostgreSQL to each transaction or statement, such as PgBouncer
 * in its modes "transaction" and "statement". Behind such a pooler, a statement runs with the settings of another
 * client's session, and prepared statements are missing. It also detects a pooler that hands on a session with all that
 * its last client has left in it: the statements that the driver prepares would have the names of others.
 */
public final class PoolerCheck {

    /** In a single round, busy clients of the pooler may hide it. */
    private static final int ROUNDS = 4;

    /**
     * Some poolers, such as RDS Proxy, share sessions only among connections without settings, and assign a session to
     * a connection that has changed one. A server changes settings in each of its connections, and so does this check.
     * Nothing else uses this setting.
     */
    private static final String SET = "SET stream_locks.session = 'own'";

    private static final String SESSION = "SELECT concat_ws(' ', pg_backend_pid(), pg_postmaster_start_time())";

    private static final String LEFT = "SELECT current_setting('stream_locks.session', true)";

    /** The errors for a prepared statement that another client has left or dropped. */
    private static final Set<String> STATEMENTS_OF_OTHERS = Set.of("42P05", "26000");

    private static final String STATEMENT_POOLING = "statement pooling mode";

    private PoolerCheck() {}

    /**
     * Checks that connections have sessions of their own, without remains of others. This blocks for three connections
     * and about twenty trivial statements.
     *
     * @param dataSource provides connections without the settings of this server and without prepared statements,
     *     because a pooler would leave both to other clients
     * @throws StorageUnavailableException if they do not, with the fix in its message, or if the database does not
     *     respond
     */
    public static void requireOwnSessions(DataSource dataSource) {
        boolean areShared;
        try (Connection one = dataSource.getConnection();
                Connection other = dataSource.getConnection()) {
            areShared = areShared(one, other);
        } catch (SQLException e) {
            boolean isOfAPooler = String.valueOf(e.getMessage()).contains(STATEMENT_POOLING)
                    || STATEMENTS_OF_OTHERS.contains(String.valueOf(e.getSQLState()));
            if (!isOfAPooler) {
                throw new StorageUnavailableException("PostgreSQL failed to report the session of a connection", e);
            }
            areShared = true;
        }
        if (areShared) {
            throw StorageUnavailableException.lacking(
                    "DATABASE_URL leads to a connection pooler, such as PgBouncer, that gives each transaction another"
                            + " session of PostgreSQL. This server needs sessions of its own, because it prepares"
                            + " statements and changes settings in them. Connect to PostgreSQL directly, or set"
                            + " pool_mode=session in the pooler for the database or user of this server; see"
                            + " docs/operations.md, Connection poolers");
        }
        requireReset(dataSource);
    }

    /** A pooler gives the next connection the session that came back last. */
    private static void requireReset(DataSource dataSource) {
        try (Connection next = dataSource.getConnection()) {
            if ("own".equals(text(next, LEFT))) {
                throw StorageUnavailableException.lacking(
                        "DATABASE_URL leads to a connection pooler, such as PgBouncer, that gives a session to the next"
                                + " client with the settings and the prepared statements of the last one. Set"
                                + " server_reset_query = DISCARD ALL in the pooler; see"
                                + " docs/operations.md, Connection poolers");
            }
        } catch (SQLException e) {
            throw new StorageUnavailableException("PostgreSQL failed to report the settings of a connection", e);
        }
    }

    /**
     * Returns whether two connections share sessions. At first the pooler has a free session for each of them. A
     * transaction on one of them makes it move the other.
     */
    private static boolean areShared(Connection one, Connection other) throws SQLException {
        set(one);
        set(other);
        Set<String> ofOne = new HashSet<>();
        Set<String> ofOther = new HashSet<>();
        for (int i = 0; i < ROUNDS; i++) {
            String now = session(one);
            ofOne.add(now);
            ofOther.add(session(other));
            if (ofOther.contains(now)) {
                // If this is the only session, a transaction would leave none for the other connection.
                return true;
            }
            other.setAutoCommit(false);
            ofOther.add(session(other));
            ofOne.add(session(one));
            other.commit();
            other.setAutoCommit(true);
        }
        return ofOne.size() > 1 || ofOther.size() > 1 || ofOne.equals(ofOther);
    }

    private static void set(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(SET);
        }
    }

    private static String session(Connection connection) throws SQLException {
        return Objects.requireNonNull(text(connection, SESSION));
    }

    private static @Nullable String text(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }
}

package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.Set;
import javax.sql.DataSource;

/**
 * Finds a connection pooler that gives each transaction, or each statement, another session of PostgreSQL, as PgBouncer does
 * in its modes "transaction" and "statement". There a statement meets the settings of somebody else's session, and prepared
 * statements that are not there.
 */
public final class PoolerCheck {

    /** Clients of the pooler that are busy at the moment can hide it for a round. */
    private static final int ROUNDS = 4;

    /**
     * A pooler as RDS Proxy shares sessions only among connections that have set nothing, and gives one that has a session
     * for itself. A server sets what it needs in each of its connections. The name is ours, and means nothing to others.
     */
    private static final String SET = "SET stream_locks.session = 'own'";

    private static final String SESSION = "SELECT concat_ws(' ', pg_backend_pid(), pg_postmaster_start_time())";

    /** A prepared statement that another client has left, or has dropped. */
    private static final Set<String> STATEMENTS_OF_OTHERS = Set.of("42P05", "26000");

    private static final String STATEMENT_POOLING = "statement pooling mode";

    private PoolerCheck() {}

    /**
     * Looks whether connections have sessions of their own. Blocks for two connections and some twenty statements that take
     * no time.
     *
     * @param dataSource gives connections without the settings of this server, and prepares no statements: such a pooler would
     *     leave both to others
     * @throws StorageUnavailableException saying what to do if they have not, or if the database does not answer
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
                throw new StorageUnavailableException("PostgreSQL failed to tell which session a connection has", e);
            }
            areShared = true;
        }
        if (areShared) {
            throw StorageUnavailableException.lacking(
                    "DATABASE_URL leads to a connection pooler, as PgBouncer, that gives each transaction another session of"
                            + " PostgreSQL. This server needs its sessions for itself: it prepares statements in them,"
                            + " and sets time-outs and the planner. Connect to PostgreSQL itself, or have the pooler give"
                            + " this server's database or user pool_mode=session; see docs/operations.md, Connection poolers");
        }
    }

    /** A pooler has a free session for each of the two at first; one of them in a transaction makes it move the other. */
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
                // If it is the only session there is, a transaction would leave none to the other connection.
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
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(SESSION)) {
            rows.next();
            return rows.getString(1);
        }
    }
}

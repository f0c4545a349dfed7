package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientException;
import java.sql.SQLWarning;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.IntFunction;
import javax.sql.DataSource;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLWarning;

/**
 * Runs statements, each call as a transaction of its own, and maps their errors to the errors of the protocol. A method
 * blocks for a connection and its statement, which time-outs bound. This class is thread-safe.
 */
final class Statements {

    private static final long MIN_RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long MAX_RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(60);

    /** Reads the rows of a result. */
    interface Reading<T> {
        T of(ResultSet rows) throws SQLException;
    }

    /** Reads the rows of a result that has no value. */
    interface Reader {
        void read(ResultSet rows) throws SQLException;
    }

    /** Reads the state of the lease and the stream of one request. */
    interface Standing {
        /**
         * @param index the index of the request
         * @param row all columns but the position are null if the stream has no row
         */
        void read(int index, ResultSet row) throws SQLException;
    }

    private static final String READ_ONLY = "25006";
    private static final String LOCK_TIMEOUT = "55P03";

    private final DSLContext db;
    private final Runnable onReadOnly;

    /** @param dataSource a pool */
    Statements(DataSource dataSource) {
        this(dataSource, () -> {});
    }

    /**
     * @param dataSource a pool
     * @param onReadOnly is called when a connection has accepted no write, after its return to the pool
     */
    Statements(DataSource dataSource, Runnable onReadOnly) {
        this.db = DSL.using(dataSource, SQLDialect.POSTGRES);
        this.onReadOnly = onReadOnly;
    }

    /**
     * Runs a statement with values and arrays. It uses JDBC directly, which keeps the statement prepared for each
     * connection. Every statement on behalf of a caller must use this method or {@link #readAll}. Both notice
     * {@linkplain #requireReplicated a commit that is not certain}.
     *
     * @param what the action, for the error message
     */
    <T> T query(String what, String sql, Reading<T> reading, @Nullable Object... values) {
        return run(
                what,
                db -> db.connectionResult(connection -> {
                    try (PreparedStatement statement = connection.prepareStatement(sql)) {
                        bind(connection, statement, values);
                        try (ResultSet rows = statement.executeQuery()) {
                            requireReplicated(statement.getWarnings());
                            return reading.of(rows);
                        }
                    }
                }));
    }

    /**
     * Runs several statements in one round trip and one transaction, and reads the result of each.
     *
     * @param what the action, for the error message
     * @param sql the statements, separated by semicolons; each returns rows
     * @param readers read the results, in their order
     * @param values the values of all statements, in their order
     */
    void readAll(String what, String sql, List<Reader> readers, @Nullable Object... values) {
        run(
                what,
                db -> db.connectionResult(connection -> {
                    try (PreparedStatement statement = connection.prepareStatement(sql)) {
                        bind(connection, statement, values);
                        statement.execute();
                        // PostgreSQL has committed by now, although the rows came before the commit.
                        requireReplicated(statement.getWarnings());
                        for (Reader reader : readers) {
                            reader.read(statement.getResultSet());
                            statement.getMoreResults();
                        }
                        return true;
                    }
                }));
    }

    private static void bind(Connection connection, PreparedStatement statement, @Nullable Object... values)
            throws SQLException {
        for (int i = 0; i < values.length; i++) {
            if (values[i] instanceof Object[] column) {
                statement.setArray(i + 1, connection.createArrayOf(typeOf(column), column));
            } else {
                statement.setObject(i + 1, values[i]);
            }
        }
    }

    /** Runs a statement as {@link #query} does, and returns nothing. */
    void read(String what, String sql, Reader reader, @Nullable Object... values) {
        query(
                what,
                sql,
                rows -> {
                    reader.read(rows);
                    return true;
                },
                values);
    }

    /**
     * Reads the state of leases and their streams, in any order. {@link LockSql#LOOK} leaves out a request whose row
     * another transaction has locked.
     *
     * @param what the action, for the error message
     * @param sql {@link LockSql#GLANCE}, or {@link LockSql#LOOK} for a certain result
     * @param streamIds the streams, one per request
     * @param leaseIds the leases, one per request; null for a request without a lease
     */
    void look(String what, String sql, List<String> streamIds, @Nullable UUID[] leaseIds, Standing standing) {
        read(
                what,
                sql,
                rows -> {
                    while (rows.next()) {
                        standing.read(rows.getInt("position") - 1, rows);
                    }
                },
                streamIds.toArray(String[]::new),
                leaseIds);
    }

    /**
     * Throws the warning that PostgreSQL sends when it has committed and its wait for the synchronous standby was
     * cancelled. A fail-over may lose such a commit. The warning is identified by the routine that raised it, because
     * its text is translated and its code is that of every warning.
     */
    private static void requireReplicated(SQLWarning warnings) throws SQLWarning {
        for (SQLWarning warning = warnings; warning != null; warning = warning.getNextWarning()) {
            if (warning instanceof PSQLWarning raised
                    && "SyncRepWaitForLSN".equals(raised.getServerErrorMessage().getRoutine())) {
                throw warning;
            }
        }
    }

    private static String typeOf(Object[] column) {
        if (column instanceof UUID[]) {
            return "uuid";
        }
        if (column instanceof Boolean[]) {
            return "bool";
        }
        return column instanceof Long[] ? "int8" : "text";
    }

    /** Returns the values of the requests for one parameter of a statement. */
    static <Q, T extends @Nullable Object> T[] column(List<Q> requests, Function<Q, T> value, IntFunction<T[]> array) {
        return requests.stream().map(value).toArray(array);
    }

    /**
     * Runs a statement, and runs it again after a deadlock.
     *
     * @param what the action, for the error message
     * @throws StorageUnavailableException if the database or the connection to it failed
     */
    <T> T run(String what, Function<DSLContext, T> statement) {
        try {
            try {
                return statement.apply(db);
            } catch (DataAccessException e) {
                if (!isDeadlock(e)) {
                    throw e;
                }
                // Our statements wait only for new rows, in one order, and for the epoch. So the other transaction is a
                // person's. PostgreSQL rolled ours back completely. Without a pause it would take the same row again
                // before the other transaction has woken up.
                LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(MIN_RETRY_NANOS, MAX_RETRY_NANOS));
                return statement.apply(db);
            }
        } catch (DataAccessException e) {
            if (e.sqlState().equals(READ_ONLY)) {
                onReadOnly.run();
            }
            if (isOutage(e)) {
                throw new StorageUnavailableException("PostgreSQL failed to " + what, e);
            }
            throw e;
        }
    }

    /** Returns whether a statement has waited for a lock for as long as it may. PostgreSQL has rolled it back then. */
    static boolean isLockTimeout(StorageUnavailableException failure) {
        return failure.getCause() instanceof DataAccessException e
                && e.sqlState().equals(LOCK_TIMEOUT);
    }

    private static boolean isDeadlock(DataAccessException e) {
        return e.sqlState().equals("40P01") || e.sqlState().equals("40001");
    }

    /**
     * Returns whether the error is due to the state of the database or of the connection, and not to the statement. A
     * table or a right can be missing because an operator removed it. To a caller that is an outage. Appendix A of the
     * PostgreSQL manual lists the codes.
     */
    private static boolean isOutage(DataAccessException e) {
        SQLException cause = e.getCause(SQLException.class);
        if (cause instanceof SQLTransientException || cause instanceof SQLRecoverableException) {
            return true;
        }
        String state = e.sqlState();
        return switch (state) {
            case LOCK_TIMEOUT,
                    READ_ONLY, // a standby
                    "42501", // a right is missing
                    "42P01", // a table is missing
                    "42703", // a column is missing
                    "3F000" // the schema is missing
            -> true;
            default -> isOutage(state.substring(0, 2));
        };
    }

    private static boolean isOutage(String stateClass) {
        return switch (stateClass) {
            case "01", // a warning that requireReplicated threw: committed, but perhaps not on the standby
                    "08", // connection exception
                    "28", // invalid authorization: a rotated password, or pg_hba.conf
                    "40", // deadlock or serialization failure, for the second time
                    "53", // insufficient resources: connections, disk, memory
                    "57", // operator intervention: statement_timeout, shutdown, starting up
                    "58" // system error: I/O
            -> true;
            default -> false;
        };
    }
}

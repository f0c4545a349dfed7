package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.StorageUnavailableException;
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
import org.postgresql.util.PSQLWarning;

/** Runs statements, each a transaction of its own, and says what a failure of one means. Thread-safe. */
final class Statements {

    private static final long MIN_RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long MAX_RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(60);

    /** Reads the rows of an answer. */
    interface Reading<T> {
        T of(ResultSet rows) throws SQLException;
    }

    /** Reads how the lease and the stream of one request stand. */
    interface Standing {
        /**
         * @param index of the request
         * @param row all null if the stream has no row
         */
        void read(int index, ResultSet row) throws SQLException;
    }

    private static final String READ_ONLY = "25006";

    private final DSLContext db;
    private final Runnable onReadOnly;

    /**
     * @param dataSource a pool
     */
    Statements(DataSource dataSource) {
        this(dataSource, () -> {});
    }

    /**
     * @param dataSource a pool
     * @param onReadOnly told, once the connection is back in the pool, that it took no write
     */
    Statements(DataSource dataSource, Runnable onReadOnly) {
        this.db = DSL.using(dataSource, SQLDialect.POSTGRES);
        this.onReadOnly = onReadOnly;
    }

    /**
     * Runs a statement on values and arrays. By JDBC itself, which keeps it prepared for each connection. Statements that
     * change leases on somebody's behalf go this way, since it alone notices {@linkplain #requireReplicated a commit that
     * is not certain}.
     */
    <T> T query(String what, String sql, Reading<T> reading, Object... values) {
        return run(
                what,
                db -> db.connectionResult(connection -> {
                    try (PreparedStatement statement = connection.prepareStatement(sql)) {
                        for (int i = 0; i < values.length; i++) {
                            if (values[i] instanceof Object[] column) {
                                statement.setArray(i + 1, connection.createArrayOf(typeOf(column), column));
                            } else {
                                statement.setObject(i + 1, values[i]);
                            }
                        }
                        try (ResultSet rows = statement.executeQuery()) {
                            requireReplicated(statement.getWarnings());
                            return reading.of(rows);
                        }
                    }
                }));
    }

    /**
     * Reads how leases and their streams stand, in any order. With {@link LockSql#LOOK}, a request whose row another
     * transaction has locked is not read.
     *
     * @param what for the log
     * @param sql {@link LockSql#GLANCE}, or {@link LockSql#LOOK} for an answer that is to be certain
     * @param streamIds the streams, one per request
     * @param leaseIds their leases; null for none
     */
    void look(String what, String sql, List<String> streamIds, UUID[] leaseIds, Standing standing) {
        query(
                what,
                sql,
                rows -> {
                    while (rows.next()) {
                        standing.read(rows.getInt("position") - 1, rows);
                    }
                    return null;
                },
                streamIds.toArray(String[]::new),
                leaseIds);
    }

    /**
     * Throws the warning by which PostgreSQL says that it has committed, but that somebody cancelled the wait for the
     * synchronous standby: a fail-over may lose what the statement did. It is known by its place in PostgreSQL, since its
     * text is translated and its code that of any warning.
     */
    private static void requireReplicated(SQLWarning warnings) throws SQLWarning {
        for (SQLWarning warning = warnings; warning != null; warning = warning.getNextWarning()) {
            if (warning instanceof PSQLWarning told
                    && "SyncRepWaitForLSN".equals(told.getServerErrorMessage().getRoutine())) {
                throw warning;
            }
        }
    }

    private static String typeOf(Object[] column) {
        return column instanceof UUID[] ? "uuid" : column instanceof Long[] ? "int8" : "text";
    }

    /** The values that the requests have for one parameter of a statement. */
    static <Q, T> T[] column(List<Q> requests, Function<Q, T> value, IntFunction<T[]> array) {
        return requests.stream().map(value).toArray(array);
    }

    /** Runs a statement, once more after a deadlock, and tells an outage of the storage from a fault of ours. */
    <T> T run(String what, Function<DSLContext, T> statement) {
        try {
            try {
                return statement.apply(db);
            } catch (DataAccessException e) {
                if (!isDeadlock(e)) {
                    throw e;
                }
                // Ours wait for nothing but new rows, in one order; a person's transaction may not. PostgreSQL rolled
                // ours back whole. At once it would take the same row again, before the one that waits has woken up.
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

    private static boolean isDeadlock(DataAccessException e) {
        return e.sqlState().equals("40P01") || e.sqlState().equals("40001");
    }

    /**
     * Whether the error comes of the state of the database or the way to it, not of the statement. A table or
     * a right that is missing is somebody's doing, who can undo it: to a caller that is as good as away. Codes are those of
     * the PostgreSQL manual, appendix A.
     */
    private static boolean isOutage(DataAccessException e) {
        SQLException cause = e.getCause(SQLException.class);
        if (cause instanceof SQLTransientException || cause instanceof SQLRecoverableException) {
            return true;
        }
        String state = e.sqlState();
        return switch (state) {
            case "55P03", // lock_timeout
                    READ_ONLY, // a standby
                    "42501", // a right is missing
                    "42P01", // a table is
                    "42703", // a column is
                    "3F000" // the schema is
            -> true;
            default -> isOutage(state.substring(0, 2));
        };
    }

    private static boolean isOutage(String stateClass) {
        return switch (stateClass) {
            case "01", // a warning that was thrown: committed, and perhaps not on the standby
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

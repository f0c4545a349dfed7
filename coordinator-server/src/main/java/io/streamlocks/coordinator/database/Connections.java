package io.streamlocks.coordinator.database;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.streamlocks.coordinator.lock.postgres.PostgresLockManager;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGProperty;
import org.postgresql.ds.PGSimpleDataSource;

/** Makes the connections of a server: a pool for calls, and single ones for what is done beside them. */
final class Connections {

    private static final Duration LOGIN_TIMEOUT = Duration.ofSeconds(5);

    private Connections() {}

    /** Returns a data source that opens a connection per call. It gives up each silent host after 5 s. */
    static PGSimpleDataSource unpooled(DatabaseSettings database) {
        return unpooled(database, LOGIN_TIMEOUT);
    }

    /**
     * Returns a data source that opens a connection per call.
     *
     * @param silence how long a statement may wait for the database, in whole seconds
     */
    static PGSimpleDataSource unpooled(DatabaseSettings database, Duration silence) {
        PGSimpleDataSource dataSource = dataSource(database);
        dataSource.setLoginTimeout(Math.toIntExact(LOGIN_TIMEOUT.toSeconds()));
        dataSource.setSocketTimeout(Math.toIntExact(silence.toSeconds()));
        return dataSource;
    }

    /**
     * Returns the pool of the calls. It connects to nothing until a caller asks for a connection.
     *
     * @param database how the server connects
     * @param poolMetrics where the pool registers its meters: a registry of Micrometer
     * @param keepsHistory whether grants are remembered after they have ended
     */
    static HikariDataSource pool(DatabaseSettings database, Object poolMetrics, boolean keepsHistory) {
        HikariConfig hikari = new HikariConfig();
        PGSimpleDataSource dataSource = dataSource(database);
        long statementTimeoutMs = database.statementTimeout().toMillis();
        // The database ends a slow statement itself. This ends a statement that the network has lost.
        dataSource.setSocketTimeout(Math.toIntExact(TimeUnit.MILLISECONDS.toSeconds(statementTimeoutMs) + 1));
        hikari.setDataSource(
                new RetryingDataSource(dataSource, length -> TimeUnit.NANOSECONDS.sleep(length.toNanos())));
        hikari.setPoolName("stream-locks");
        hikari.setMetricRegistry(poolMetrics);
        hikari.setMaximumPoolSize(database.poolSize());
        hikari.setMinimumIdle(0);
        hikari.setConnectionTimeout(database.connectionTimeout().toMillis());
        hikari.setValidationTimeout(Math.max(250, database.connectionTimeout().toMillis() / 2));
        hikari.setInitializationFailTimeout(-1);
        hikari.setAutoCommit(true);
        hikari.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
        // These are set by SQL because poolers such as PgBouncer reject start-up options. The wait for a lock is
        // shorter than a statement, so that the error names the lock. By default it is longer than the second after
        // which PostgreSQL looks for a deadlock. A shorter wait would hide deadlocks, and their calls would not be
        // tried again.
        hikari.setConnectionInitSql("SET statement_timeout = " + statementTimeoutMs + "; SET lock_timeout = "
                + statementTimeoutMs * 4 / 5 + "; " + PostgresLockManager.SESSION_SETTINGS + "; "
                + PostgresLockManager.epochGrace(database.epochGrace()) + "; "
                + (keepsHistory ? "" : PostgresLockManager.WITHOUT_HISTORY));
        return new HikariDataSource(hikari);
    }

    private static PGSimpleDataSource dataSource(DatabaseSettings database) {
        PGSimpleDataSource dataSource = database.dataSource();
        if (PGProperty.APPLICATION_NAME
                .getOrDefault(database.url().properties())
                .equals("PostgreSQL JDBC Driver")) {
            dataSource.setApplicationName("stream-lock-coordinator");
        }
        if (!PGProperty.CONNECT_TIMEOUT.isPresent(database.url().properties())) {
            // A host of several that does not respond must not hold up the connection to the others for long.
            dataSource.setConnectTimeout(dataSource.getServerNames().length == 1 ? 2 : 1);
        }
        dataSource.setTcpKeepAlive(true);
        // The detail of an error may quote the row, which contains the lease id.
        dataSource.setLogServerErrorDetail(false);
        return dataSource;
    }
}

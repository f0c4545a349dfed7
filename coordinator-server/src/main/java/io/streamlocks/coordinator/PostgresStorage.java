package io.streamlocks.coordinator;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.StorageCondition;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.lock.postgres.PoolerCheck;
import io.streamlocks.coordinator.lock.postgres.PostgresLockManager;
import io.streamlocks.coordinator.lock.postgres.RightsCheck;
import io.streamlocks.coordinator.lock.postgres.SetUpCheck;
import io.streamlocks.coordinator.lock.postgres.TableLook;
import io.streamlocks.coordinator.lock.postgres.TokenSequence;
import io.streamlocks.coordinator.telemetry.Telemetry;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.postgresql.PGProperty;
import org.postgresql.ds.PGSimpleDataSource;
import org.postgresql.jdbc.PreferQueryMode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The connections to PostgreSQL, and what is done before leases are kept in it. Thread-safe. */
final class PostgresStorage implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PostgresStorage.class);

    /** PostgreSQL's insufficient_privilege and invalid_schema_name. */
    private static final Set<String> RIGHTS_OR_SCHEMA = Set.of("42501", "3F000");

    /** Connection exceptions, refused logins, and what ends sessions: shutdown, start-up, a database that was dropped. */
    private static final Pattern AWAY = Pattern.compile("(08|28|57P0).*");

    private static final Duration LOGIN_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration MIGRATION_STEP_TIMEOUT = Duration.ofMinutes(1);

    private final CoordinatorConfig.Database database;
    private final HikariDataSource pool;
    private final LockManager locks;
    private final SetUpWatch setUp;
    private final TokenSequence tokens;
    private final TableLook table;

    /**
     * Connects to nothing yet.
     *
     * @param database where it is
     * @param telemetry measures the pool
     * @param keepsHistory whether grants are remembered after they ended
     */
    PostgresStorage(CoordinatorConfig.Database database, Telemetry telemetry, boolean keepsHistory) {
        this.database = database;
        this.pool = pool(database, telemetry, keepsHistory);
        this.locks = new PostgresLockManager(pool, new StaleConnections(pool));
        // Not by the pool, which is used up when writes hang.
        this.setUp = new SetUpWatch(database.url(), new SetUpCheck(unpooled(database))::look);
        this.tokens = new TokenSequence(unpooled(database));
        this.table = new TableLook(pool);
    }

    /** The leases in it. */
    LockManager locks() {
        return locks;
    }

    /** Logs how the database is set up to lose grants; for one thread at a time. */
    SetUpWatch setUp() {
        return setUp;
    }

    /** Looks at the table and who holds its dead rows; throws if it cannot. */
    StorageCondition look() {
        return table.look();
    }

    /**
     * Whether the database could not be reached: what its refusals mean is for others to log.
     *
     * @param failure of a statement
     */
    static boolean isAway(StorageUnavailableException failure) {
        for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLTransientConnectionException) {
                // The pool had none to give.
                return true;
            }
            if (cause instanceof SQLException sql && sql.getSQLState() != null) {
                return AWAY.matcher(sql.getSQLState()).matches();
            }
        }
        return false;
    }

    /**
     * Sets up the schema and sees that leases can be granted; to be tried again if it throws.
     *
     * @throws RuntimeException if something is missing, or the database does not answer
     */
    void open() {
        PGSimpleDataSource plain = unpooled(database);
        plain.setPreferQueryMode(PreferQueryMode.SIMPLE);
        PoolerCheck.requireOwnSessions(plain);
        // Before, the pool would have left its settings in sessions that a pooler gives to others.
        pool.getHikariConfigMXBean().setMinimumIdle(database.poolSize());
        migrate();
        // The pool may not have noticed yet that the database is there, and would fail the first calls.
        locks.verifyWritable();
        tokens.raise()
                .ifPresent(raised -> LOG.warn(
                        "The sequence stream_lock_fencing_token was at {}, behind the token {} that was given, and has been"
                                + " raised to it. Something has set it back, or has copied the tables without it: see"
                                + " docs/operations.md, Bring the sequence ahead",
                        raised.from(),
                        raised.to()));
    }

    private void migrate() {
        PGSimpleDataSource dataSource = unpooled(database);
        dataSource.setSocketTimeout(Math.toIntExact(MIGRATION_STEP_TIMEOUT.toSeconds()));
        try {
            new Schema(dataSource).migrate();
        } catch (SQLException e) {
            throw new IllegalStateException("The tables cannot be set up", e);
        }
    }

    /**
     * Says why it cannot be opened, for the log.
     *
     * @param cause the first cause of what {@link #open} threw
     * @return where it is and the cause, with the rights that the role lacks, if that is it
     */
    String whyNot(Throwable cause) {
        return cause + missingRights(cause);
    }

    /** The rights that the role lacks, as the end of a sentence; empty if that is not what is wrong. */
    private String missingRights(Throwable cause) {
        if (!(cause instanceof SQLException refusal
                && RIGHTS_OR_SCHEMA.contains(String.valueOf(refusal.getSQLState())))) {
            return "";
        }
        try {
            return RightsCheck.missing(unpooled(database))
                    .map(sql -> ". Run this as a role that may grant it: " + sql)
                    .orElse("");
        } catch (RuntimeException e) {
            return "";
        }
    }

    /** Where it is, without its password. */
    DatabaseUrl url() {
        return database.url();
    }

    @Override
    public void close() {
        pool.close();
    }

    /** A connection a call. A database that says nothing, at the login or after it, would be waited for without end. */
    private static PGSimpleDataSource unpooled(CoordinatorConfig.Database database) {
        PGSimpleDataSource dataSource = dataSource(database);
        dataSource.setLoginTimeout(Math.toIntExact(LOGIN_TIMEOUT.toSeconds()));
        dataSource.setSocketTimeout(Math.toIntExact(LOGIN_TIMEOUT.toSeconds()));
        return dataSource;
    }

    private static HikariDataSource pool(
            CoordinatorConfig.Database database, Telemetry telemetry, boolean keepsHistory) {
        HikariConfig hikari = new HikariConfig();
        PGSimpleDataSource dataSource = dataSource(database);
        long statementTimeoutMs = database.statementTimeout().toMillis();
        // The database ends a slow statement by itself; this ends one that the network has swallowed.
        dataSource.setSocketTimeout(Math.toIntExact(TimeUnit.MILLISECONDS.toSeconds(statementTimeoutMs) + 1));
        hikari.setDataSource(
                new RetryingDataSource(dataSource, length -> TimeUnit.NANOSECONDS.sleep(length.toNanos())));
        hikari.setPoolName("stream-locks");
        hikari.setMetricRegistry(telemetry.poolMetrics());
        hikari.setMaximumPoolSize(database.poolSize());
        hikari.setMinimumIdle(0);
        hikari.setConnectionTimeout(database.connectionTimeout().toMillis());
        hikari.setValidationTimeout(Math.max(250, database.connectionTimeout().toMillis() / 2));
        hikari.setInitializationFailTimeout(-1);
        hikari.setAutoCommit(true);
        hikari.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
        // In SQL, not as a start-up option, which connection poolers such as PgBouncer refuse. A lock is waited for
        // less long than the statement may take, so that what is told is the reason; but longer, by default, than the
        // second after which PostgreSQL looks for a deadlock, else it is never seen and the call not tried again.
        hikari.setConnectionInitSql("SET statement_timeout = " + statementTimeoutMs + "; SET lock_timeout = "
                + statementTimeoutMs * 4 / 5 + "; " + PostgresLockManager.SESSION_SETTINGS + "; "
                + (keepsHistory ? "" : PostgresLockManager.WITHOUT_HISTORY));
        return new HikariDataSource(hikari);
    }

    private static PGSimpleDataSource dataSource(CoordinatorConfig.Database database) {
        PGSimpleDataSource dataSource = database.dataSource();
        if (PGProperty.APPLICATION_NAME
                .getOrDefault(database.url().properties())
                .equals("PostgreSQL JDBC Driver")) {
            dataSource.setApplicationName("stream-lock-coordinator");
        }
        if (!PGProperty.CONNECT_TIMEOUT.isPresent(database.url().properties())) {
            dataSource.setConnectTimeout(2);
        }
        dataSource.setTcpKeepAlive(true);
        // An error's detail may quote the row, and with it a lease id.
        dataSource.setLogServerErrorDetail(false);
        return dataSource;
    }
}

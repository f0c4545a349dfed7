package io.streamlocks.coordinator.database;

import com.zaxxer.hikari.HikariDataSource;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.StorageCondition;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.lock.postgres.PostgresLockManager;
import io.streamlocks.coordinator.lock.postgres.SetUpCheck;
import io.streamlocks.coordinator.lock.postgres.TableLook;
import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.log.RootCause;
import io.streamlocks.coordinator.storage.Storage;
import io.streamlocks.coordinator.storage.StorageTask;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** Keeps leases in PostgreSQL. This class is thread-safe. */
public final class PostgresStorage implements Storage {

    private static final Logger LOG = LoggerFactory.getLogger(PostgresStorage.class);

    /**
     * Connection exceptions, rejected logins, and what ends sessions: shutdown, start-up, a database that was dropped.
     */
    private static final Pattern AWAY = Pattern.compile("(08|28|57P0).*");

    private static final Duration SET_UP_INTERVAL = Duration.ofMinutes(1);
    private static final Duration TABLE_INTERVAL = Duration.ofSeconds(15);

    private final DatabaseSettings database;
    private final Function<Supplier<StorageCondition>, Runnable> gauges;
    private final HikariDataSource pool;
    private final LockManager locks;
    private final SchemaSetUp schema;
    private final SetUpWatch setUp;
    private final TableLook table;

    /** The number of the epoch at the latest look; negative before the first one. */
    private final AtomicLong epoch = new AtomicLong(-1);

    private final RepeatedErrorLog errors = new RepeatedErrorLog(LOG, System::nanoTime);

    /**
     * Connects to nothing yet.
     *
     * @param database how the server connects
     * @param keepsHistory whether grants are remembered after they have ended
     * @param poolMetrics where the pool registers its meters: a registry of Micrometer
     * @param gauges shows the condition of the storage, each time that its result is run
     */
    public PostgresStorage(
            DatabaseSettings database,
            boolean keepsHistory,
            Object poolMetrics,
            Function<Supplier<StorageCondition>, Runnable> gauges) {
        this.database = database;
        this.gauges = gauges;
        this.pool = Connections.pool(database, poolMetrics, keepsHistory);
        this.locks = new PostgresLockManager(pool, Connections.unpooled(database), new StaleConnections(pool));
        this.schema = new SchemaSetUp(database);
        // Writes that hang use up the pool, so the check of the set-up has connections of its own.
        this.setUp = new SetUpWatch(database.url(), new SetUpCheck(Connections.unpooled(database))::look);
        this.table = new TableLook(pool);
    }

    @Override
    public LockManager locks() {
        return locks;
    }

    @Override
    public void open() {
        // This comes first because a migration that waits for a missing standby would not say so.
        lookAtSetUp();
        schema.requireOwnSessions();
        // An earlier connection of the pool would have left its settings in sessions that a pooler gives to others.
        pool.getHikariConfigMXBean().setMinimumIdle(database.poolSize());
        schema.migrate();
        // The pool may not have noticed yet that the database is back, and would fail the first calls.
        locks.verifyWritable();
    }

    /** The server serves whatever the check finds, and also if the check fails while the database answers. */
    private void lookAtSetUp() {
        try {
            setUp.run();
        } catch (StorageUnavailableException e) {
            throw e;
        } catch (RuntimeException e) {
            errors.log(Level.WARN, "set-up" + e, "Failed to check how the database is set up: " + RootCause.of(e));
        }
    }

    @Override
    public String explain(Throwable cause) {
        return schema.explain(cause);
    }

    @Override
    public List<StorageTask> tasks() {
        return List.of(
                new StorageTask(SET_UP_INTERVAL, "check how the database is set up", setUp),
                new StorageTask(
                        TABLE_INTERVAL,
                        "check the table and which transactions keep its dead rows",
                        unlessAway(gauges.apply(this::lookAtTable))));
    }

    private StorageCondition lookAtTable() {
        StorageCondition condition = table.look();
        long before = epoch.getAndSet(condition.epoch());
        if (before >= 0 && before != condition.epoch()) {
            LOG.warn(
                    "PostgreSQL at {} is in epoch {} now, after {}: it was promoted, restored or copied. Grants may be"
                            + " lost. Tokens rise all the same. See docs/operations.md, Why tokens rise",
                    database.url(),
                    condition.epoch(),
                    before);
        }
        return condition;
    }

    /** The other work in the background logs that the database is away, so this work logs only other failures. */
    private static Runnable unlessAway(Runnable look) {
        return () -> {
            try {
                look.run();
            } catch (StorageUnavailableException e) {
                if (!isAway(e)) {
                    throw e;
                }
            }
        };
    }

    /**
     * Returns whether a statement failed because the database could not be reached.
     *
     * @param failure the failure of the statement
     */
    static boolean isAway(StorageUnavailableException failure) {
        for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLTransientConnectionException) {
                // The pool had no connection to give.
                return true;
            }
            if (cause instanceof SQLException sql && sql.getSQLState() != null) {
                return AWAY.matcher(sql.getSQLState()).matches();
            }
        }
        return false;
    }

    @Override
    public void close() {
        pool.close();
    }

    @Override
    public String toString() {
        return "PostgreSQL at " + database.url();
    }
}

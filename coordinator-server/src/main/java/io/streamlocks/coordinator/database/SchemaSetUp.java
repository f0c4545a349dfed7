package io.streamlocks.coordinator.database;

import io.streamlocks.coordinator.lock.postgres.PoolerCheck;
import io.streamlocks.coordinator.lock.postgres.RightsCheck;
import io.streamlocks.coordinator.log.RootCause;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.postgresql.ds.PGSimpleDataSource;
import org.postgresql.jdbc.PreferQueryMode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Migrates the schema of a database, for a server and for the command {@code migrate}. This class is thread-safe.
 */
public final class SchemaSetUp {

    private static final Logger LOG = LoggerFactory.getLogger(SchemaSetUp.class);

    private static final Duration MIGRATION_STEP_TIMEOUT = Duration.ofMinutes(1);
    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    /** The states insufficient_privilege and invalid_schema_name of PostgreSQL. */
    private static final Set<String> RIGHTS_OR_SCHEMA = Set.of("42501", "3F000");

    /** The states lock_not_available and deadlock_detected of PostgreSQL. */
    private static final Set<String> LOCKED = Set.of("55P03", "40P01");

    private final DatabaseSettings database;

    /**
     * Connects to nothing yet.
     *
     * @param database how to connect
     */
    public SchemaSetUp(DatabaseSettings database) {
        this.database = database;
    }

    /**
     * Checks that a connection has a session of its own. Blocks for two connections and some short statements.
     *
     * @throws io.streamlocks.coordinator.lock.StorageUnavailableException if it has none, or if the database does not
     *     respond
     */
    void requireOwnSessions() {
        PGSimpleDataSource plain = Connections.unpooled(database);
        plain.setPreferQueryMode(PreferQueryMode.SIMPLE);
        PoolerCheck.requireOwnSessions(plain);
    }

    /**
     * Migrates once. Blocks for as long as that takes.
     *
     * @return the version of the schema, as a sentence
     * @throws RuntimeException if the schema is older than this version and cannot be migrated
     */
    String migrate() {
        try {
            return new Schema(Connections.unpooled(database, MIGRATION_STEP_TIMEOUT)).migrate();
        } catch (SQLException e) {
            throw new IllegalStateException("The tables cannot be set up", e);
        }
    }

    /**
     * Migrates, and tries again each second while other sessions have tables locked, for so long. Blocks for that time,
     * and for the migration.
     *
     * @param patience the time
     * @return the version of the schema, as a sentence
     * @throws RuntimeException if the schema is older than this version and cannot be migrated, with the reason as the
     *     first cause
     */
    public String migrateWithin(Duration patience) {
        requireOwnSessions();
        long began = System.nanoTime();
        while (true) {
            try {
                return migrate();
            } catch (RuntimeException e) {
                Throwable reason = RootCause.of(e);
                if (!hasState(reason, LOCKED) || System.nanoTime() - began > patience.toNanos()) {
                    throw e;
                }
                LOG.warn("Another session has a table locked. The migration is tried again: {}", reason.getMessage());
                pause(e);
            }
        }
    }

    private static void pause(RuntimeException failure) {
        try {
            TimeUnit.NANOSECONDS.sleep(RETRY_AFTER.toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failure;
        }
    }

    /**
     * Explains why the set-up has failed. May block for a short query.
     *
     * @param failure the failure
     * @return its first cause, and what to do about it if the role lacks rights
     */
    public String explain(Throwable failure) {
        Throwable cause = RootCause.of(failure);
        return cause + advice(cause);
    }

    private String advice(Throwable cause) {
        if (!hasState(cause, RIGHTS_OR_SCHEMA)) {
            return "";
        }
        try {
            return RightsCheck.advice(Connections.unpooled(database))
                    .map(advice -> ". " + advice)
                    .orElse("");
        } catch (RuntimeException e) {
            return "";
        }
    }

    private static boolean hasState(Throwable cause, Set<String> states) {
        return cause instanceof SQLException rejection && states.contains(String.valueOf(rejection.getSQLState()));
    }
}

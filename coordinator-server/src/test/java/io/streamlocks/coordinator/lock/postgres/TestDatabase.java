package io.streamlocks.coordinator.lock.postgres;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.TimeZone;
import java.util.UUID;
import javax.sql.DataSource;
import org.awaitility.Awaitility;
import org.flywaydb.core.Flyway;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;

/**
 * A new database on a real PostgreSQL 17 that all tests of this JVM share, with a pool of connections. The time zone of
 * its sessions is one that no test machine has, so that a conversion through local time becomes visible.
 */
public final class TestDatabase implements AutoCloseable {

    private static final String TIME_ZONE = "Pacific/Chatham";

    private final String name = "t" + UUID.randomUUID().toString().replace("-", "");
    private final HikariDataSource pool;

    private TestDatabase() {
        DSL.using(Server.POSTGRES.getPostgresDatabase(), SQLDialect.POSTGRES).execute("CREATE DATABASE " + name);
        HikariConfig hikari = new HikariConfig();
        hikari.setDataSource(Server.POSTGRES.getDatabase("postgres", name));
        hikari.setMaximumPoolSize(16);
        hikari.setMinimumIdle(1);
        hikari.setConnectionInitSql("SET TIME ZONE '" + TIME_ZONE + "'; SET statement_timeout = '20s'; "
                + PostgresLockManager.SESSION_SETTINGS);
        pool = new HikariDataSource(hikari);
    }

    /**
     * Does what {@code Main} does. The driver sends the zone of the JVM, and PostgreSQL does not have the zone of the
     * tests.
     */
    public static void logInWithAZoneThatPostgresKnows() {
        TimeZone.setDefault(TimeZone.getTimeZone(ZoneOffset.UTC));
    }

    /** Creates an empty database. */
    public static TestDatabase empty() {
        return new TestDatabase();
    }

    /** Creates a database with the schema of {@code db/migration}. */
    public static TestDatabase migrated() {
        TestDatabase database = empty();
        Flyway.configure()
                .dataSource(database.pool)
                .table("stream_lock_schema_history")
                .locations("classpath:db/migration")
                .load()
                .migrate();
        return database;
    }

    /** Returns its URL in the form of the server's setting. */
    public String url() {
        return "postgres://postgres:postgres@localhost:" + Server.POSTGRES.getPort() + "/" + name;
    }

    /** Returns the pool, which has at most 16 connections. */
    public DataSource pool() {
        return pool;
    }

    /** Returns a context that runs SQL on connections of the pool. */
    public DSLContext sql() {
        return DSL.using(pool, SQLDialect.POSTGRES);
    }

    /** Opens a connection outside the pool and without auto-commit, to hold locks. */
    public Connection transaction() throws SQLException {
        Connection connection = pool.getConnection();
        connection.setAutoCommit(false);
        return connection;
    }

    /** Lets the latest lease of a stream expire now, by the clock of the database. */
    public void expire(String streamId) {
        sql().execute(
                        "UPDATE stream_locks SET expires_at = clock_timestamp() WHERE stream_id = ? AND expires_at > clock_timestamp()",
                        streamId);
    }

    /** Makes a stream idle for some time. */
    public void backdate(String streamId, Duration age) {
        sql().execute(
                        "UPDATE stream_locks SET expires_at = expires_at - ?::bigint * interval '1 millisecond' WHERE stream_id = ?",
                        age.toMillis(),
                        streamId);
    }

    /** Lets the time pass during which a broken stream stays closed. */
    public void open(String streamId) {
        sql().execute("UPDATE stream_locks SET closed_until = clock_timestamp() WHERE stream_id = ?", streamId);
    }

    /** Makes later connections search this schema before PostgreSQL's own. */
    void findFirst(String schema) {
        sql().execute("ALTER DATABASE " + name + " SET search_path = " + schema + ", pg_catalog, public");
        pool.getHikariPoolMXBean().softEvictConnections();
    }

    /** Waits until the statistics include all statements so far. A backend reports them at its end at the latest. */
    public void awaitStatistics() {
        pool.getHikariPoolMXBean().softEvictConnections();
        Awaitility.await()
                .until(() -> sql().fetchSingle(
                                        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
                                .get(0, Integer.class)
                        == 0);
    }

    @Override
    public void close() {
        pool.close();
    }

    /** The server, which starts at first use and ends with the JVM. */
    private static final class Server {
        private static final EmbeddedPostgres POSTGRES = start();

        private static EmbeddedPostgres start() {
            logInWithAZoneThatPostgresKnows();
            try {
                return EmbeddedPostgres.builder()
                        // The default of 10 s is too short for a busy machine.
                        .setPGStartupWait(Duration.ofMinutes(1))
                        // Some tests wait for a deadlock.
                        .setServerConfig("deadlock_timeout", "200ms")
                        .start();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}

package io.streamlocks.testkit.rig;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.streamlocks.coordinator.lock.postgres.PostgresLockManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import javax.sql.DataSource;
import org.awaitility.Awaitility;
import org.flywaydb.core.Flyway;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A new database and a pool of connections to it, on a real PostgreSQL that all tests of this JVM share. The time
 * zone of its sessions is one that no test machine has, so a time that is converted by way of local time is wrong.
 *
 * <p>This class is thread-safe. The first database of a JVM starts PostgreSQL, which takes some seconds.
 */
public final class TestDatabase implements AutoCloseable {

    private static final String TIME_ZONE = "Pacific/Chatham";

    private final String name = "t" + UUID.randomUUID().toString().replace("-", "");
    private final HikariDataSource pool;

    private TestDatabase() {
        Server.POSTGRES.sql("postgres").execute("CREATE DATABASE " + name);
        pool = poolOf(Server.POSTGRES.database(name));
    }

    private static HikariDataSource poolOf(DataSource source) {
        HikariConfig hikari = new HikariConfig();
        hikari.setDataSource(source);
        hikari.setMaximumPoolSize(16);
        hikari.setMinimumIdle(1);
        hikari.setConnectionInitSql("SET TIME ZONE '" + TIME_ZONE + "'; SET statement_timeout = '20s'; "
                + PostgresLockManager.SESSION_SETTINGS);
        return new HikariDataSource(hikari);
    }

    /** Returns a new database without tables. */
    public static TestDatabase empty() {
        return new TestDatabase();
    }

    /** Returns a new database with the schema of {@code db/migration}. */
    public static TestDatabase migrated() {
        TestDatabase database = empty();
        database.migrateTo("latest");
        return database;
    }

    /** Migrates the schema to this version, or to the {@code latest}. */
    public void migrateTo(String version) {
        migrate(pool, version);
    }

    /** Migrates the schema to this version, as a role that owns its tables from then on. */
    public void migrateTo(String version, String role) {
        migrate(as(role), version);
    }

    private static void migrate(DataSource source, String version) {
        Flyway.configure()
                .dataSource(source)
                .table("stream_lock_schema_history")
                .locations("classpath:db/migration")
                .target(version)
                .load()
                .migrate();
    }

    /** Returns the URL, in the form of a coordinator's {@code DATABASE_URL}. */
    public String url() {
        return "postgres://postgres:postgres@localhost:" + Server.POSTGRES.port() + "/" + name;
    }

    /** Returns the pool. It has at most 16 connections. */
    public DataSource pool() {
        return pool;
    }

    /** Returns a pool like that of this database, as a role. PostgreSQL trusts all roles. The caller closes it. */
    public HikariDataSource poolAs(String role) {
        return poolOf(as(role));
    }

    /** Returns a source of new connections as a role. PostgreSQL trusts all roles. */
    public DataSource as(String role) {
        PGSimpleDataSource source = Server.POSTGRES.database(name);
        source.setUser(role);
        return source;
    }

    /** Returns a context that runs SQL on connections of the pool. */
    public DSLContext sql() {
        return DSL.using(pool, SQLDialect.POSTGRES);
    }

    /** Returns a connection in a transaction, which can hold locks. The caller closes it. */
    public Connection transaction() throws SQLException {
        Connection connection = pool.getConnection();
        connection.setAutoCommit(false);
        return connection;
    }

    /** Lets the latest lease of a stream expire now, on the database's clock. */
    public void expire(String streamId) {
        sql().execute(
                        "UPDATE stream_locks SET expires_at = clock_timestamp() WHERE stream_id = ? AND expires_at > clock_timestamp()",
                        streamId);
    }

    /** Makes a stream idle for this much longer. */
    public void backdate(String streamId, Duration age) {
        sql().execute(
                        "UPDATE stream_locks SET expires_at = expires_at - ?::bigint * interval '1 millisecond' WHERE stream_id = ?",
                        age.toMillis(),
                        streamId);
    }

    /** Makes the places in the queue of a stream older by this much. */
    public void backdatePlaces(String streamId, Duration age) {
        sql().execute(
                        "UPDATE stream_lock_waiters SET calling_until = calling_until - ?::bigint * interval '1 millisecond' WHERE stream_id = ?",
                        age.toMillis(),
                        streamId);
    }

    /** Lets a member of a group expire now, on the database's clock. */
    public void expireMember(String groupId, String ownerId) {
        sql().execute(
                        "UPDATE stream_lock_members SET expires_at = clock_timestamp() WHERE group_id = ? AND owner_id = ?",
                        groupId,
                        ownerId);
    }

    /** Lets the delay after a break of a stream end now. */
    public void open(String streamId) {
        sql().execute("UPDATE stream_locks SET closed_until = clock_timestamp() WHERE stream_id = ?", streamId);
    }

    /** Makes new connections resolve names in this schema before those of PostgreSQL. */
    public void findFirst(String schema) {
        sql().execute("ALTER DATABASE " + name + " SET search_path = " + schema + ", pg_catalog, public");
        pool.getHikariPoolMXBean().softEvictConnections();
    }

    /**
     * Waits until PostgreSQL has counted all statements so far. A session reports its counts when it ends, at the
     * latest.
     */
    public void awaitStatistics() {
        Awaitility.await().until(() -> {
            // The pool may have been opening a connection at the time of the one before.
            pool.getHikariPoolMXBean().softEvictConnections();
            return sql().fetchSingle(
                                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
                            .get(0, Integer.class)
                    == 0;
        });
    }

    @Override
    public void close() {
        pool.close();
    }

    /** The shared server. It starts at the first use, and is killed when the JVM exits. */
    private static final class Server {
        private static final PostgresServer POSTGRES = start();

        private static PostgresServer start() {
            try {
                return PostgresServer.builder()
                        // Nothing has to outlive this JVM.
                        .setting("fsync", "off")
                        .setting("synchronous_commit", "off")
                        // Some tests wait for deadlocks.
                        .setting("deadlock_timeout", "200ms")
                        .start();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
    }
}

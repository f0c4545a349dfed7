package io.streamlocks.coordinator;

import static org.awaitility.Awaitility.await;

import io.streamlocks.testkit.rig.TestDatabase;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.postgresql.ds.PGSimpleDataSource;

/** A PostgreSQL and a standby that streams from it, asynchronously until {@link #makeSynchronous}. */
final class PostgresPair implements AutoCloseable {

    private static final String STANDBY = "standby";

    private final Path folder = Files.createTempDirectory("postgres-pair");
    private final EmbeddedPostgres primary;
    private final EmbeddedPostgres standby;

    /** How the standby finds the primary. */
    private final String connection;

    PostgresPair() throws IOException, InterruptedException {
        TestDatabase.logInWithAZoneThatPostgresKnows();
        Path data = folder.resolve("primary");
        EmbeddedPostgres first = start(data, 0);
        int port = first.getPort();
        first.close();

        // The binaries have no pg_basebackup; a copy of a server that was shut down is as good.
        Path copy = folder.resolve(STANDBY);
        RestartablePostgres.copy(data, copy);
        Files.createFile(copy.resolve("standby.signal"));
        connection = "host=localhost port=" + port + " user=postgres application_name=" + STANDBY;
        Files.writeString(
                copy.resolve("postgresql.auto.conf"),
                String.format(Locale.ROOT, "primary_conninfo = '%s'%n", connection),
                StandardOpenOption.APPEND);

        primary = start(data, port);
        standby = start(copy, 0);
        awaitStreaming(1);
    }

    /** Both servers, in the form of a coordinator's setting. */
    String url() {
        return "postgres://postgres@localhost:" + primary.getPort() + ",localhost:" + standby.getPort() + "/postgres";
    }

    /** What was the primary at first. */
    DSLContext primary() {
        return sql(primary);
    }

    /** What was the standby at first. */
    DSLContext standby() {
        return sql(standby);
    }

    /** For connections to what was the primary at first, a new object each time. */
    PGSimpleDataSource primaryDatabase() {
        return (PGSimpleDataSource) primary.getPostgresDatabase();
    }

    /** For connections to what was the standby at first. */
    DataSource standbyDatabase() {
        return standby.getPostgresDatabase();
    }

    /** No write is answered from now on before the standby has it on its disk. */
    void makeSynchronous() {
        primary().execute("ALTER SYSTEM SET synchronous_standby_names = '" + STANDBY + "'");
        primary().execute("SELECT pg_reload_conf()");
        await().until(() -> primary()
                        .fetch("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'")
                        .size()
                == 1);
    }

    /** The standby receives nothing any more. */
    void disconnectStandby() {
        standby().execute("ALTER SYSTEM SET primary_conninfo = ''");
        standby().execute("SELECT pg_reload_conf()");
        awaitStreaming(0);
    }

    /** Ends {@link #disconnectStandby}. */
    void connectStandby() {
        standby().execute("ALTER SYSTEM SET primary_conninfo = '" + connection + "'");
        standby().execute("SELECT pg_reload_conf()");
        awaitStreaming(1);
    }

    /** Waits until the standby has all that the primary has written so far. */
    void awaitStandby() {
        String written = primary().fetchSingle("SELECT pg_current_wal_lsn()").get(0, String.class);
        await().until(() -> standby()
                .fetchSingle("SELECT pg_last_wal_replay_lsn() >= ?::pg_lsn", written)
                .get(0, Boolean.class));
    }

    /** Ends the primary without a chance to send or write anything more. */
    void killPrimary() throws IOException, InterruptedException {
        String postmaster = Files.readAllLines(folder.resolve("primary").resolve("postmaster.pid"))
                .get(0);
        List<ProcessHandle> processes = Stream.concat(
                        ProcessHandle.of(Long.parseLong(postmaster)).stream(),
                        ProcessHandle.of(Long.parseLong(postmaster))
                                .orElseThrow()
                                .descendants())
                .toList();
        processes.forEach(ProcessHandle::destroyForcibly);
        await().until(() -> processes.stream().noneMatch(ProcessHandle::isAlive));
    }

    @Override
    public void close() throws IOException {
        standby.close();
        primary.close();
        RestartablePostgres.delete(folder);
    }

    private void awaitStreaming(int receivers) {
        await().until(() -> primary()
                        .fetch("SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'")
                        .size()
                == receivers);
    }

    private static EmbeddedPostgres start(Path data, int port) throws IOException {
        return EmbeddedPostgres.builder()
                // By itself it gives up after 10 s, which a busy machine may need.
                .setPGStartupWait(Duration.ofMinutes(1))
                .setDataDirectory(data)
                .setCleanDataDirectory(false)
                .setPort(port)
                // PostgreSQL's defaults, which the builder changes.
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on")
                .start();
    }

    private static DSLContext sql(EmbeddedPostgres server) {
        return DSL.using(server.getPostgresDatabase(), SQLDialect.POSTGRES);
    }
}

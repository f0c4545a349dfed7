package io.streamlocks.coordinator;

import static org.awaitility.Awaitility.await;

import io.streamlocks.testkit.rig.PostgresServer;
import java.io.IOException;
import javax.sql.DataSource;
import org.jooq.DSLContext;
import org.postgresql.ds.PGSimpleDataSource;

/** A PostgreSQL and a standby that streams from it, asynchronously until {@link #makeSynchronous}. */
final class PostgresPair implements AutoCloseable {

    private final PostgresServer primary = PostgresServer.builder().start();
    private final PostgresServer standby = PostgresServer.builder().build();

    PostgresPair() throws Exception {
        standby.copyFrom(primary);
        standby.start();
        awaitStreaming(1);
    }

    /** Returns the URL of both servers, in the form of a coordinator's {@code DATABASE_URL}. */
    String url() {
        return "postgres://postgres@localhost:" + primary.port() + ",localhost:" + standby.port() + "/postgres";
    }

    /** Returns the port of the server that was the primary at first. */
    int primaryPort() {
        return primary.port();
    }

    /** Returns the port of the server that was the standby at first. */
    int standbyPort() {
        return standby.port();
    }

    /** Returns a context for the server that was the primary at first. */
    DSLContext primary() {
        return primary.sql("postgres");
    }

    /** Returns a context for the server that was the standby at first. */
    DSLContext standby() {
        return standby.sql("postgres");
    }

    /** Returns a new source of connections to the server that was the primary at first. */
    PGSimpleDataSource primaryDatabase() {
        return primary.database("postgres");
    }

    /** Returns a new source of connections to the server that was the standby at first. */
    DataSource standbyDatabase() {
        return standby.database("postgres");
    }

    /** From now on a commit returns only when the standby has it on its disk. */
    void makeSynchronous() {
        primary().execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'");
        primary().execute("SELECT pg_reload_conf()");
        await().until(() -> primary()
                        .fetch("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'")
                        .size()
                == 1);
    }

    /** Stops the replication to the standby. */
    void disconnectStandby() {
        standby().execute("ALTER SYSTEM SET primary_conninfo = ''");
        standby().execute("SELECT pg_reload_conf()");
        awaitStreaming(0);
    }

    /** Ends {@link #disconnectStandby}. */
    void connectStandby() {
        standby().execute("ALTER SYSTEM SET primary_conninfo = '" + primary.connectionOfStandby() + "'");
        standby().execute("SELECT pg_reload_conf()");
        awaitStreaming(1);
    }

    /** Waits until the standby has replayed what the primary has written so far. */
    void awaitStandby() {
        String written = primary().fetchSingle("SELECT pg_current_wal_lsn()").get(0, String.class);
        await().until(() -> standby()
                .fetchSingle("SELECT pg_last_wal_replay_lsn() >= ?::pg_lsn", written)
                .get(0, Boolean.class));
    }

    /** Kills the primary, which cannot send or write anything more. */
    void killPrimary() throws InterruptedException {
        primary.kill();
    }

    @Override
    public void close() throws IOException {
        standby.close();
        primary.close();
    }

    private void awaitStreaming(int receivers) {
        await().until(() -> primary()
                        .fetch("SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'")
                        .size()
                == receivers);
    }
}

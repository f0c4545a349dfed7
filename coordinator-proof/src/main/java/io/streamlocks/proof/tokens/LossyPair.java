package io.streamlocks.proof.tokens;

import io.streamlocks.testkit.rig.PostgresServer;
import java.io.IOException;
import java.sql.SQLException;

/** A primary, and an asynchronous standby that is promoted without the latest grants. */
final class LossyPair implements LossyDatabase {

    private final Clocks clocks;
    private PostgresServer primary;
    private PostgresServer standby;

    private LossyPair(Clocks clocks) throws IOException {
        this.clocks = clocks;
        primary = clocks.server("primary").build();
        standby = clocks.server("standby").build();
    }

    /** Starts the primary. Blocks until it answers. */
    static LossyPair start(Clocks clocks) throws IOException, InterruptedException, SQLException {
        LossyPair pair = new LossyPair(clocks);
        pair.primary.start();
        pair.primary.execute("CREATE DATABASE " + NAME);
        return pair;
    }

    @Override
    public String url() {
        return "postgres://postgres@localhost:" + primary.port() + ",localhost:" + standby.port() + "/" + NAME;
    }

    @Override
    public PostgresServer server() {
        return primary;
    }

    @Override
    public void lose(Grants grants) throws IOException, InterruptedException, SQLException {
        replaceStandby();
        grants.some(40);
        standby.execute("ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()");
        primary.await("SELECT count(*) FROM pg_stat_replication", "0");
        grants.some(60);
        clocks.pass(primary);
        clocks.setBehind(standby);
        grants.some(60);
        primary.kill();
        standby.execute("SELECT pg_promote()");
        standby.await("SELECT pg_is_in_recovery()", "f");
        PostgresServer killed = primary;
        primary = standby;
        standby = killed;
    }

    private void replaceStandby() throws IOException, InterruptedException, SQLException {
        standby.copyFrom(primary);
        standby.start();
        primary.await("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'", "1");
    }

    @Override
    public void close() throws IOException {
        standby.close();
        primary.close();
    }
}

package io.streamlocks.proof.faults;

import io.streamlocks.testkit.rig.PostgresServer;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A PostgreSQL primary and its synchronous standby. After a fail-over the new primary commits alone until there is
 * another standby, as operators configure it.
 */
final class PostgresPair implements AutoCloseable {

    private static final String SYNCHRONOUS = "ALTER SYSTEM SET synchronous_standby_names = 'standby'";
    private static final String STANDBY_GONE = "ALTER SYSTEM SET synchronous_standby_names = 'gone'";
    private static final String ALONE = "ALTER SYSTEM SET synchronous_standby_names = ''";
    private static final String RELOAD = "SELECT pg_reload_conf()";
    private static final String STATE_OF_STANDBY = "SELECT sync_state FROM pg_stat_replication";
    private static final String WRITE = "SELECT pg_logical_emit_message(true, 'proof', '')";

    private final List<PostgresServer> servers;
    private volatile PostgresServer primary;

    private PostgresPair(List<PostgresServer> servers) {
        this.servers = servers;
        this.primary = servers.get(0);
    }

    /**
     * Starts both servers. Blocks until the standby is synchronous.
     *
     * @param folder the folder for their data, which the caller deletes
     * @param logs the folder for their logs
     */
    static PostgresPair start(Path folder, Path logs) throws IOException, InterruptedException, SQLException {
        PostgresPair pair = new PostgresPair(List.of(server(folder, logs, 1), server(folder, logs, 2)));
        pair.primary.start();
        pair.startStandby();
        return pair;
    }

    private static PostgresServer server(Path folder, Path logs, int number) throws IOException {
        return PostgresServer.builder()
                .data(folder.resolve("postgres-" + number))
                .log(logs.resolve("postgres-" + number + ".log"))
                .setting("max_connections", "100")
                .setting("wal_level", "replica")
                .setting("wal_keep_size", "256MB")
                .setting("max_wal_size", "256MB")
                .setting("log_checkpoints", "off")
                .build();
    }

    /** Returns both servers. Their order never changes. */
    List<PostgresServer> servers() {
        return servers;
    }

    PostgresServer primary() {
        return primary;
    }

    private PostgresServer standby() {
        return servers.get(0) == primary ? servers.get(1) : servers.get(0);
    }

    private void startStandby() throws IOException, InterruptedException, SQLException {
        standby().copyFrom(primary);
        standby().start();
        primary.execute(SYNCHRONOUS, RELOAD);
        primary.await(STATE_OF_STANDBY, "sync");
    }

    /** Kills the primary and starts it again on its data. Blocks until it accepts writes. */
    void killAndRestart(long downMs) throws IOException, InterruptedException, SQLException {
        primary.process().kill();
        TimeUnit.MILLISECONDS.sleep(downMs);
        primary.start();
        awaitWrites();
    }

    /**
     * Makes all commits wait for this time. Then they go on, and those of clients that have given up do as well. Blocks
     * until the primary accepts writes.
     */
    void stallCommits(long ms) throws IOException, InterruptedException, SQLException {
        // One session does both steps, because the sessions that wait may use up all connections.
        try (Connection connection = primary.connect();
                Statement statement = connection.createStatement()) {
            statement.execute(STANDBY_GONE);
            statement.execute(RELOAD);
            TimeUnit.MILLISECONDS.sleep(ms);
            statement.execute(SYNCHRONOUS);
            statement.execute(RELOAD);
            // A new write makes the standby report, and its report releases the commits that wait.
            statement.execute(WRITE);
        }
        awaitWrites();
    }

    /** Returns whether the primary accepts writes. */
    boolean takesWrites() {
        try {
            primary.query(WRITE);
            return "sync".equals(primary.query(STATE_OF_STANDBY));
        } catch (SQLException e) {
            return false;
        }
    }

    /** Blocks until the primary accepts writes. Its standby must be back for that. */
    void awaitWrites() throws IOException, InterruptedException, SQLException {
        primary.await(STATE_OF_STANDBY, "sync");
        primary.query(WRITE);
    }

    /**
     * Kills the primary and promotes the standby. Blocks until the new primary accepts writes. It has no standby until
     * {@link #replaceStandby}.
     */
    void failOver(long downMs) throws IOException, InterruptedException, SQLException {
        primary.process().kill();
        TimeUnit.MILLISECONDS.sleep(downMs);
        PostgresServer promoted = standby();
        promoted.execute(ALONE, RELOAD);
        promoted.execute("SELECT pg_promote()");
        primary = promoted;
        primary.await("SELECT pg_is_in_recovery()", "f");
    }

    /** Makes the killed primary a synchronous standby of the new primary. */
    void replaceStandby() throws IOException, InterruptedException, SQLException {
        startStandby();
    }

    @Override
    public void close() throws IOException {
        for (PostgresServer server : servers) {
            server.close();
        }
    }
}

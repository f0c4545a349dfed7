package io.streamlocks.proof.process;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A primary and its synchronous standby. While the standby is away commits are not to wait for it: whoever fails over
 * lets the new primary go on alone until there is another standby, and so does this.
 */
public final class Postgres implements AutoCloseable {

    private static final String SYNCHRONOUS = "ALTER SYSTEM SET synchronous_standby_names = 'standby'";
    private static final String STANDBY_GONE = "ALTER SYSTEM SET synchronous_standby_names = 'gone'";
    private static final String ALONE = "ALTER SYSTEM SET synchronous_standby_names = ''";
    private static final String RELOAD = "SELECT pg_reload_conf()";
    private static final String STATE_OF_STANDBY = "SELECT sync_state FROM pg_stat_replication";
    private static final String WRITE = "SELECT pg_logical_emit_message(true, 'proof', '')";

    private final List<PostgresServer> servers;
    private volatile PostgresServer primary;

    private Postgres(List<PostgresServer> servers) {
        this.servers = servers;
        this.primary = servers.get(0);
    }

    /**
     * Starts both.
     *
     * @param folder for their data
     * @param logs for what they write
     */
    public static Postgres start(Path folder, Path logs) throws IOException, InterruptedException, SQLException {
        Path data = folder.resolve("postgres-1");
        Path programs = initialize(data);
        Postgres postgres = new Postgres(List.of(
                new PostgresServer(programs, data, Machine.freePort(), logs.resolve("postgres-1.log")),
                new PostgresServer(
                        programs, folder.resolve("postgres-2"), Machine.freePort(), logs.resolve("postgres-2.log"))));
        postgres.primary.start();
        postgres.startStandby();
        return postgres;
    }

    /**
     * Starts one without a standby.
     *
     * @param folder for its data
     * @param logs for what it writes
     */
    public static PostgresServer startAlone(Path folder, Path logs)
            throws IOException, InterruptedException, SQLException {
        Path data = folder.resolve("postgres-1");
        PostgresServer server =
                new PostgresServer(initialize(data), data, Machine.freePort(), logs.resolve("postgres-1.log"));
        server.start();
        return server;
    }

    /** Makes an empty database there. Returns where the programs are. */
    private static Path initialize(Path data) throws IOException, SQLException {
        // It unpacks the programs and initializes the data; from then on we need to kill the server ourselves.
        try (EmbeddedPostgres first = EmbeddedPostgres.builder()
                        .setPGStartupWait(Duration.ofMinutes(1))
                        .setDataDirectory(data)
                        .setCleanDataDirectory(false)
                        .start();
                Connection connection = first.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery("SELECT setting FROM pg_config WHERE name = 'BINDIR'")) {
            result.next();
            return Path.of(result.getString(1));
        }
    }

    /** Both, whichever is the primary. */
    public List<PostgresServer> servers() {
        return servers;
    }

    public PostgresServer primary() {
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

    /** Kills the primary and starts it again on its data. Returns when it takes writes. */
    public void killAndRestart(long downMs) throws IOException, InterruptedException, SQLException {
        primary.process().kill();
        TimeUnit.MILLISECONDS.sleep(downMs);
        primary.start();
        awaitWrites();
    }

    /**
     * Lets all commits wait for so long, and then go on, those of sessions whose clients have given up, too. Returns when
     * the primary takes writes.
     */
    public void stallCommits(long ms) throws IOException, InterruptedException, SQLException {
        // One session for both: there may be too many that wait for another one to be let in.
        try (Connection connection = primary.connect();
                Statement statement = connection.createStatement()) {
            statement.execute(STANDBY_GONE);
            statement.execute(RELOAD);
            TimeUnit.MILLISECONDS.sleep(ms);
            statement.execute(SYNCHRONOUS);
            statement.execute(RELOAD);
            // Waiting commits are let go when the standby next reports, which it does when there is something new.
            statement.execute(WRITE);
        }
        awaitWrites();
    }

    /** Whether the primary takes writes. */
    public boolean takesWrites() {
        try {
            primary.query(WRITE);
            return "sync".equals(primary.query(STATE_OF_STANDBY));
        } catch (SQLException e) {
            return false;
        }
    }

    /** Returns when the primary takes writes, for which its standby must be back. */
    public void awaitWrites() throws IOException, InterruptedException, SQLException {
        primary.awaitAnswers();
        primary.await(STATE_OF_STANDBY, "sync");
        primary.query(WRITE);
    }

    /**
     * Kills the primary and promotes the standby. Returns when it takes writes. {@link #replaceStandby} must follow: the
     * new primary is alone.
     */
    public void failOver(long downMs) throws IOException, InterruptedException, SQLException {
        primary.process().kill();
        TimeUnit.MILLISECONDS.sleep(downMs);
        PostgresServer promoted = standby();
        promoted.execute(ALONE, RELOAD);
        promoted.execute("SELECT pg_promote()");
        primary = promoted;
        primary.await("SELECT pg_is_in_recovery()", "f");
    }

    /** Makes the killed primary a synchronous standby of the new one. */
    public void replaceStandby() throws IOException, InterruptedException, SQLException {
        startStandby();
    }

    @Override
    public void close() {
        servers.forEach(PostgresServer::close);
    }
}

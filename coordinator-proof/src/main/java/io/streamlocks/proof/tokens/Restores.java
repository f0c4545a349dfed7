package io.streamlocks.proof.tokens;

import io.streamlocks.testkit.rig.Folders;
import io.streamlocks.testkit.rig.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Random;

/** A server that is set back to an earlier point, in one of three ways. */
final class Restores implements LossyDatabase {

    private final Clocks clocks;
    private final Random random;
    private final PostgresServer server;
    private final Path snapshot;
    private final Path archive;

    private Restores(Clocks clocks, Random random) throws IOException {
        this.clocks = clocks;
        this.random = random;
        snapshot = clocks.folder().resolve("snapshot");
        archive = Files.createDirectories(clocks.folder().resolve("archive"));
        server = clocks.server("restored")
                .setting("archive_mode", "on")
                .setting("archive_command", "cp %p " + archive + "/%f")
                .build();
    }

    /** Starts the server. Blocks until it answers. */
    static Restores start(Clocks clocks, Random random) throws IOException, InterruptedException, SQLException {
        Restores restores = new Restores(clocks, random);
        restores.server.start();
        restores.server.execute("CREATE DATABASE " + NAME);
        return restores;
    }

    @Override
    public String url() {
        return server.url(NAME);
    }

    @Override
    public PostgresServer server() {
        return server;
    }

    @Override
    public void lose(Grants grants) throws IOException, InterruptedException, SQLException {
        switch (random.nextInt(4)) {
            case 0 -> restoreCopy(grants);
            case 1 -> recoverToPoint(grants);
            default -> restoreSnapshot(grants);
        }
    }

    /** The snapshot has the identifier and the timeline of what it replaces. It may have been restored before. */
    private void restoreSnapshot(Grants grants) throws IOException, InterruptedException, SQLException {
        if (!Files.exists(snapshot) || random.nextBoolean()) {
            takeSnapshot();
        }
        grants.some(60);
        clocks.pass(server);
        grants.some(60);
        server.kill();
        startFromSnapshot();
    }

    /** A file system takes all files at one moment, so the copy is that of a server that was killed. */
    private void takeSnapshot() throws IOException, InterruptedException {
        server.kill();
        if (Files.exists(snapshot)) {
            Folders.clear(snapshot);
        }
        Folders.copy(server.data(), snapshot);
        server.start();
    }

    private void startFromSnapshot() throws IOException, InterruptedException, SQLException {
        clocks.setBehind(server);
        server.restore(snapshot);
        server.start();
        server.await("SELECT pg_is_in_recovery()", "f");
    }

    /** A recovery to a point of the archived log begins a timeline. */
    private void recoverToPoint(Grants grants) throws IOException, InterruptedException, SQLException {
        Folders.clear(archive);
        takeSnapshot();
        grants.some(40);
        String point = server.query("SELECT pg_current_wal_lsn()");
        clocks.pass(server);
        grants.some(60);
        String segment = server.query("SELECT pg_walfile_name(pg_current_wal_lsn())");
        server.execute("SELECT pg_switch_wal()");
        server.await(
                String.format(
                        Locale.ROOT, "SELECT true FROM pg_ls_archive_statusdir() WHERE name = '%s.done'", segment),
                "t");
        server.kill();
        Path kept = snapshot.resolveSibling("kept");
        Files.move(snapshot, kept);
        Folders.copy(kept, snapshot);
        Files.createFile(snapshot.resolve("recovery.signal"));
        Files.writeString(
                snapshot.resolve("postgresql.auto.conf"),
                String.format(
                        Locale.ROOT,
                        "restore_command = 'cp %s/%%f %%p'%nrecovery_target_lsn = '%s'%n"
                                + "recovery_target_action = 'promote'%n",
                        archive,
                        point),
                StandardOpenOption.APPEND);
        startFromSnapshot();
        Folders.delete(snapshot);
        Files.move(kept, snapshot);
    }

    /** A copy in the same server has another identifier of the database. */
    private void restoreCopy(Grants grants) throws IOException, InterruptedException, SQLException {
        server.execute(
                "ALTER DATABASE " + NAME + " ALLOW_CONNECTIONS false",
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '" + NAME + "'",
                "CREATE DATABASE copied TEMPLATE " + NAME,
                "ALTER DATABASE " + NAME + " ALLOW_CONNECTIONS true");
        grants.some(60);
        clocks.pass(server);
        grants.some(60);
        server.execute("DROP DATABASE " + NAME + " WITH (FORCE)", "ALTER DATABASE copied RENAME TO " + NAME);
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}

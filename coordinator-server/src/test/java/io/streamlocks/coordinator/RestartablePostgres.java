package io.streamlocks.coordinator;

import static org.awaitility.Awaitility.await;

import io.streamlocks.testkit.rig.TestDatabase;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A PostgreSQL that can be stopped and started, with the same data at the same port, and be made to hang. */
final class RestartablePostgres implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RestartablePostgres.class);

    private final Path data;
    private final List<Path> backups = new ArrayList<>();
    private EmbeddedPostgres server;
    private int port;

    RestartablePostgres() throws IOException {
        TestDatabase.logInWithAZoneThatPostgresKnows();
        data = Files.createTempDirectory("outage-test");
        start();
    }

    /** Returns once it takes connections. */
    void start() throws IOException {
        server = EmbeddedPostgres.builder()
                // By itself it gives up after 10 s, which a busy machine may need.
                .setPGStartupWait(Duration.ofMinutes(1))
                .setDataDirectory(data)
                .setCleanDataDirectory(false)
                .setPort(port)
                // PostgreSQL's defaults, which the builder changes.
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on")
                .start();
        port = server.getPort();
    }

    /** Breaks all connections; new ones are refused from then on. */
    void stop() throws IOException {
        server.close();
    }

    /** Of a server that is stopped: a copy of its data, which is as good as any backup. Goes with {@link #close}. */
    Path backUp() throws IOException, InterruptedException {
        Path copy = Files.createTempDirectory("backup").resolve("data");
        copy(data, copy);
        backups.add(copy.getParent());
        return copy;
    }

    /** Of a server that is stopped: its data is a copy's from now on. */
    void restore(Path copy) throws IOException, InterruptedException {
        delete(data);
        copy(copy, data);
    }

    /** Stops all its processes without ending them: connections stay, new ones are made, and nothing answers. */
    void hang() throws IOException, InterruptedException {
        signal("STOP");
    }

    /** Ends {@link #hang}. */
    void resume() throws IOException, InterruptedException {
        signal("CONT");
    }

    String url(String database) {
        return "postgres://postgres@localhost:" + port + "/" + database;
    }

    DSLContext sql(String database) {
        return DSL.using(server.getDatabase("postgres", database), SQLDialect.POSTGRES);
    }

    /** Which standby commits wait for from now on; none if it is empty. */
    void waitForStandby(String standby) {
        sql("postgres").execute("ALTER SYSTEM SET synchronous_standby_names = '" + standby + "'");
        sql("postgres").execute("SELECT pg_reload_conf()");
        if (!standby.isEmpty()) {
            awaitThatCommitsWait();
        }
    }

    /** Each process of PostgreSQL hears of a changed setting by itself, so that one which shows it proves nothing. */
    private void awaitThatCommitsWait() {
        Thread writing = new Thread(() -> {
            try {
                while (true) {
                    sql("postgres").execute("SELECT pg_logical_emit_message(true, 'test', '')");
                }
            } catch (DataAccessException e) {
                LOG.info("A commit waited and was ended: {}", e.getMessage());
            }
        });
        writing.start();
        await().until(() -> !waiting("postgres").isEmpty());
        waiting("postgres").forEach(pid -> sql("postgres").execute("SELECT pg_terminate_backend(?)", pid));
    }

    /** The sessions of a database whose commits wait for a standby. */
    List<Integer> waiting(String database) {
        return sql("postgres")
                .fetch("SELECT pid FROM pg_stat_activity WHERE datname = ? AND wait_event = 'SyncRep'", database)
                .getValues(0, Integer.class);
    }

    /** A connection of its own, to hold locks with. */
    Connection connection(String database) throws SQLException {
        return server.getDatabase("postgres", database).getConnection();
    }

    @Override
    public void close() throws IOException {
        server.close();
        delete(data);
        for (Path backup : backups) {
            delete(backup);
        }
    }

    /** With owners and rights, which PostgreSQL looks at. */
    static void copy(Path from, Path to) throws IOException, InterruptedException {
        Process copy = new ProcessBuilder("cp", "-a", from.toString(), to.toString())
                .inheritIO()
                .start();
        if (copy.waitFor() != 0) {
            throw new IOException("cannot copy " + from + " to " + to);
        }
    }

    static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    private void signal(String name) throws IOException, InterruptedException {
        long postmaster = Long.parseLong(
                Files.readAllLines(data.resolve("postmaster.pid")).get(0));
        // The postmaster first, and then until no process is new: it forks one for each connection.
        Set<Long> signalled = new HashSet<>();
        Set<Long> next = Set.of(postmaster);
        while (!next.isEmpty()) {
            List<String> command = new ArrayList<>(List.of("kill", "-" + name));
            next.forEach(pid -> command.add(Long.toString(pid)));
            // One of them may have ended meanwhile, which kill reports; the others get the signal.
            new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
            signalled.addAll(next);
            next = ProcessHandle.of(postmaster)
                    .orElseThrow()
                    .descendants()
                    .map(ProcessHandle::pid)
                    .filter(pid -> !signalled.contains(pid))
                    .collect(Collectors.toSet());
        }
    }
}

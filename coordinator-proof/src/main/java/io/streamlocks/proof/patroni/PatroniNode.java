package io.streamlocks.proof.patroni;

import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Link;
import io.streamlocks.testkit.rig.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A Patroni and its PostgreSQL. Patroni reaches etcd through a link, and the other nodes reach this PostgreSQL through
 * another one. Clients and HAProxy reach it directly.
 */
final class PatroniNode implements AutoCloseable {

    private static final Duration STOP = Duration.ofSeconds(15);

    private final String name;
    private final int port;
    private final int restPort;
    private final Path config;
    private final Path data;
    private final Link toEtcd;
    private final Link toPostgres;
    private final ChildProcess patroni;

    /**
     * Describes a node, and starts nothing.
     *
     * @param etcd the port of etcd
     * @param folder the directory for its data
     * @param logs the directory for its log
     */
    PatroniNode(
            int number,
            Programs programs,
            PatroniSettings settings,
            boolean synchronous,
            int etcd,
            Path folder,
            Path logs)
            throws IOException {
        name = "node" + number;
        port = Machine.freePort();
        restPort = Machine.freePort();
        config = folder.resolve(name + ".yml");
        data = folder.resolve(name);
        toEtcd = new Link(etcd);
        toPostgres = new Link(port);
        Files.writeString(
                config,
                PatroniConfig.of(
                        this,
                        settings.patroniTtl(),
                        synchronous,
                        programs.postgres(),
                        toEtcd.port(),
                        toPostgres.port()));
        List<String> command = new ArrayList<>();
        if (Machine.isRoot()) {
            // PostgreSQL refuses to run as root. In a user namespace of its own it runs as the user nobody.
            command.addAll(List.of("unshare", "-U"));
        }
        command.addAll(List.of(programs.patroni().toString(), config.toString()));
        patroni = ChildProcess.command(command)
                .name("patroni-" + number)
                .log(logs.resolve("patroni-" + number + ".log"))
                .build();
    }

    String name() {
        return name;
    }

    /** Returns the port of its PostgreSQL. */
    int port() {
        return port;
    }

    /** Returns the port of Patroni's REST API. */
    int restPort() {
        return restPort;
    }

    /** Returns the file with Patroni's configuration, which patronictl needs as well. */
    Path config() {
        return config;
    }

    /** Returns the directory of PostgreSQL's data. */
    Path data() {
        return data;
    }

    /** Returns the link from this Patroni to etcd. */
    Link toEtcd() {
        return toEtcd;
    }

    /** Returns the link from the other nodes to this PostgreSQL. Replicas get their WAL through it. */
    Link toPostgres() {
        return toPostgres;
    }

    ChildProcess patroni() {
        return patroni;
    }

    /** Starts Patroni, which starts PostgreSQL. */
    void start() throws IOException {
        // Where nothing reaps orphans, as in some containers, a killed PostgreSQL stays as a zombie. The next one would
        // take it for a server that runs. The machine of a node that was killed has no such process when it is back.
        if (postmaster().isEmpty()) {
            Files.deleteIfExists(data.resolve("postmaster.pid"));
        }
        patroni.start();
    }

    /** Kills Patroni and PostgreSQL, as if their machine lost its power. Blocks until they are gone. */
    void kill() throws IOException, InterruptedException {
        List<ProcessHandle> postgres = postgresProcesses();
        patroni.kill();
        postgres.forEach(ProcessHandle::destroyForcibly);
        while (postgres.stream().anyMatch(PatroniNode::runs)) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    private List<ProcessHandle> postgresProcesses() throws IOException {
        return postmaster().stream()
                .flatMap(postmaster -> Stream.concat(Stream.of(postmaster), postmaster.descendants()))
                .toList();
    }

    /** Returns the main process of PostgreSQL, which is no child of Patroni. */
    private Optional<ProcessHandle> postmaster() throws IOException {
        Path file = data.resolve("postmaster.pid");
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        long pid = Long.parseLong(Files.readAllLines(file).get(0).strip());
        return ProcessHandle.of(pid).filter(PatroniNode::runs).filter(this::isOfThisNode);
    }

    /** The file may be older than the process, if another one has the id of the former PostgreSQL now. */
    private boolean isOfThisNode(ProcessHandle postgres) {
        try {
            return Files.isSameFile(Path.of("/proc", Long.toString(postgres.pid()), "cwd"), data);
        } catch (IOException e) {
            // It has just ended.
            return false;
        }
    }

    /** Returns whether a process runs PostgreSQL. A zombie has no command. */
    private static boolean runs(ProcessHandle process) {
        return process.isAlive()
                && process.info()
                        .command()
                        .filter(command -> command.endsWith("postgres"))
                        .isPresent();
    }

    /** Opens a session, which gives up each step after 2 s. */
    Connection connect() throws SQLException {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setServerNames(new String[] {"127.0.0.1"});
        source.setPortNumbers(new int[] {port});
        source.setDatabaseName("postgres");
        source.setUser("postgres");
        source.setConnectTimeout(2);
        source.setSocketTimeout(2);
        return source.getConnection();
    }

    /** Executes a query, and returns the first column of the first row. */
    String query(String sql) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return String.valueOf(result.getString(1));
        }
    }

    /** Returns whether this PostgreSQL accepts sessions and is not in recovery. */
    boolean isPrimary() {
        try {
            return "f".equals(query("SELECT pg_is_in_recovery()"));
        } catch (SQLException e) {
            return false;
        }
    }

    /** Stops Patroni, which stops PostgreSQL. Kills both if this takes longer than 15 s. */
    @Override
    public void close() throws IOException {
        try {
            if (!patroni.terminate(STOP)) {
                kill();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IllegalStateException e) {
            // It was not started.
        } finally {
            patroni.close();
            for (ProcessHandle process : postgresProcesses()) {
                process.destroyForcibly();
            }
            toEtcd.close();
            toPostgres.close();
        }
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%s (PostgreSQL at %d, REST at %d)", name, port, restPort);
    }
}

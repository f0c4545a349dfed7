package io.streamlocks.proof.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A PostgreSQL server on a directory of its own. */
public final class PostgresServer implements AutoCloseable {

    private static final int START_SECONDS = 60;

    private final Path data;
    private final int port;
    private final Child process;

    PostgresServer(Path programs, Path data, int port, Path log) {
        this.data = data;
        this.port = port;
        List<String> command = new ArrayList<>();
        if (Machine.isRoot()) {
            // PostgreSQL refuses to run as root; in a user namespace of its own it is nobody.
            command.addAll(List.of("unshare", "-U"));
        }
        command.addAll(List.of(programs.resolve("postgres").toString(), "-D", data.toString(), "-p", "" + port));
        for (String setting : List.of(
                "listen_addresses=127.0.0.1",
                "unix_socket_directories=",
                "wal_level=replica",
                "wal_keep_size=256MB",
                "max_wal_size=256MB",
                // By itself a standby looks each 5 s whether its primary is back.
                "wal_retrieve_retry_interval=100ms",
                "synchronous_commit=on",
                "fsync=on",
                "log_checkpoints=off")) {
            command.addAll(List.of("-c", setting));
        }
        process = new Child("postgres at " + port, command, Map.of(), log);
    }

    public Path data() {
        return data;
    }

    /** Where it listens, on loopback. */
    public int port() {
        return port;
    }

    public Child process() {
        return process;
    }

    /**
     * Starts it, and returns when it answers. Starts it again if it ends, as whoever supervises one does: the processes of
     * one that was killed hold its memory for a moment, and it refuses to start while they do.
     */
    public void start() throws IOException, InterruptedException {
        awaitAnswers(process::start);
    }

    /** Returns when it answers. */
    public void awaitAnswers() throws IOException, InterruptedException {
        awaitAnswers(() -> {
            throw new IOException("PostgreSQL has ended; it wrote: " + Files.readString(process.log()));
        });
    }

    private interface IfEnded {
        void run() throws IOException, InterruptedException;
    }

    private void awaitAnswers(IfEnded ifEnded) throws IOException, InterruptedException {
        long began = System.nanoTime();
        while (true) {
            if (!process.isAlive()) {
                ifEnded.run();
            }
            try {
                query("SELECT 1");
                return;
            } catch (SQLException e) {
                if (System.nanoTime() - began > TimeUnit.SECONDS.toNanos(START_SECONDS)) {
                    throw new IOException(
                            "PostgreSQL does not answer; it wrote: " + Files.readString(process.log()), e);
                }
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }
    }

    public Connection connect() throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port
                + "/postgres?user=postgres&connectTimeout=2&socketTimeout=20&ApplicationName=proof");
    }

    /** Executes statements one after the other in one session. Waits up to 20 s for each. */
    public void execute(String... statements) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    /** The first column of the first row; null if there is none. */
    public String query(String sql) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            return result.next() ? result.getString(1) : null;
        }
    }

    /** Waits until a query answers that, however often it fails before. */
    public void await(String sql, String answer) throws IOException, InterruptedException {
        long began = System.nanoTime();
        while (!answer.equals(queryIfUp(sql))) {
            if (System.nanoTime() - began > TimeUnit.SECONDS.toNanos(START_SECONDS)) {
                throw new IOException("Not within " + START_SECONDS + " s: " + sql + " = " + answer);
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    private String queryIfUp(String sql) {
        try {
            return query(sql);
        } catch (SQLException e) {
            return null;
        }
    }

    /** Makes its directory a copy of a running primary's, so that it starts as its standby. */
    public void copyFrom(PostgresServer primary) throws SQLException, IOException {
        Machine.deleteContents(data);
        String label;
        try (Connection connection = primary.connect();
                Statement statement = connection.createStatement()) {
            // The session must last until the copy is made. The programs at hand may lack pg_basebackup.
            statement.execute("SELECT pg_backup_start('proof', true)");
            Machine.copy(primary.data, data, List.of("postmaster.pid", "postmaster.opts", "standby.signal"), "pg_wal");
            try (ResultSet result = statement.executeQuery("SELECT labelfile FROM pg_backup_stop(false)")) {
                result.next();
                label = result.getString(1);
            }
        }
        Files.writeString(data.resolve("backup_label"), label);
        Files.writeString(data.resolve("standby.signal"), "");
        Files.writeString(
                data.resolve("postgresql.auto.conf"),
                String.format(
                        Locale.ROOT,
                        "primary_conninfo = 'host=127.0.0.1 port=%d user=postgres application_name=standby'%n",
                        primary.port),
                StandardOpenOption.APPEND);
    }

    @Override
    public void close() {
        process.close();
    }
}

package io.streamlocks.testkit.rig;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TimeZone;
import java.util.concurrent.TimeUnit;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A real PostgreSQL that a test can stop, kill, make hang and start again, at the same port of the loopback
 * interface and on the same data. Its settings are PostgreSQL's defaults, which are durable, except for those that the
 * builder sets. Its superuser {@code postgres} needs no password.
 *
 * <p>The JDBC driver sends the time zone of the JVM at each login, and PostgreSQL rejects zones that it does not have.
 * So this class sets the default time zone of the JVM to UTC.
 *
 * <p>This class is thread-safe. A server that is not closed is killed when the JVM exits.
 */
public final class PostgresServer implements AutoCloseable {

    private static final Duration START = Duration.ofMinutes(1);
    private static final Duration STOP = Duration.ofSeconds(30);

    /** Files that belong to one running server and not to a copy of its data. */
    private static final Set<String> NOT_COPIED = Set.of("postmaster.pid", "postmaster.opts", "standby.signal");

    private final Path data;
    private final List<Path> owned = new ArrayList<>();
    private final int port;
    private final ChildProcess process;
    private final Thread atExit = new Thread(this::killQuietly);

    static {
        TimeZone.setDefault(TimeZone.getTimeZone(ZoneOffset.UTC));
    }

    PostgresServer(PostgresServerBuilder builder) throws IOException {
        port = Machine.freePort();
        if (builder.data.isPresent()) {
            data = builder.data.get();
        } else {
            Path folder = Files.createTempDirectory("postgres");
            owned.add(folder);
            data = folder.resolve("data");
        }
        Path log = builder.log.orElse(data.resolveSibling(data.getFileName() + ".log"));
        List<String> command = new ArrayList<>();
        if (Machine.isRoot()) {
            // PostgreSQL refuses to run as root. In a user namespace of its own it runs as the user nobody.
            command.addAll(List.of("unshare", "-U"));
        }
        Path program = PostgresTemplate.get().programs().resolve("postgres");
        command.addAll(List.of(program.toString(), "-D", data.toString(), "-p", Integer.toString(port)));
        builder.settings.forEach((name, value) -> command.addAll(List.of("-c", name + "=" + value)));
        process = ChildProcess.command(command)
                .name("PostgreSQL at " + port)
                .environment(builder.environment)
                .log(log)
                .build();
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /** Returns a builder of a server with PostgreSQL's defaults on a temporary folder. */
    public static PostgresServerBuilder builder() {
        return new PostgresServerBuilder();
    }

    /** Returns the folder of the server's data. */
    public Path data() {
        return data;
    }

    /** Returns the port at which the server listens. It stays the same. */
    public int port() {
        return port;
    }

    /** Returns the process. Its {@code pause} makes the server hang: it accepts connections and does not answer. */
    public ChildProcess process() {
        return process;
    }

    /** Returns the URL of a database, in the form of a coordinator's {@code DATABASE_URL}. */
    public String url(String database) {
        return "postgres://postgres@localhost:" + port + "/" + database;
    }

    /** Returns a new source of connections to a database. */
    public PGSimpleDataSource database(String name) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setServerNames(new String[] {"localhost"});
        source.setPortNumbers(new int[] {port});
        source.setDatabaseName(name);
        source.setUser("postgres");
        return source;
    }

    /** Runs SQL in a database, each statement on a connection of its own. Programs that call this need jOOQ. */
    public DSLContext sql(String database) {
        return DSL.using(database(database), SQLDialect.POSTGRES);
    }

    /** Executes statements one after the other in one session of the database postgres. Each may take up to 20 s. */
    public void execute(String... statements) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    /**
     * Executes a query in the database postgres, and returns the first column of the first row. Returns null if there
     * is no row, or if the database has null there. This method waits up to 20 s.
     */
    public @Nullable String query(String sql) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            return result.next() ? result.getString(1) : null;
        }
    }

    /** Opens a session of the database postgres, which gives up connecting after 2 s and each statement after 20 s. */
    public Connection connect() throws SQLException {
        PGSimpleDataSource source = database("postgres");
        source.setConnectTimeout(2);
        source.setSocketTimeout(20);
        return source.getConnection();
    }

    /**
     * Waits until a query returns this, however often it fails before.
     *
     * @throws IOException after a minute
     */
    public void await(String sql, String expected) throws IOException, InterruptedException {
        long began = System.nanoTime();
        while (!expected.equals(queryIfUp(sql))) {
            requireTime(began, sql + " is not " + expected);
        }
    }

    /** Returns whether this server responds. Another JVM's server may have taken its port. */
    private boolean isUp() {
        return data.toAbsolutePath().normalize().toString().equals(queryIfUp("SHOW data_directory"));
    }

    private @Nullable String queryIfUp(String sql) {
        try {
            return query(sql);
        } catch (SQLException e) {
            return null;
        }
    }

    /**
     * Starts the server, and blocks until it answers. If the server ends, this method starts it again, as a supervisor
     * does: the processes of a killed server hold its memory for a moment, and it refuses to start while they do.
     *
     * @throws IOException if it does not answer within a minute
     */
    public void start() throws IOException, InterruptedException {
        if (!Files.exists(data.resolve("PG_VERSION"))) {
            Files.createDirectories(data.toAbsolutePath().getParent());
            Folders.copy(PostgresTemplate.get().data(), data);
        }
        long began = System.nanoTime();
        while (!isUp()) {
            if (!process.isAlive()) {
                process.start();
            }
            requireTime(began, "PostgreSQL does not answer");
        }
    }

    private void requireTime(long beganNanos, String otherwise) throws IOException, InterruptedException {
        if (System.nanoTime() - beganNanos > START.toNanos()) {
            throw new IOException(otherwise + " after " + START + "; it wrote: " + process.output());
        }
        TimeUnit.MILLISECONDS.sleep(20);
    }

    /**
     * Shuts the server down, and blocks until its processes are gone. Its connections break, and new ones are refused.
     */
    public void stop() throws IOException, InterruptedException {
        process.signal("INT");
        process.exitCode(STOP);
    }

    /**
     * Kills the server and its children, and blocks until they are gone. The server has no chance to write or to send
     * anything more.
     */
    public void kill() throws InterruptedException {
        process.kill();
    }

    /** Copies the data of a stopped server. The copy is deleted by {@link #close}. */
    public Path backUp() throws IOException {
        Path folder = Files.createTempDirectory("backup");
        owned.add(folder);
        Folders.copy(data, folder.resolve("data"));
        return folder.resolve("data");
    }

    /** Replaces the data of a stopped server by a copy. */
    public void restore(Path copy) throws IOException {
        Folders.clear(data);
        Folders.copy(copy, data);
    }

    /**
     * Replaces the data of this server, which does not run, by a copy of a running primary's. From then on this server
     * is a standby that streams from the primary asynchronously, under the name {@code standby}.
     */
    public void copyFrom(PostgresServer primary) throws SQLException, IOException {
        Folders.clear(data);
        String label;
        try (Connection connection = primary.connect();
                Statement statement = connection.createStatement()) {
            // PostgreSQL 15 renamed both functions.
            boolean isRenamed = connection.getMetaData().getDatabaseMajorVersion() >= 15;
            // The session must last until the copy is made. The embedded programs lack pg_basebackup.
            String start = isRenamed ? "pg_backup_start('standby', true)" : "pg_start_backup('standby', true, false)";
            statement.execute("SELECT " + start);
            Folders.copy(
                    primary.data, data, file -> !NOT_COPIED.contains(file.toString()) && !file.startsWith("pg_wal"));
            String stop = isRenamed ? "pg_backup_stop(false)" : "pg_stop_backup(false, false)";
            try (ResultSet result = statement.executeQuery("SELECT labelfile FROM " + stop)) {
                result.next();
                label = result.getString(1);
            }
        }
        Files.writeString(data.resolve("backup_label"), label);
        Files.writeString(data.resolve("standby.signal"), "");
        Files.writeString(
                data.resolve("postgresql.auto.conf"),
                String.format(Locale.ROOT, "primary_conninfo = '%s'%n", primary.connectionOfStandby()),
                StandardOpenOption.APPEND);
    }

    /** Returns the {@code primary_conninfo} with which a standby streams from this server. */
    public String connectionOfStandby() {
        return "host=127.0.0.1 port=" + port + " user=postgres application_name=standby";
    }

    /** Ends the server at once, and deletes what it has in temporary folders. It cannot be started again. */
    @Override
    public void close() throws IOException {
        try {
            if (process.isAlive()) {
                // Unlike SIGKILL, the immediate shutdown gives back the shared memory. A hung server gets it when
                // resumed.
                process.signal("QUIT");
                process.resume();
                process.exitCode(STOP);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            process.close();
        }
        for (Path folder : owned) {
            Folders.delete(folder);
        }
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            // The JVM exits, and its hook finds no process.
        }
    }

    private void killQuietly() {
        try {
            close();
        } catch (IOException e) {
            // The processes are killed in any case.
        }
    }
}

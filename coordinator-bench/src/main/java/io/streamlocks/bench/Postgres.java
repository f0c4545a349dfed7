package io.streamlocks.bench;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.streamlocks.testkit.rig.PostgresServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The PostgreSQL that several contenders share, with the settings of a server that must not lose anything. */
final class Postgres implements AutoCloseable {

    /** The settings that matter for speed. */
    private static final Map<String, String> SETTINGS = new LinkedHashMap<>();

    static {
        SETTINGS.put("fsync", "on");
        SETTINGS.put("synchronous_commit", "on");
        SETTINGS.put("full_page_writes", "on");
        SETTINGS.put("wal_level", "replica");
        SETTINGS.put("max_wal_size", "2GB");
        SETTINGS.put("checkpoint_timeout", "15min");
        SETTINGS.put("shared_buffers", "512MB");
        SETTINGS.put("autovacuum", "on");
        SETTINGS.put("max_connections", "200");
    }

    private final PostgresServer server;
    private final Map<String, String> settings = new LinkedHashMap<>();

    private Postgres(PostgresServer server) {
        this.server = server;
    }

    static Postgres start(Path directory) throws IOException, InterruptedException, SQLException {
        var builder = PostgresServer.builder().data(directory.resolve("postgres"));
        SETTINGS.forEach(builder::setting);
        Postgres postgres = new Postgres(builder.start());
        postgres.readSettings();
        return postgres;
    }

    private void readSettings() throws SQLException {
        settings.put("server_version", show("server_version"));
        for (String name : SETTINGS.keySet()) {
            settings.put(name, show(name));
        }
        for (String name : new String[] {"fsync", "synchronous_commit", "full_page_writes"}) {
            if (!"on".equals(settings.get(name))) {
                throw new IllegalStateException("PostgreSQL runs with " + name + " = " + settings.get(name)
                        + ", which makes every measurement meaningless");
            }
        }
    }

    /** Returns the settings that the server itself reports. */
    Map<String, String> settings() {
        return settings;
    }

    private String show(String setting) throws SQLException {
        return query("SHOW " + setting);
    }

    /** Executes a query and returns the first column of the first row. Blocks without a limit. */
    String query(String sql) throws SQLException {
        try (Connection connection = server.database("postgres").getConnection();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getString(1);
        }
    }

    /** Executes statements one after the other in one session. Blocks without a limit. */
    void execute(String... statements) throws SQLException {
        try (Connection connection = server.database("postgres").getConnection();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    /**
     * Fills a table of leases with this number of streams, all released. Blocks without a limit.
     *
     * @param table the table of the coordinator or that of {@link JdbcContender}
     */
    void fill(String table, int rows) throws SQLException {
        execute(
                "TRUNCATE " + table,
                String.format(Locale.ROOT, """
                INSERT INTO %s
                SELECT 'stream-' || i, NULL, gen_random_uuid(), 1, 30000, clock_timestamp(), clock_timestamp()%s
                FROM generate_series(0, %d) AS i
                """, table, table.equals(JdbcContender.TABLE) ? "" : ", '{}'", rows - 1),
                "VACUUM (ANALYZE) " + table);
    }

    HikariDataSource pool(int size) {
        HikariConfig config = new HikariConfig();
        config.setDataSource(server.database("postgres"));
        config.setMaximumPoolSize(size);
        return new HikariDataSource(config);
    }

    /** Returns the URL for the coordinator's setting. */
    String url() {
        return urlOf("postgres");
    }

    /** Returns the URL of another database for the coordinator's setting. */
    String urlOf(String database) {
        return server.url(database);
    }

    /** Returns the URL for the coordinator's setting, if it connects to another port. */
    String url(int port) {
        return url().replace(":" + port() + "/", ":" + port + "/");
    }

    /** Returns the port of the server on the loopback interface. */
    int port() {
        return server.port();
    }

    /** Returns the id of the server's first process, which is the parent of all others. */
    long pid() {
        return server.process().pid();
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

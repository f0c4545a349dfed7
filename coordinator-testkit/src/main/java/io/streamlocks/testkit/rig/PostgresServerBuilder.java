package io.streamlocks.testkit.rig;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The properties of a {@link PostgresServer}. A builder is not thread-safe. */
public final class PostgresServerBuilder {

    Optional<Path> data = Optional.empty();
    Optional<Path> log = Optional.empty();

    final Map<String, String> settings = new LinkedHashMap<>(Map.of(
            "listen_addresses", "127.0.0.1",
            "unix_socket_directories", "",
            "max_connections", "300",
            "timezone", "UTC",
            // By default a standby checks every 5 s whether its primary is back.
            "wal_retrieve_retry_interval", "100ms"));

    Map<String, String> environment = Map.of();

    PostgresServerBuilder() {}

    /** Sets the folder of the data, which the caller deletes. It is a temporary folder otherwise. */
    public PostgresServerBuilder data(Path folder) {
        data = Optional.of(folder);
        return this;
    }

    /** Sets the file to which the server's log is appended. It is beside the data otherwise. */
    public PostgresServerBuilder log(Path file) {
        log = Optional.of(file);
        return this;
    }

    /** Sets a setting of PostgreSQL on the command line, where {@code ALTER SYSTEM} cannot change it. */
    public PostgresServerBuilder setting(String name, String value) {
        settings.put(name, value);
        return this;
    }

    /** Adds these variables to the environment of the server's processes. */
    public PostgresServerBuilder environment(Map<String, String> variables) {
        environment = variables;
        return this;
    }

    /** Returns a server that is not started, for instance to become a standby. */
    public PostgresServer build() throws IOException {
        return new PostgresServer(this);
    }

    /**
     * Returns a server that is started. This blocks until the server answers.
     *
     * @throws IOException if it does not answer within a minute
     */
    public PostgresServer start() throws IOException, InterruptedException {
        PostgresServer server = build();
        server.start();
        return server;
    }
}

package io.streamlocks.coordinator;

import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The installed PgBouncer, in front of a PostgreSQL on this machine. */
final class PgBouncer implements AutoCloseable {

    private static final Optional<Path> PROGRAM = Machine.find("pgbouncer");

    private final Path settings;
    private final int port;
    private final ChildProcess process;

    /**
     * Starts PgBouncer. Returns when it takes connections.
     *
     * @param directory for its files
     * @param mode its pool_mode
     * @param sessions its pool_size
     * @param postgresPort where PostgreSQL is
     * @param more lines of its settings
     */
    PgBouncer(Path directory, String mode, int sessions, int postgresPort, String... more)
            throws IOException, InterruptedException {
        port = Machine.freePort();
        Path users = Files.writeString(directory.resolve("users.txt"), "\"postgres\" \"postgres\"\n");
        settings = Files.writeString(
                directory.resolve("pgbouncer.ini"),
                """
                [databases]
                * = host=127.0.0.1 port=POSTGRES
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = PORT
                unix_socket_dir =
                auth_type = trust
                auth_file = USERS
                ignore_startup_parameters = extra_float_digits
                server_login_retry = 1
                pool_mode = MODE
                default_pool_size = SESSIONS
                """.replace("POSTGRES", Integer.toString(postgresPort))
                                .replace("PORT", Integer.toString(port))
                                .replace("USERS", users.toString())
                                .replace("SESSIONS", Integer.toString(sessions))
                                .replace("MODE", mode)
                        + String.join("\n", more));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        List<String> command = new ArrayList<>(List.of(PROGRAM.orElseThrow().toString(), settings.toString()));
        if (Machine.isRoot()) {
            // PgBouncer refuses to run as root.
            command.addAll(1, List.of("-u", "nobody"));
        }
        process = ChildProcess.command(command).log(directory.resolve("log")).build();
        start();
    }

    private void start() throws IOException, InterruptedException {
        process.start();
        process.awaitPort(port, Duration.ofSeconds(30));
    }

    /** Kills it, and starts it again at the same port. */
    void restart() throws IOException, InterruptedException {
        process.kill();
        start();
    }

    /** Leads new sessions to a PostgreSQL at this port, as an operator does after a fail-over. */
    void reload(int postgresPort) throws IOException {
        String now = Files.readString(settings).replaceFirst("(?m)^(\\* = .* port=)\\d+$", "$1" + postgresPort);
        Files.writeString(settings, now);
        process.signal("HUP");
    }

    static boolean isInstalled() {
        return PROGRAM.isPresent();
    }

    int port() {
        return port;
    }

    @Override
    public void close() {
        process.close();
    }
}

package io.streamlocks.coordinator;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The PgBouncer that is installed, in front of a PostgreSQL on this machine. */
final class PgBouncer implements AutoCloseable {

    /** Debian has it where only root looks. */
    private static final Optional<Path> PROGRAM = Stream.concat(
                    Stream.of(System.getenv().getOrDefault("PATH", "").split(":")), Stream.of("/usr/sbin"))
            .map(folder -> Path.of(folder, "pgbouncer"))
            .filter(Files::isExecutable)
            .findFirst();

    private final int port;
    private final Process process;

    /**
     * Starts it. Returns once it takes connections.
     *
     * @param directory for its files
     * @param mode its pool_mode
     * @param sessions its pool_size
     * @param postgresPort where PostgreSQL is
     */
    PgBouncer(Path directory, String mode, int sessions, int postgresPort) throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Path users = Files.writeString(directory.resolve("users.txt"), "\"postgres\" \"postgres\"\n");
        Path settings = Files.writeString(
                directory.resolve("pgbouncer.ini"), """
                [databases]
                * = host=127.0.0.1 port=POSTGRES
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = PORT
                unix_socket_dir =
                auth_type = trust
                auth_file = USERS
                ignore_startup_parameters = extra_float_digits
                pool_mode = MODE
                default_pool_size = SESSIONS
                """.replace("POSTGRES", Integer.toString(postgresPort))
                        .replace("PORT", Integer.toString(port))
                        .replace("USERS", users.toString())
                        .replace("SESSIONS", Integer.toString(sessions))
                        .replace("MODE", mode));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        List<String> command = new ArrayList<>(List.of(PROGRAM.orElseThrow().toString(), settings.toString()));
        if (System.getProperty("user.name").equals("root")) {
            // It refuses to run as root.
            command.addAll(1, List.of("-u", "nobody"));
        }
        process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("log").toFile())
                .start();
        await().atMost(Duration.ofSeconds(30)).until(this::listens);
    }

    static boolean isInstalled() {
        return PROGRAM.isPresent();
    }

    int port() {
        return port;
    }

    private boolean listens() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}

package io.streamlocks.proof.abuse;

import io.streamlocks.proof.process.Child;
import io.streamlocks.proof.process.Machine;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** An nginx on loopback, set up as docker-compose.yml sets up the one of its image. */
final class Nginx implements AutoCloseable {

    private static final int END_SECONDS = 5;
    private static final Duration START = Duration.ofSeconds(10);

    private final int port;
    private final Child process;

    private Nginx(Path program, Path directory, int port) {
        this.port = port;
        process = new Child(
                "nginx",
                List.of(program.toString(), "-p", directory.toString(), "-c", "nginx.conf"),
                Map.of(),
                directory.resolve("nginx.log"));
    }

    /** The program, if it is installed. */
    static Optional<Path> program() {
        return Stream.concat(Arrays.stream(System.getenv("PATH").split(":")), Stream.of("/usr/sbin"))
                .map(folder -> Path.of(folder, "nginx"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /**
     * Starts one, and returns when it takes connections.
     *
     * @param compose the file docker-compose.yml
     * @param coordinator the port that it passes calls on to
     * @param directory for what it writes
     */
    static Nginx start(Path program, Path compose, int coordinator, Path directory)
            throws IOException, InterruptedException {
        Path own = Files.createDirectories(directory.resolve("nginx"));
        int port = Machine.freePort();
        Files.writeString(
                own.resolve("nginx.conf"),
                NginxConfig.of(Files.readAllLines(compose), port, coordinator, own, Machine.isRoot()));
        Nginx nginx = new Nginx(program, own, port);
        nginx.process.start();
        long began = System.nanoTime();
        while (!nginx.takesConnections()) {
            if (!nginx.process.isAlive() || System.nanoTime() - began > START.toNanos()) {
                nginx.close();
                throw new IOException("nginx does not answer; it wrote: " + Files.readString(nginx.process.log()));
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
        return nginx;
    }

    private boolean takesConnections() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", port), 1000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    int port() {
        return port;
    }

    /** Waits for its end for up to 5 s: where its workers alone are killed, it starts others. */
    @Override
    public void close() {
        try {
            process.terminate(END_SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.close();
    }
}

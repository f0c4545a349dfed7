package io.streamlocks.proof.abuse;

import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** An nginx on the loopback interface with the configuration that docker-compose.yml has for its image. */
public final class Nginx implements AutoCloseable {

    private static final Duration START = Duration.ofSeconds(10);
    private static final Duration STOP = Duration.ofSeconds(5);

    private final int port;
    private final ChildProcess process;

    private Nginx(Path program, Path directory, int port) throws IOException {
        this.port = port;
        process = ChildProcess.command(program.toString(), "-p", directory.toString(), "-c", "nginx.conf")
                .name("nginx")
                .log(directory.resolve("nginx.log"))
                .build();
    }

    /** Returns the program, if it is installed. */
    public static Optional<Path> program() {
        return Machine.find("nginx");
    }

    /**
     * Starts an nginx. Blocks until it accepts connections.
     *
     * @param compose the file docker-compose.yml
     * @param coordinator the port to which it passes calls
     * @param directory the directory for its files
     */
    public static Nginx start(Path program, Path compose, int coordinator, Path directory)
            throws IOException, InterruptedException {
        Path own = Files.createDirectories(directory.resolve("nginx"));
        int port = Machine.freePort();
        Files.writeString(
                own.resolve("nginx.conf"),
                NginxConfig.of(Files.readAllLines(compose), port, coordinator, own, Machine.isRoot()));
        Nginx nginx = new Nginx(program, own, port);
        nginx.process.start();
        try {
            nginx.process.awaitPort(port, START);
        } catch (IOException e) {
            nginx.close();
            throw e;
        }
        return nginx;
    }

    /** Returns the port to which callers connect. */
    public int port() {
        return port;
    }

    /** Ends nginx. Blocks for up to 5 s, because its master process starts new workers if only those are killed. */
    @Override
    public void close() {
        try {
            process.terminate(STOP);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.close();
    }
}

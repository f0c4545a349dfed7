package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assumptions.assumeThat;

import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A real nginx with a configuration from the documents, on a free port of this machine. */
public final class Nginx implements AutoCloseable {

    private final ChildProcess process;

    /** The port at which nginx listens. */
    public final int port;

    private Nginx(ChildProcess process, int port) {
        this.process = process;
        this.port = port;
    }

    /**
     * Starts nginx. The test is skipped on a machine without it.
     *
     * @param directory for its files, and its log nginx.log
     * @param site what is documented, which has {@code listen 8080;}
     */
    public static Nginx start(Path directory, String site) throws IOException {
        Optional<Path> command = Machine.find("nginx");
        assumeThat(command).as("an nginx").isPresent();
        int port = Machine.freePort();
        String places = Stream.of("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
                .map(kind -> kind + "_temp_path " + directory.resolve(kind) + ";\n")
                .collect(Collectors.joining());
        Path file = Files.writeString(
                directory.resolve("nginx.conf"),
                "daemon off;\npid " + directory.resolve("nginx.pid") + ";\nerror_log stderr warn;\n"
                        + (Machine.isRoot() ? "user root;\n" : "")
                        + "events { worker_connections 4096; }\nhttp {\naccess_log off;\n" + places
                        + site.replace("listen 8080;", "listen 127.0.0.1:" + port + ";") + "\n}\n");
        ChildProcess process = ChildProcess.command(
                        command.orElseThrow().toString(),
                        "-e",
                        "stderr",
                        "-p",
                        directory.toString(),
                        "-c",
                        file.toString())
                .log(directory.resolve("nginx.log"))
                .start();
        return new Nginx(process, port);
    }

    @Override
    public void close() {
        try {
            process.terminate(Duration.ofSeconds(30));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.close();
    }
}

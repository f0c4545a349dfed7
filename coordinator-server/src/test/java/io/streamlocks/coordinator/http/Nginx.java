package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A real nginx with a documented configuration, on a port of this machine that was free. */
public final class Nginx implements AutoCloseable {

    private final Process process;

    /** Where it listens. */
    public final int port;

    private Nginx(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /**
     * Starts it. A test is skipped where there is none.
     *
     * @param directory for its files, and its log nginx.log
     * @param site what is documented, which has {@code listen 8080;}
     */
    public static Nginx start(Path directory, String site) throws IOException {
        Optional<Path> command = Arrays.stream(
                        (System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/usr/local/sbin").split(":"))
                .map(folder -> Path.of(folder, "nginx"))
                .filter(Files::isExecutable)
                .findFirst();
        assumeThat(command).as("an nginx").isPresent();
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        String places = Stream.of("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
                .map(kind -> kind + "_temp_path " + directory.resolve(kind) + ";\n")
                .collect(Collectors.joining());
        Path file = Files.writeString(
                directory.resolve("nginx.conf"),
                "daemon off;\npid " + directory.resolve("nginx.pid") + ";\nerror_log stderr warn;\n"
                        + ("root".equals(System.getProperty("user.name")) ? "user root;\n" : "")
                        + "events { worker_connections 4096; }\nhttp {\naccess_log off;\n" + places
                        + site.replace("listen 8080;", "listen 127.0.0.1:" + port + ";") + "\n}\n");
        Process process = new ProcessBuilder(
                        command.orElseThrow().toString(),
                        "-e",
                        "stderr",
                        "-p",
                        directory.toString(),
                        "-c",
                        file.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("nginx.log").toFile())
                .start();
        return new Nginx(process, port);
    }

    @Override
    public void close() {
        process.destroy();
        try {
            process.waitFor(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

package io.streamlocks.proof.patroni;

import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** A HAProxy that leads to the primary, as Patroni's manual shows it, but with checks that are more frequent. */
final class Haproxy implements AutoCloseable {

    private static final Duration START = Duration.ofSeconds(10);

    private static final String CONFIG = """
            global
                maxconn 500
            defaults
                mode tcp
                # A retry would wait a second for a node that has just stopped. The coordinator tries again sooner.
                retries 0
                timeout client 30m
                timeout connect 4s
                timeout server 30m
                timeout check 5s
            listen primary
                bind 127.0.0.1:%d
                option httpchk OPTIONS /primary
                http-check expect status 200
                default-server inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions
            """;

    private final int port;
    private final ChildProcess process;

    private Haproxy(Path program, List<PatroniNode> nodes, Path data, Path logs) throws IOException {
        port = Machine.freePort();
        StringBuilder config = new StringBuilder(String.format(Locale.ROOT, CONFIG, port));
        for (PatroniNode node : nodes) {
            config.append("    server ")
                    .append(node.name())
                    .append(" 127.0.0.1:")
                    .append(node.port())
                    .append(" maxconn 100 check port ")
                    .append(node.restPort())
                    .append('\n');
        }
        Path file = data.resolve("haproxy.cfg");
        Files.writeString(file, config);
        process = ChildProcess.command(program.toString(), "-db", "-f", file.toString())
                .name("haproxy")
                .log(logs.resolve("haproxy.log"))
                .build();
    }

    /** Starts a HAProxy in front of the nodes. Blocks until it accepts connections, for 10 s at most. */
    static Haproxy start(Path program, List<PatroniNode> nodes, Path data, Path logs)
            throws IOException, InterruptedException {
        Haproxy haproxy = new Haproxy(program, nodes, data, logs);
        haproxy.process.start();
        try {
            haproxy.process.awaitPort(haproxy.port, START);
        } catch (IOException e) {
            haproxy.close();
            throw e;
        }
        return haproxy;
    }

    int port() {
        return port;
    }

    @Override
    public void close() {
        process.close();
    }
}

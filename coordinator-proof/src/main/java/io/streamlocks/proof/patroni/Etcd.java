package io.streamlocks.proof.patroni;

import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Machine;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/** An etcd with one member on the loopback interface. */
final class Etcd implements AutoCloseable {

    private static final Duration START = Duration.ofSeconds(30);

    private final int port;
    private final ChildProcess process;

    private Etcd(Path program, Path data, Path logs) throws IOException {
        port = Machine.freePort();
        String client = "http://127.0.0.1:" + port;
        String peer = "http://127.0.0.1:" + Machine.freePort();
        process = ChildProcess.command(
                        program.toString(),
                        "--name=etcd",
                        "--data-dir=" + data.resolve("etcd"),
                        "--listen-client-urls=" + client,
                        "--advertise-client-urls=" + client,
                        "--listen-peer-urls=" + peer,
                        "--initial-advertise-peer-urls=" + peer,
                        "--initial-cluster=etcd=" + peer,
                        // The run never restarts etcd, and a slow disk would cause fail-overs of its own.
                        "--unsafe-no-fsync")
                .name("etcd")
                .log(logs.resolve("etcd.log"))
                .build();
    }

    /**
     * Starts an etcd. Blocks until it accepts connections, for 30 s at most.
     *
     * @param data the directory for its data
     * @param logs the directory for its log
     */
    static Etcd start(Path program, Path data, Path logs) throws IOException, InterruptedException {
        Etcd etcd = new Etcd(program, data, logs);
        etcd.process.start();
        try {
            etcd.process.awaitPort(etcd.port, START);
        } catch (IOException e) {
            etcd.close();
            throw e;
        }
        return etcd;
    }

    int port() {
        return port;
    }

    @Override
    public void close() {
        process.close();
    }
}

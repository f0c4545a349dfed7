package io.streamlocks.bench;

import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Machine;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * One member of etcd. A lock is a lease and a key that is put only if it is absent. Workers wait with etcd's own lock
 * service.
 */
final class EtcdContender implements Contender {

    /** This silences the gRPC library at its start. The field keeps the logger from being collected. */
    private static final Logger GRPC = Logger.getLogger("io.grpc");

    private final String endpoint;

    private EtcdContender(String endpoint) {
        this.endpoint = endpoint;
    }

    static EtcdContender start(Bed bed) throws Exception {
        Path program = Machine.find("etcd").orElseThrow(() -> new NotInstalledException("apt-get install etcd-server"));
        GRPC.setLevel(Level.WARNING);
        int port = Machine.freePort();
        String endpoint = "http://127.0.0.1:" + port;
        String peer = "http://127.0.0.1:" + Machine.freePort();
        Path log = bed.output().resolve("etcd.log");
        ChildProcess process = bed.processes()
                .start(
                        List.of(
                                program.toString(),
                                "--name=bench",
                                "--data-dir=" + bed.directory().resolve("etcd"),
                                "--listen-client-urls=" + endpoint,
                                "--advertise-client-urls=" + endpoint,
                                "--listen-peer-urls=" + peer,
                                "--initial-advertise-peer-urls=" + peer,
                                "--initial-cluster=bench=" + peer),
                        // Debian's etcd refuses to run on some architectures without this variable.
                        Map.of("ETCD_UNSUPPORTED_ARCH", "arm64"),
                        log);
        process.awaitPort(port, Processes.START);
        return new EtcdContender(endpoint);
    }

    @Override
    public Locks open(int workers) {
        return new EtcdLocks(endpoint, workers);
    }

    @Override
    public Queues openQueues(int workers) throws Exception {
        return new EtcdQueues(endpoint, workers);
    }
}

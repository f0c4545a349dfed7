package io.streamlocks.bench;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.Lease;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.PutOption;
import io.streamlocks.testkit.rig.ChildProcess;
import io.streamlocks.testkit.rig.Machine;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;

/** One member of etcd. A lock is a lease and a key that is put only if it is absent. */
final class EtcdContender implements Contender {

    /** This silences the gRPC library at its start. The field keeps the logger from being collected. */
    private static final Logger GRPC = Logger.getLogger("io.grpc");

    private static final int WORKERS_PER_CLIENT = 64;
    private static final long TIMEOUT_SECONDS = 10;
    private static final ByteSequence VALUE = bytes("bench");

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

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }

    private static <T> T await(CompletableFuture<T> answer)
            throws InterruptedException, ExecutionException, TimeoutException {
        return answer.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    private static final class EtcdLocks implements Locks {

        private final List<Client> clients = new ArrayList<>();

        EtcdLocks(String endpoint, int workers) {
            for (int i = 0; i < workers; i += WORKERS_PER_CLIENT) {
                clients.add(Client.builder().endpoints(endpoint).build());
            }
        }

        @Override
        public Optional<Held> tryAcquire(int worker, String streamId) throws Exception {
            Client client = clients.get(worker / WORKERS_PER_CLIENT);
            KV keys = client.getKVClient();
            Lease leases = client.getLeaseClient();
            long lease =
                    await(leases.grant(TimeUnit.MILLISECONDS.toSeconds(TTL_MS))).getID();
            ByteSequence key = bytes(streamId);
            boolean acquired = await(keys.txn()
                            .If(new Cmp(key, Cmp.Op.EQUAL, CmpTarget.version(0)))
                            .Then(Op.put(
                                    key,
                                    VALUE,
                                    PutOption.builder().withLeaseId(lease).build()))
                            .commit())
                    .isSucceeded();
            if (!acquired) {
                await(leases.revoke(lease));
                return Optional.empty();
            }
            return Optional.of(() -> await(leases.revoke(lease)));
        }

        @Override
        public void close() {
            clients.forEach(Client::close);
        }
    }
}

package io.streamlocks.bench;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.Lease;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.PutOption;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Keys of etcd, each with a lease of its own. */
final class EtcdLocks implements Locks {

    private static final int WORKERS_PER_CLIENT = 64;
    private static final long TIMEOUT_SECONDS = 10;
    private static final ByteSequence VALUE = bytes("bench");

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

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }

    private static <T> T await(CompletableFuture<T> answer)
            throws InterruptedException, ExecutionException, TimeoutException {
        return answer.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        clients.forEach(Client::close);
    }
}

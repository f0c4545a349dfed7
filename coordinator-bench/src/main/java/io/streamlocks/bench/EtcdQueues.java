package io.streamlocks.bench;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.support.CloseableClient;
import io.etcd.jetcd.support.Observers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The lock service of etcd. Each worker has a lease for all of its locks, as etcd's sessions do. */
final class EtcdQueues implements Queues {

    private static final int WORKERS_PER_CLIENT = 64;
    private static final long TIMEOUT_SECONDS = 60;

    private final List<Client> clients = new ArrayList<>();
    private final List<Long> leases = new ArrayList<>();
    private final List<CloseableClient> renewals = new ArrayList<>();

    EtcdQueues(String endpoint, int workers) throws Exception {
        for (int worker = 0; worker < workers; worker++) {
            if (worker % WORKERS_PER_CLIENT == 0) {
                clients.add(Client.builder().endpoints(endpoint).build());
            }
            Client client = client(worker);
            long lease = await(client.getLeaseClient().grant(TimeUnit.MILLISECONDS.toSeconds(Locks.TTL_MS)))
                    .getID();
            leases.add(lease);
            renewals.add(client.getLeaseClient().keepAlive(lease, Observers.observer(renewed -> {})));
        }
    }

    private Client client(int worker) {
        return clients.get(worker / WORKERS_PER_CLIENT);
    }

    @Override
    public Locks.Held acquire(int worker, String streamId) throws Exception {
        Client client = client(worker);
        ByteSequence name = ByteSequence.from(streamId, StandardCharsets.UTF_8);
        ByteSequence key =
                await(client.getLockClient().lock(name, leases.get(worker))).getKey();
        return () -> await(client.getLockClient().unlock(key));
    }

    private static <T> T await(CompletableFuture<T> answer)
            throws InterruptedException, ExecutionException, TimeoutException {
        return answer.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        renewals.forEach(CloseableClient::close);
        clients.forEach(Client::close);
    }
}

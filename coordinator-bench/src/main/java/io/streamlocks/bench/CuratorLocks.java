package io.streamlocks.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreMutex;
import org.apache.curator.retry.RetryOneTime;

/** The mutexes of Curator, which any thread may release. */
final class CuratorLocks implements Locks {

    static final int WORKERS_PER_CLIENT = 16;

    private final List<CuratorFramework> clients;

    CuratorLocks(String server, int workers) throws Exception {
        clients = connect(server, workers);
    }

    /** Connects clients for this number of workers. Blocks until all are connected. */
    static List<CuratorFramework> connect(String server, int workers) throws InterruptedException {
        List<CuratorFramework> clients = new ArrayList<>();
        for (int i = 0; i < workers; i += WORKERS_PER_CLIENT) {
            CuratorFramework client = CuratorFrameworkFactory.newClient(server, new RetryOneTime(100));
            clients.add(client);
            client.start();
            if (!client.blockUntilConnected(10, TimeUnit.SECONDS)) {
                throw new IllegalStateException("ZooKeeper cannot be reached");
            }
        }
        return clients;
    }

    @Override
    public Optional<Held> tryAcquire(int worker, String streamId) throws Exception {
        InterProcessSemaphoreMutex mutex =
                new InterProcessSemaphoreMutex(clients.get(worker / WORKERS_PER_CLIENT), "/bench/" + streamId);
        return mutex.acquire(0, TimeUnit.MILLISECONDS) ? Optional.of(mutex::release) : Optional.empty();
    }

    @Override
    public void close() {
        clients.forEach(CuratorFramework::close);
    }
}

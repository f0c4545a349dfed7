package io.streamlocks.bench;

import java.util.List;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;

/** The fair mutexes of Curator, which only the thread that has acquired one may release. */
final class CuratorQueues implements Queues {

    private final List<CuratorFramework> clients;

    CuratorQueues(String server, int workers) throws Exception {
        clients = CuratorLocks.connect(server, workers);
    }

    @Override
    public Locks.Held acquire(int worker, String streamId) throws Exception {
        InterProcessMutex mutex = new InterProcessMutex(
                clients.get(worker / CuratorLocks.WORKERS_PER_CLIENT), "/bench-queues/" + streamId);
        mutex.acquire();
        return mutex::release;
    }

    @Override
    public void close() {
        clients.forEach(CuratorFramework::close);
    }
}

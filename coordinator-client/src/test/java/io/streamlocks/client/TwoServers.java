package io.streamlocks.client;

import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.postgres.PostgresLockManager;
import io.streamlocks.testkit.contract.ForwardingLocks;
import io.streamlocks.testkit.rig.TestDatabase;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Two servers on one database, asked in turn, as a worker's calls come to them through a load balancer. */
final class TwoServers extends ForwardingLocks implements AutoCloseable {

    private final List<TestServer> servers;
    private final AtomicInteger turn = new AtomicInteger();

    TwoServers(TestDatabase database) {
        servers = List.of(
                new TestServer(new PostgresLockManager(database.pool())),
                new TestServer(new PostgresLockManager(database.pool())));
    }

    /** Returns one of the servers. */
    LockManager server(int index) {
        return servers.get(index).locks();
    }

    @Override
    protected LockManager next() {
        return server(Math.floorMod(turn.getAndIncrement(), servers.size()));
    }

    @Override
    public void close() {
        servers.forEach(TestServer::close);
    }
}

package io.streamlocks.client;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.LockPage;
import io.streamlocks.coordinator.lock.LockQuery;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.postgres.PostgresLockManager;
import io.streamlocks.coordinator.lock.postgres.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** Two servers on one database, asked in turn, as a worker's calls come to them through a load balancer. */
final class TwoServers implements LockManager, AutoCloseable {

    private final List<TestServer> servers;
    private final AtomicInteger turn = new AtomicInteger();

    TwoServers(TestDatabase database) {
        servers = List.of(
                new TestServer(new PostgresLockManager(database.pool())),
                new TestServer(new PostgresLockManager(database.pool())));
    }

    /** One of them. */
    LockManager server(int index) {
        return servers.get(index).locks();
    }

    private LockManager next() {
        return server(Math.floorMod(turn.getAndIncrement(), servers.size()));
    }

    @Override
    public List<AcquireOutcome> acquire(List<AcquireRequest> requests) {
        return next().acquire(requests);
    }

    @Override
    public List<RenewOutcome> renew(List<RenewRequest> requests) {
        return next().renew(requests);
    }

    @Override
    public List<ReleaseOutcome> release(List<ReleaseRequest> requests) {
        return next().release(requests);
    }

    @Override
    public Optional<Lock> find(String streamId) {
        return next().find(streamId);
    }

    @Override
    public LockPage list(LockQuery query) {
        return next().list(query);
    }

    @Override
    public int purge(Duration idleFor) {
        return next().purge(idleFor);
    }

    @Override
    public void verifyWritable() {
        next().verifyWritable();
    }

    @Override
    public void close() {
        servers.forEach(TestServer::close);
    }
}

package io.streamlocks.client;

import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.LockManagerContract;
import io.streamlocks.coordinator.lock.postgres.TestDatabase;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** Tests the contract through HTTP and group commit. Each call goes to another server than the one before. */
class TwoServersContractTest extends LockManagerContract {

    private static TestDatabase database;
    private static TwoServers servers;

    @BeforeAll
    static void start() {
        database = TestDatabase.migrated();
        servers = new TwoServers(database);
    }

    @AfterAll
    static void stop() {
        servers.close();
        database.close();
    }

    @Override
    public LockManager locks() {
        return servers;
    }

    @Override
    public void expire(String streamId) {
        database.expire(streamId);
    }

    @Override
    public void age(String streamId, Duration by) {
        database.backdate(streamId, by);
    }

    @Override
    public void open(String streamId) {
        database.open(streamId);
    }

    @Override
    public String operator() {
        return "anonymous";
    }
}

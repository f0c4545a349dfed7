package io.streamlocks.client;

import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.LockManagerContract;
import io.streamlocks.coordinator.lock.postgres.PostgresLockManager;
import io.streamlocks.coordinator.lock.postgres.TestDatabase;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class HttpPostgresContractTest extends LockManagerContract {

    private static TestDatabase database;
    private static TestServer server;

    @BeforeAll
    static void start() {
        database = TestDatabase.migrated();
        server = new TestServer(new PostgresLockManager(database.pool()));
    }

    @AfterAll
    static void stop() {
        server.close();
        database.close();
    }

    @Override
    public LockManager locks() {
        return server.locks();
    }

    @Override
    public void expire(String streamId) {
        database.expire(streamId);
    }

    @Override
    public void age(String streamId, Duration by) {
        database.backdate(streamId, by);
    }
}

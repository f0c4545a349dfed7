package io.streamlocks.client;

import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.testkit.contract.LockManagerContract;
import io.streamlocks.testkit.contract.TimeByTestDatabase;
import io.streamlocks.testkit.rig.TestDatabase;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** Tests the contract through HTTP and group commit. Each call goes to another server than the one before. */
@Tag("postgres")
class TwoServersContractTest extends LockManagerContract implements TimeByTestDatabase {

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
    public TestDatabase database() {
        return database;
    }

    @Override
    public String operator() {
        return "anonymous";
    }
}

package io.streamlocks.client;

import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.testkit.contract.LockManagerContract;
import io.streamlocks.testkit.contract.TestClock;
import io.streamlocks.testkit.contract.TimeByTestClock;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class HttpMemoryContractTest extends LockManagerContract implements TimeByTestClock {

    private static TestClock clock;
    private static LockManager storage;
    private static TestServer server;

    @BeforeAll
    static void start() {
        clock = new TestClock();
        storage = new MemoryLockManager(clock, true);
        server = new TestServer(storage);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Override
    public LockManager locks() {
        return server.locks();
    }

    @Override
    public TestClock clock() {
        return clock;
    }

    @Override
    public LockManager storage() {
        return storage;
    }

    @Override
    public String operator() {
        return "anonymous";
    }
}

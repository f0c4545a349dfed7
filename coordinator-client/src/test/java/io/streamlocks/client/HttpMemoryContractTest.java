package io.streamlocks.client;

import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.testkit.contract.LockManagerContract;
import io.streamlocks.testkit.contract.TestClock;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class HttpMemoryContractTest extends LockManagerContract {

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
    public void expire(String streamId) {
        storage.find(streamId).ifPresent(lock -> clock.advance(lock.expiresIn()));
    }

    @Override
    public void age(String streamId, Duration by) {
        clock.advance(by);
    }

    @Override
    public void open(String streamId) {
        clock.advance(Limits.MAX_BREAK_DELAY);
    }

    @Override
    public void tick() {
        clock.advance(Duration.ofMillis(1));
    }

    @Override
    public String operator() {
        return "anonymous";
    }
}

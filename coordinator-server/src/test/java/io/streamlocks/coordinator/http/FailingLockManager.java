package io.streamlocks.coordinator.http;

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
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Fails every call.
 *
 * @param failure makes what is thrown
 */
record FailingLockManager(Supplier<RuntimeException> failure) implements LockManager {

    @Override
    public List<AcquireOutcome> acquire(List<AcquireRequest> requests) {
        throw failure.get();
    }

    @Override
    public List<RenewOutcome> renew(List<RenewRequest> requests) {
        throw failure.get();
    }

    @Override
    public List<ReleaseOutcome> release(List<ReleaseRequest> requests) {
        throw failure.get();
    }

    @Override
    public Optional<Lock> find(String streamId) {
        throw failure.get();
    }

    @Override
    public LockPage list(LockQuery query) {
        throw failure.get();
    }

    @Override
    public Map<String, Long> liveLeases() {
        throw failure.get();
    }

    @Override
    public int purge(Duration idleFor) {
        throw failure.get();
    }

    @Override
    public void verifyWritable() {
        throw failure.get();
    }
}

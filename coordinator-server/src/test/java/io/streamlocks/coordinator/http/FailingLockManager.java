package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.lock.HandOvers;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.testkit.contract.ForwardingLocks;
import io.streamlocks.testkit.contract.SilentHandOvers;
import java.util.function.Supplier;

/** Fails every call. */
final class FailingLockManager extends ForwardingLocks {

    private final Supplier<RuntimeException> failure;

    /**
     * Creates an instance.
     *
     * @param failure makes the exceptions
     */
    FailingLockManager(Supplier<RuntimeException> failure) {
        this.failure = failure;
    }

    @Override
    protected LockManager next() {
        throw failure.get();
    }

    @Override
    public HandOvers handOvers() {
        return new SilentHandOvers();
    }
}

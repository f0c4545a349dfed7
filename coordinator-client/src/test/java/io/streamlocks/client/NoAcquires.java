package io.streamlocks.client;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Calls of a test that acquires nothing, and that scripts the others. */
abstract class NoAcquires extends LeaseCalls {

    NoAcquires(ClientRuntime runtime) {
        super(runtime);
    }

    @Override
    List<Renewal> renew(List<LeaseKey> keys, Optional<Duration> length) {
        throw new AssertionError("No lease is to be renewed");
    }

    @Override
    List<Acquired> acquireAll(List<Acquire> acquires, Duration wait) {
        throw new AssertionError("No lease is to be acquired");
    }

    @Override
    void checkReady() {
        throw new AssertionError("Nothing asks whether the coordinator is ready");
    }

    @Override
    public void close() {}
}

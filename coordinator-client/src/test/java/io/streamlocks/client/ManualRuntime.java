package io.streamlocks.client;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** A runtime whose time passes only when a test says so, and whose threads wait until they are unparked. */
class ManualRuntime extends ClientRuntime {

    private final AtomicLong nanos = new AtomicLong();

    void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    @Override
    long nanoTime() {
        return nanos.get();
    }

    @Override
    void park(Object blocker, long atMostNanos) {
        LockSupport.park(blocker);
    }
}

package io.streamlocks.coordinator.lock.group;

import io.streamlocks.coordinator.lock.LockManager;
import java.util.concurrent.ExecutorService;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;

/** Group commit with the clock and the threads of a simulation. */
public final class SimulatedGroupCommit {

    private SimulatedGroupCommit() {}

    /**
     * Creates it. The thread of a statement completes its futures.
     *
     * @param locks the backend
     * @param nanoTime the clock for the waits of calls
     * @param writers run the statements
     * @param delay runs a task after a number of milliseconds
     */
    public static GroupCommit create(
            LockManager locks, LongSupplier nanoTime, ExecutorService writers, BiConsumer<Runnable, Long> delay) {
        return new GroupCommit(locks, Runnable::run, StatementObserver.NONE, nanoTime, writers, delay::accept);
    }
}

package io.streamlocks.coordinator.lock.group;

import io.streamlocks.coordinator.lock.LockManager;
import java.util.concurrent.ExecutorService;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;

/** Group commit with the clock and the threads of a simulation. */
public final class SimulatedGroupCommit {

    private SimulatedGroupCommit() {}

    /**
     * Sets it up; its callers are told by the thread that carried out the statement.
     *
     * @param locks decides
     * @param nanoTime says how long calls have waited
     * @param writers carries out the statements
     * @param delay runs a task after so many milliseconds
     */
    public static GroupCommit create(
            LockManager locks, LongSupplier nanoTime, ExecutorService writers, BiConsumer<Runnable, Long> delay) {
        return new GroupCommit(locks, Runnable::run, StatementObserver.NONE, nanoTime, writers, delay::accept);
    }
}

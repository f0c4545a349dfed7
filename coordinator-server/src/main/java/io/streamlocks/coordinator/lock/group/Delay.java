package io.streamlocks.coordinator.lock.group;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Runs what is to be done later. Thread-safe; does not block. */
interface Delay {

    /** On the threads of the JVM. */
    Delay JVM = (task, ms) -> CompletableFuture.delayedExecutor(ms, TimeUnit.MILLISECONDS, Runnable::run)
            .execute(task);

    /**
     * @param task is short, and does not throw
     * @param ms after how long it runs
     */
    void run(Runnable task, long ms);
}

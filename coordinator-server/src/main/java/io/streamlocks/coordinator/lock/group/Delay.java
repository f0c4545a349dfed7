package io.streamlocks.coordinator.lock.group;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Runs tasks later. Implementations are thread-safe and do not block. */
public interface Delay {

    /** Runs tasks on the JVM's own timer thread. */
    Delay JVM = (task, ms) -> CompletableFuture.delayedExecutor(ms, TimeUnit.MILLISECONDS, Runnable::run)
            .execute(task);

    /**
     * Runs a task after a delay.
     *
     * @param task a task that is short and does not throw
     * @param ms the delay in milliseconds
     */
    void run(Runnable task, long ms);
}

package io.streamlocks.client.session;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The parts of the process that a registry uses: time, threads, and how they wait. Nothing else in a registry may wait,
 * so that a simulation can replace this by a runtime whose time passes by a schedule. This class is thread-safe.
 */
class SessionRuntime {

    /** The runtime of the JVM. */
    static final SessionRuntime JVM = new SessionRuntime();

    /** Returns the reading of a monotonic clock, as {@link System#nanoTime()} does. */
    long nanoTime() {
        return System.nanoTime();
    }

    /** Returns an executor that runs each task at once, on as many threads as that takes. */
    ExecutorService newExecutor() {
        return Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "stream-session");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Waits as {@link CompletableFuture#join} does. */
    <T> T join(CompletableFuture<T> future) {
        return future.join();
    }

    /**
     * Waits until a future is done, for so long at most.
     *
     * @param future a future that never fails
     * @return whether it is done
     */
    boolean await(CompletableFuture<?> future, Duration atMost) throws InterruptedException {
        try {
            future.get(atMost.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException("A future that never fails has failed", e);
        }
    }
}

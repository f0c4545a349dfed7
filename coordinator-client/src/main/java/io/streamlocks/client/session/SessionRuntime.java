package io.streamlocks.client.session;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What a registry takes from the process it runs in: time, threads, and how they wait. Nothing else in a registry may wait,
 * so that a simulation can put in its place one whose time passes by a schedule. Thread-safe.
 */
class SessionRuntime {

    /** That of the JVM. */
    static final SessionRuntime JVM = new SessionRuntime();

    /** A monotonic clock, as {@link System#nanoTime()}. */
    long nanoTime() {
        return System.nanoTime();
    }

    /** Runs what is handed to it at once, on as many threads as that takes. */
    ExecutorService newExecutor() {
        return Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "stream-session");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** As {@link CompletableFuture#join}. */
    <T> T join(CompletableFuture<T> future) {
        return future.join();
    }

    /**
     * Waits until it is done, for so long at most.
     *
     * @param future never fails
     * @return whether it is done
     */
    boolean await(CompletableFuture<?> future, Duration atMost) throws InterruptedException {
        try {
            future.get(atMost.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException("What is waited for never fails", e);
        }
    }
}

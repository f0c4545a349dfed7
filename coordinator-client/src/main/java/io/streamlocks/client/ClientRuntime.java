package io.streamlocks.client;

import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The parts of the process that a client uses: time, chance, threads, and how they wait. Nothing else in a client
 * waits, so a simulation can replace this with a runtime whose time follows a schedule. This class is thread-safe.
 */
class ClientRuntime {

    /** The runtime of the JVM. */
    static final ClientRuntime JVM = new ClientRuntime();

    /** Returns an executor for the callbacks of users, on as many daemon threads as that takes. */
    static ExecutorService newCallbackExecutor() {
        return Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "stream-lock-callback");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Returns the reading of a monotonic clock, as {@link System#nanoTime()} does. */
    long nanoTime() {
        return System.nanoTime();
    }

    /** Returns an id for a lease that is going to be asked for; never the same twice. */
    UUID newLeaseId() {
        return UUID.randomUUID();
    }

    /** Returns a number from 0 to 1. */
    double random() {
        return ThreadLocalRandom.current().nextDouble();
    }

    /** Returns a daemon thread that is not started yet. */
    Thread newThread(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        return thread;
    }

    /** Sleeps as {@link Thread#sleep} does. */
    void sleep(long nanos) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(nanos);
    }

    /** Parks as {@link LockSupport#park(Object)} does, until {@link #unpark}, an interruption, or for no reason. */
    void park(Object blocker) {
        LockSupport.park(blocker);
    }

    /** Parks for so long at most. */
    void park(Object blocker, long nanos) {
        LockSupport.parkNanos(blocker, nanos);
    }

    /**
     * Parks a thread of the client, and clears an interruption. Nothing has a reason to interrupt such a thread, and a
     * thread that stays interrupted would not wait any more.
     */
    final void parkOwn(Object blocker, long nanos) {
        park(blocker, nanos);
        Thread.interrupted();
    }

    /** Ends the thread's park, or its next one if it is not parked. */
    void unpark(Thread thread) {
        LockSupport.unpark(thread);
    }
}

package io.streamlocks.client;

import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What a client takes from the process it runs in: time, chance, threads, and how they wait. But for a close beside an
 * acquire under way nothing else in a client waits, so that a simulation can put in its place one whose time passes by a
 * schedule. Thread-safe.
 */
class ClientRuntime {

    /** That of the JVM. */
    static final ClientRuntime JVM = new ClientRuntime();

    /** A monotonic clock, as {@link System#nanoTime()}. */
    long nanoTime() {
        return System.nanoTime();
    }

    /** For a lease that is going to be asked for; never the same twice. */
    UUID newLeaseId() {
        return UUID.randomUUID();
    }

    /** From 0 to 1. */
    double random() {
        return ThreadLocalRandom.current().nextDouble();
    }

    /** A daemon thread, not started yet. */
    Thread newThread(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        return thread;
    }

    /** As {@link Thread#sleep}. */
    void sleep(long nanos) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(nanos);
    }

    /** As {@link LockSupport#park(Object)}: ends by {@link #unpark}, an interruption, or for no reason. */
    void park(Object blocker) {
        LockSupport.park(blocker);
    }

    /** The same for so long at most. */
    void park(Object blocker, long nanos) {
        LockSupport.parkNanos(blocker, nanos);
    }

    /** The same of a thread of our own: nobody has a reason to interrupt it, and if it stayed so, it would not wait any more. */
    final void parkOwn(Object blocker, long nanos) {
        park(blocker, nanos);
        Thread.interrupted();
    }

    /** Ends the thread's park, or its next one if it is not parked. */
    void unpark(Thread thread) {
        LockSupport.unpark(thread);
    }
}

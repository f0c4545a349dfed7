package io.streamlocks.client;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Lets acquires in until the client closes, and knows when the last of them has left. A thread that closes the client
 * waits for the acquires under way, because a lease that is granted meanwhile must not outlive the client.
 *
 * <p>Each acquire holds one permit of a semaphore, and the closing thread takes all of them. An acquire looks at {@code
 * closed} only when it has its permit. So an acquire that was let in is waited for, and one that begins later is
 * refused.
 *
 * <p>This class is thread-safe.
 */
final class Admission {

    private final ClientRuntime runtime;
    private final Semaphore inside = new Semaphore(Integer.MAX_VALUE);
    private volatile boolean closed;

    /** The thread that waits for the acquires under way; null if there is none. */
    private volatile @Nullable Thread closing;

    Admission(ClientRuntime runtime) {
        this.runtime = runtime;
    }

    /**
     * Lets an acquire in, which must {@link #leave} later.
     *
     * @throws IllegalStateException if the client is closed
     */
    void enter() {
        if (!inside.tryAcquire()) {
            throw closedClient();
        }
        if (closed) {
            leave();
            throw closedClient();
        }
    }

    void leave() {
        inside.release();
        Thread waiting = closing;
        if (waiting != null) {
            runtime.unpark(waiting);
        }
    }

    static IllegalStateException closedClient() {
        return new IllegalStateException("The client is closed");
    }

    boolean isClosed() {
        return closed;
    }

    /** Lets no acquire in any more. Those that are inside end without another try. */
    void close() {
        closed = true;
    }

    /** Waits until no acquire is inside. Call it after {@link #close}. Returns whether that came in time. */
    boolean awaitEnd(Duration atMost) {
        long began = runtime.nanoTime();
        // An acquire that leaves after this wakes the thread up.
        closing = Thread.currentThread();
        try {
            while (!inside.tryAcquire(Integer.MAX_VALUE)) {
                long left = atMost.toNanos() - (runtime.nanoTime() - began);
                if (left <= 0 || Thread.currentThread().isInterrupted()) {
                    return false;
                }
                runtime.park(this, left);
            }
            return true;
        } finally {
            closing = null;
        }
    }
}

package io.streamlocks.client;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Lets acquires in until the client closes, and knows when the last of them has left. A thread that closes the client
 * waits for the acquires under way, because a lease that is granted meanwhile must not outlive the client.
 *
 * <p>An acquire counts itself and then looks at {@code closed}. The closing thread sets {@code closed} and then looks
 * at the count. So an acquire that was let in is waited for, and one that begins later is refused.
 *
 * <p>This class is thread-safe.
 */
final class Admission {

    private final ClientRuntime runtime;
    private final AtomicInteger inside = new AtomicInteger();
    private volatile boolean closed;

    /** The thread that waits for the end; null if there is none. */
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
        inside.incrementAndGet();
        if (closed) {
            leave();
            throw closedClient();
        }
    }

    void leave() {
        Thread waiting = inside.decrementAndGet() == 0 ? closing : null;
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

    /**
     * Lets no acquire in any more. Those that are inside end without another try.
     *
     * @return whether this is the first call
     */
    synchronized boolean close() {
        boolean isFirst = !closed;
        closed = true;
        return isFirst;
    }

    /**
     * Waits until no acquire is inside, for so long at most and while the thread is not interrupted. Only one thread
     * may do this, after {@link #close}.
     *
     * @return whether none is inside
     */
    boolean awaitEnd(Duration atMost) {
        closing = Thread.currentThread();
        long began = runtime.nanoTime();
        long left = atMost.toNanos();
        while (inside.get() > 0 && left > 0 && !Thread.currentThread().isInterrupted()) {
            runtime.park(this, left);
            left = atMost.toNanos() - (runtime.nanoTime() - began);
        }
        closing = null;
        return inside.get() == 0;
    }
}

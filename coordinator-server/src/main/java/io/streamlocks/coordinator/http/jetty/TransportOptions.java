package io.streamlocks.coordinator.http.jetty;

import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * The limits, threads and clock of a server. Only tests use other options than the {@linkplain #standard standard}
 * ones.
 *
 * @param limits what clients may take
 * @param threads handle what takes longer than to wake another thread: the requests of the framework, bodies and
 *     responses that are not small, and refusals. None ever waits for a client or for the storage
 * @param nanoTime a monotonic clock
 */
public record TransportOptions(ClientLimits limits, QueuedThreadPool threads, LongSupplier nanoTime) {

    /** More than most machines have processors. Further threads would serve no call sooner, and each holds 100 kB. */
    private static final int MAX_THREADS = 64;

    private static final int MIN_THREADS = 8;

    public static TransportOptions standard() {
        return new TransportOptions(ClientLimits.DEFAULT, newThreads(), System::nanoTime);
    }

    /** Returns new threads. Idle ones end after a minute. */
    public static QueuedThreadPool newThreads() {
        return new QueuedThreadPool(MAX_THREADS, MIN_THREADS);
    }

    /** Returns the threads for tasks that are not requests. */
    public Executor executor() {
        return threads;
    }
}

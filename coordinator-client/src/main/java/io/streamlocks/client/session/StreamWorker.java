package io.streamlocks.client.session;

import io.streamlocks.client.StreamLockClient;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A worker's three parts, stopped in order and once: the poll loop, so that no event comes any more; then the registry,
 * so that what came is handled and released; then the client.
 *
 * <p>Thread-safe.
 */
public final class StreamWorker implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(StreamWorker.class);

    private final PollLoop<?> loop;
    private final SessionRegistry<?> registry;
    private final StreamLockClient client;
    private final Thread hook = new Thread(this::stop, "stream-worker-stop");
    private final Object stopping = new Object();

    // Guarded by stopping.
    private boolean stopped;

    /**
     * Takes over the parts; the worker closes them.
     *
     * @param loop not started yet
     * @param registry what the loop routes to
     * @param client under whose leases the registry works
     */
    public StreamWorker(PollLoop<?> loop, SessionRegistry<?> registry, StreamLockClient client) {
        this.loop = Objects.requireNonNull(loop, "loop");
        this.registry = Objects.requireNonNull(registry, "registry");
        this.client = Objects.requireNonNull(client, "client");
    }

    /**
     * Starts the loop.
     *
     * @return this
     * @throws IllegalStateException if it was started or closed before
     */
    public StreamWorker start() {
        loop.start();
        return this;
    }

    /**
     * Closes the worker when the JVM shuts down, as at SIGTERM. Call it once.
     *
     * @return this
     * @throws IllegalStateException if the JVM is shutting down already
     * @throws IllegalArgumentException if it was called before
     */
    public StreamWorker closeOnShutdown() {
        Runtime.getRuntime().addShutdownHook(hook);
        return this;
    }

    /**
     * Stops the worker: the loop, the registry, the client. A part that fails to stop is logged and does not keep the next
     * from it. Blocks as {@link PollLoop#stop()}, {@link SessionRegistry#drainAll()} and {@link StreamLockClient#close()}
     * do, one after the other; a second call waits for the first and does nothing else. The stream of a handler that
     * ignores its interruption is not released while the handler works: once the worker is closed, its lease runs out by
     * itself. Not to be called by a handler or by the loop's source.
     */
    @Override
    public void close() {
        stop();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            LOG.debug("The JVM shuts down, and finds the worker stopped");
        }
    }

    private void stop() {
        synchronized (stopping) {
            if (stopped) {
                return;
            }
            stopped = true;
            stop("poll loop", loop);
            stop("session registry", registry);
            stop("client", client);
        }
    }

    private static void stop(String part, AutoCloseable toClose) {
        try {
            toClose.close();
        } catch (Throwable e) {
            LOG.error("The {} failed to stop", part, e);
        }
    }
}

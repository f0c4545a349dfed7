package io.streamlocks.client.session;

import io.streamlocks.client.StreamLockClient;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stops the three parts of a worker in order, and once. First it stops the poll loop, so that no event comes any more.
 * Then it stops the registry, so that the events are handled and the streams released. Then it closes the client.
 *
 * <p>This class is thread-safe.
 */
public final class StreamWorker implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(StreamWorker.class);

    private final PollLoop<?> loop;
    private final SessionRegistry<?> registry;
    private final StreamLockClient client;
    private final Thread hook = new Thread(this::stop, "stream-worker-stop");
    private final Object stopping = new Object();

    /** It is guarded by {@code stopping}. */
    private boolean stopped;

    /**
     * Takes over the parts. The worker closes them.
     *
     * @param loop the loop, which is not started yet
     * @param registry the registry to which the loop routes
     * @param client the client under whose leases the registry works
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
     * Stops the loop, the registry and the client. If a part fails to stop, this logs the failure and stops the next
     * part. It blocks as {@link PollLoop#stop()}, {@link SessionRegistry#drainAll()} and {@link
     * StreamLockClient#close()} do, one after the other. A second call only waits for the first. If a handler ignores
     * its interruption, its stream is not released while the handler works. Its lease runs out by itself once the
     * worker is closed. Neither a handler nor the loop's source may call this method.
     */
    @Override
    public void close() {
        stop();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            LOG.debug("The JVM is shutting down, and the worker has stopped");
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

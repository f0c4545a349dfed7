package io.streamlocks.client.session;

import io.streamlocks.client.CoordinatorRefusedException;
import io.streamlocks.client.CoordinatorUnavailableException;
import io.streamlocks.client.StreamLockClient;
import io.streamlocks.client.session.StreamClaims.Claim;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sessions of a worker process. A stream has at most one session, and only while its lease is held.
 *
 * <p>The lease is acquired before the session opens, kept alive by the client, and released after the session has
 * ended. A lost lease ends its session as errored. Sessions run on threads of the registry, at most one for each
 * session.
 *
 * <p>This class is thread-safe.
 *
 * @param <E> an event
 */
public final class SessionRegistry<E> implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(SessionRegistry.class);

    private final StreamLockClient client;
    private final Duration idleTimeout;
    private final Duration drainTimeout;
    private final SessionRuntime runtime;
    private final ExecutorService executor;
    private final StreamClaims<E> claims;
    private final AwaitedStreams awaited;
    private final SessionOpener<E> opener;

    private SessionRegistry(Builder<E> builder) {
        this.client = builder.client;
        this.idleTimeout = builder.idleTimeout;
        this.drainTimeout = builder.drainTimeout;
        this.runtime = builder.runtime;
        this.executor = runtime.newExecutor();
        this.claims = new StreamClaims<>(builder.maxConcurrentSessions);
        this.awaited = new AwaitedStreams(client, claims::room, executor, runtime);
        this.opener = new SessionOpener<>(
                client, claims, awaited, builder.factory, builder.queueCapacity, builder.onEnd, executor, runtime);
    }

    /**
     * Begins to set up a registry.
     *
     * @param client acquires and keeps the leases; the caller closes it, after the registry
     * @param factory opens the sessions
     * @param <E> an event
     */
    public static <E> Builder<E> builder(StreamLockClient client, SessionFactory<E> factory) {
        return new Builder<>(client, factory);
    }

    /**
     * Hands an event to the session of its stream, and opens the session if there is none. This returns at once for a
     * stream that has a session. Otherwise it blocks for the acquire, as {@link StreamLockClient#tryAcquire} does, and
     * for the factory. Concurrent calls for one stream wait for the same acquire.
     *
     * @param streamId the stream
     * @param event the event
     * @return what became of the event
     * @throws CoordinatorUnavailableException if the coordinator gave no usable answer; try again later
     * @throws CoordinatorRefusedException if the coordinator refused the call, for example because the stream id is not
     *     valid
     * @throws SessionOpenException if the factory failed; the lease is released
     */
    public RouteResult route(String streamId, E event) {
        Objects.requireNonNull(streamId, "streamId");
        Objects.requireNonNull(event, "event");
        Claim<E> claim = claims.claim(streamId);
        if (claim instanceof Claim.Denied<E> denied) {
            return denied.why();
        }
        Claim.Granted<E> granted = (Claim.Granted<E>) claim;
        if (granted.isNew()) {
            opener.open(streamId, granted.place());
        }
        Optional<Session<E>> session;
        try {
            session = runtime.join(granted.place().opened());
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
        if (session.isEmpty()) {
            return RouteResult.LOCKED;
        }
        return session.get().enqueue(event) ? RouteResult.ENQUEUED : RouteResult.REJECTED;
    }

    /**
     * Routes an event as {@link #route} does. If the registry {@linkplain #want waits} for the stream, this makes no
     * call, and the event is {@link RouteResult#LOCKED}. When the stream was granted, this opens its session.
     */
    RouteResult routeUnlessQueued(String streamId, E event) {
        boolean isQueued = claims.session(streamId).isEmpty() && awaited.isQueued(streamId);
        return isQueued ? RouteResult.LOCKED : route(streamId, event);
    }

    /**
     * Waits for streams that other workers have, without blocking.
     *
     * @param streamIds the streams, each of which has an event
     * @param time how long the registry waits for them, and keeps the leases that it is granted, if this is not called
     *     again for them
     */
    void want(Collection<String> streamIds, Duration time) {
        awaited.want(streamIds, time);
    }

    /** Returns the states of all sessions by stream. Streams whose lease is being acquired are not among them. */
    public Map<String, SessionState> sessions() {
        return claims.states();
    }

    /**
     * Stops the session of a stream at once. This interrupts the handler. The session then ends and returns the events
     * that are left. The registry releases the lease and frees the place. This method does not wait for any of that.
     *
     * @param streamId the stream
     * @return whether it had a session
     */
    public boolean stop(String streamId) {
        Optional<Session<E>> session = claims.session(streamId);
        session.ifPresent(Session::stop);
        return session.isPresent();
    }

    /**
     * Stops the sessions that have waited for an event for longer than the idle time-out, so that other streams can
     * have their places and other workers can have their streams. It does not wait for that. Call it regularly.
     *
     * @return how many sessions it stops
     */
    public int evictIdle() {
        long idleSince = runtime.nanoTime() - idleTimeout.toNanos();
        return (int) claims.sessions().stream()
                .filter(session -> session.drainIfIdleSince(idleSince))
                .count();
    }

    /**
     * Stops all sessions for good. This takes no more events and lets each session handle those it has, for up to the
     * drain time-out. Then it interrupts the handlers that are left, waits for as long again, and releases all leases
     * with one call for each thousand. It blocks until that is done, and does nothing the second time. A handler must
     * not call it, because it would wait for that handler.
     *
     * <p>If a handler ignores its interruption, its stream is released when the handler returns. Until then its lease
     * is kept alive, while the client is open. If the client closes first, the lease {@linkplain
     * StreamLockClient#close() runs out by itself}.
     */
    public void drainAll() {
        Optional<Map<String, Place<E>>> stopped = claims.stop();
        if (stopped.isEmpty()) {
            return;
        }
        awaited.close();
        Map<String, Place<E>> all = stopped.get();
        StreamClaims.sessionsAt(all.values()).forEach(Session::drain);
        boolean over = awaitAll(all.values());
        if (!over) {
            // This includes the sessions that were being opened meanwhile.
            StreamClaims.sessionsAt(all.values()).forEach(Session::stop);
            over = awaitAll(all.values());
        }
        List<Session<E>> ended = claims.handBack(all);
        client.release(ended.stream().map(Session::lease).toList());
        if (over) {
            executor.shutdown();
        } else {
            LOG.warn("Some handlers ignore that they are interrupted; their streams are released when they return,"
                    + " or their leases run out if the client is closed before");
        }
    }

    private boolean awaitAll(Collection<Place<E>> places) {
        CompletableFuture<?>[] futures = places.stream().map(Place::over).toArray(CompletableFuture[]::new);
        try {
            return runtime.await(CompletableFuture.allOf(futures), drainTimeout);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Closes the registry as {@link #drainAll()} does. */
    @Override
    public void close() {
        drainAll();
    }

    /**
     * The settings of a {@link SessionRegistry}. This class is not thread-safe.
     *
     * @param <E> an event
     */
    public static final class Builder<E> {

        private final StreamLockClient client;
        private final SessionFactory<E> factory;
        private int maxConcurrentSessions = 32;
        private int queueCapacity = 1000;
        private Duration idleTimeout = Duration.ofMinutes(1);
        private Duration drainTimeout = Duration.ofSeconds(10);
        private Consumer<SessionEnd<E>> onEnd = end -> {};
        private SessionRuntime runtime = SessionRuntime.JVM;

        private Builder(StreamLockClient client, SessionFactory<E> factory) {
            this.client = Objects.requireNonNull(client, "client");
            this.factory = Objects.requireNonNull(factory, "factory");
        }

        /** Sets the most sessions at a time; 32 by default. */
        public Builder<E> maxConcurrentSessions(int most) {
            this.maxConcurrentSessions = positive(most, "maxConcurrentSessions");
            return this;
        }

        /** Sets the most events that wait in a session; 1000 by default. */
        public Builder<E> queueCapacity(int most) {
            this.queueCapacity = positive(most, "queueCapacity");
            return this;
        }

        /**
         * Sets how long a session may wait for an event until {@link SessionRegistry#evictIdle()} stops it; 1 min by
         * default.
         */
        public Builder<E> idleTimeout(Duration time) {
            this.idleTimeout = notNegative(time, "idleTimeout");
            return this;
        }

        /** Sets how long {@link SessionRegistry#drainAll()} lets sessions handle their events; 10 s by default. */
        public Builder<E> drainTimeout(Duration time) {
            this.drainTimeout = notNegative(time, "drainTimeout");
            return this;
        }

        /** Sets what receives the end of each session, once, on a thread of the registry; nothing by default. */
        public Builder<E> onEnd(Consumer<SessionEnd<E>> receiver) {
            this.onEnd = Objects.requireNonNull(receiver, "receiver");
            return this;
        }

        Builder<E> runtime(SessionRuntime other) {
            this.runtime = other;
            return this;
        }

        /** Makes the registry. */
        public SessionRegistry<E> build() {
            return new SessionRegistry<>(this);
        }

        private static Duration notNegative(Duration time, String name) {
            if (time.isNegative()) {
                throw new IllegalArgumentException(name + " must not be negative");
            }
            return time;
        }

        private static int positive(int value, String name) {
            if (value < 1) {
                throw new IllegalArgumentException(name + " must be at least 1");
            }
            return value;
        }
    }
}

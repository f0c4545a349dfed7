package io.streamlocks.client.session;

import io.streamlocks.client.CoordinatorRefusedException;
import io.streamlocks.client.CoordinatorUnavailableException;
import io.streamlocks.client.HeldLease;
import io.streamlocks.client.StreamLockClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
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
 * The sessions of a worker process: at most one for a stream, and that only while the stream's lease is held.
 *
 * <p>The lease is acquired before the session is opened, kept alive by the client, and released after the session has
 * ended. A lost lease ends its session as errored. Sessions run on threads of the registry, one at most for each.
 *
 * <p>Thread-safe.
 *
 * @param <E> an event
 */
public final class SessionRegistry<E> implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(SessionRegistry.class);

    private final StreamLockClient client;
    private final SessionFactory<E> factory;
    private final int maxConcurrentSessions;
    private final int queueCapacity;
    private final Duration idleTimeout;
    private final Duration drainTimeout;
    private final Consumer<SessionEnd<E>> onEnd;
    private final SessionRuntime runtime;
    private final ExecutorService executor;

    // Both guarded by this. A stream has its place from before its lease is asked for until after that is released.
    private final Map<String, Place<E>> places = new HashMap<>();
    private boolean running = true;

    /** Where a session is opened, lives and ends; empty if another worker has the stream. */
    private static final class Place<E> {
        private final CompletableFuture<Optional<Session<E>>> opened = new CompletableFuture<>();
        private final CompletableFuture<Void> over = new CompletableFuture<>();
        private boolean releasedInBatch;

        Optional<Session<E>> session() {
            return opened.isCompletedExceptionally() ? Optional.empty() : opened.getNow(Optional.empty());
        }
    }

    private SessionRegistry(Builder<E> builder) {
        this.client = builder.client;
        this.factory = builder.factory;
        this.maxConcurrentSessions = builder.maxConcurrentSessions;
        this.queueCapacity = builder.queueCapacity;
        this.idleTimeout = builder.idleTimeout;
        this.drainTimeout = builder.drainTimeout;
        this.onEnd = builder.onEnd;
        this.runtime = builder.runtime;
        this.executor = runtime.newExecutor();
    }

    /**
     * Begins to set up a registry.
     *
     * @param client acquires and keeps the leases; stays the caller's to close, after the registry
     * @param factory opens the sessions
     * @param <E> an event
     */
    public static <E> Builder<E> builder(StreamLockClient client, SessionFactory<E> factory) {
        return new Builder<>(client, factory);
    }

    /**
     * Hands an event to the session of its stream, which is opened if there is none. Returns at once for a stream that
     * has one. Otherwise it blocks for the acquire, as {@link StreamLockClient#tryAcquire} does; concurrent calls for one
     * stream wait for the same acquire.
     *
     * @param streamId the stream
     * @param event the event
     * @return what became of it
     * @throws CoordinatorUnavailableException if the coordinator gave no usable answer; try again later
     * @throws CoordinatorRefusedException if the coordinator refused the call, as for a stream id that is not valid
     * @throws SessionOpenException if the factory failed; the lease is released
     */
    public RouteResult route(String streamId, E event) {
        Objects.requireNonNull(streamId, "streamId");
        Objects.requireNonNull(event, "event");
        Place<E> place;
        boolean isNew = false;
        synchronized (this) {
            if (!running) {
                return RouteResult.REJECTED;
            }
            place = places.get(streamId);
            if (place == null) {
                if (places.size() >= maxConcurrentSessions) {
                    return RouteResult.CAPACITY;
                }
                place = new Place<>();
                places.put(streamId, place);
                isNew = true;
            }
        }
        if (isNew) {
            open(streamId, place);
        }
        Optional<Session<E>> session;
        try {
            session = runtime.join(place.opened);
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
        if (session.isEmpty()) {
            return RouteResult.LOCKED;
        }
        return session.get().enqueue(event) ? RouteResult.ENQUEUED : RouteResult.REJECTED;
    }

    private void open(String streamId, Place<E> place) {
        try {
            Optional<HeldLease> lease = client.tryAcquire(streamId);
            if (lease.isEmpty()) {
                free(streamId, place);
                place.opened.complete(Optional.empty());
                place.over.complete(null);
                return;
            }
            HeldLease.Use use = lease.get().use();
            try {
                open(lease.get(), place);
            } finally {
                use.close();
            }
        } catch (RuntimeException | Error e) {
            free(streamId, place);
            place.opened.completeExceptionally(e);
            place.over.complete(null);
        }
    }

    private void open(HeldLease lease, Place<E> place) {
        Session<E> session = new Session<>(lease, handler(lease), executor, queueCapacity, runtime);
        session.ended().thenAccept(end -> ended(place, session, end));
        // Not on the client's callback executor, which may be busy with the user's callbacks.
        lease.onLost(loss -> session.fail(), executor);
        boolean stopping;
        synchronized (this) {
            place.opened.complete(Optional.of(session));
            stopping = !running;
        }
        if (stopping) {
            session.drain();
        }
    }

    private SessionHandler<E> handler(HeldLease lease) {
        try {
            lease.requireSafe();
            return Objects.requireNonNull(factory.open(lease), "The factory opened no session");
        } catch (Throwable e) {
            lease.close();
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            throw new SessionOpenException(lease.streamId(), e);
        }
    }

    private void ended(Place<E> place, Session<E> session, SessionEnd<E> end) {
        boolean releasedInBatch;
        synchronized (this) {
            releasedInBatch = place.releasedInBatch;
        }
        try {
            if (!releasedInBatch) {
                session.lease().close();
                free(end.streamId(), place);
            }
            onEnd.accept(end);
        } catch (Throwable e) {
            LOG.error("The listener for the end of the session of stream {} failed", end.streamId(), e);
        } finally {
            place.over.complete(null);
        }
    }

    private void free(String streamId, Place<E> place) {
        synchronized (this) {
            places.remove(streamId, place);
        }
    }

    /** The sessions there are, and their states. Streams whose lease is being asked for are not among them. */
    public synchronized Map<String, SessionState> sessions() {
        Map<String, SessionState> states = new HashMap<>();
        places.forEach(
                (streamId, place) -> place.session().ifPresent(session -> states.put(streamId, session.state())));
        return states;
    }

    /**
     * Stops the session of a stream at once: interrupts its handler, tells of the events left unhandled with its end,
     * releases its lease and frees its place. Returns without waiting for that.
     *
     * @param streamId the stream
     * @return whether it had a session
     */
    public boolean stop(String streamId) {
        Optional<Session<E>> session;
        synchronized (this) {
            session = Optional.ofNullable(places.get(streamId)).flatMap(Place::session);
        }
        session.ifPresent(Session::stop);
        return session.isPresent();
    }

    /**
     * Stops the sessions that have waited for an event for longer than the idle time-out, so that others can have their
     * places and other workers their streams. Returns without waiting for that; call it now and then.
     *
     * @return how many
     */
    public int evictIdle() {
        long idleSince = runtime.nanoTime() - idleTimeout.toNanos();
        List<Session<E>> all;
        synchronized (this) {
            all = places.values().stream()
                    .flatMap(place -> place.session().stream())
                    .toList();
        }
        return (int) all.stream()
                .filter(session -> session.drainIfIdleSince(idleSince))
                .count();
    }

    /**
     * Stops all sessions for good: takes no more events, lets each session handle those it has for up to the drain
     * time-out, interrupts what is left then, and releases all leases with one call for each thousand. Blocks until that
     * is done. The stream of a handler that ignores its interruption for as long again is released when the handler
     * returns; until then its lease is kept alive, while the client is open. If the client is closed meanwhile, and the
     * handler does not return in time either, the lease {@linkplain StreamLockClient#close() runs out by itself}. Not to be
     * called by a handler, for which it would wait. Does nothing the second time.
     */
    public void drainAll() {
        Map<String, Place<E>> all;
        synchronized (this) {
            if (!running) {
                return;
            }
            running = false;
            all = new HashMap<>(places);
            all.values()
                    .forEach(place -> place.releasedInBatch = place.session().isPresent());
        }
        List<Session<E>> sessions = sessionsAt(all.values());
        sessions.forEach(Session::drain);
        boolean over = awaitAll(all.values());
        if (!over) {
            // With those that were being opened meanwhile.
            sessionsAt(all.values()).forEach(Session::stop);
            over = awaitAll(all.values());
        }
        List<HeldLease> ended = new ArrayList<>();
        synchronized (this) {
            all.forEach((streamId, place) -> {
                Optional<Session<E>> session = place.session().filter(one -> place.releasedInBatch);
                // Not those whose handler still works: another worker would work beside it.
                place.releasedInBatch =
                        session.isPresent() && session.get().ended().isDone();
                if (place.releasedInBatch) {
                    ended.add(session.get().lease());
                    places.remove(streamId, place);
                }
            });
        }
        client.release(ended);
        if (over) {
            executor.shutdown();
        } else {
            LOG.warn("Some handlers ignore that they are interrupted; their streams are released when they return,"
                    + " or their leases run out if the client is closed before");
        }
    }

    private static <E> List<Session<E>> sessionsAt(Collection<Place<E>> places) {
        return places.stream().flatMap(place -> place.session().stream()).toList();
    }

    private boolean awaitAll(Collection<Place<E>> places) {
        return await(places.stream().map(place -> place.over).toList());
    }

    private boolean await(List<? extends CompletableFuture<?>> futures) {
        try {
            return runtime.await(CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new)), drainTimeout);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** As {@link #drainAll()}. */
    @Override
    public void close() {
        drainAll();
    }

    /**
     * The settings of a {@link SessionRegistry}. Not thread-safe.
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

        /** The most sessions at a time; 32 by default. */
        public Builder<E> maxConcurrentSessions(int most) {
            this.maxConcurrentSessions = positive(most, "maxConcurrentSessions");
            return this;
        }

        /** The most events that wait in a session; 1000 by default. */
        public Builder<E> queueCapacity(int most) {
            this.queueCapacity = positive(most, "queueCapacity");
            return this;
        }

        /** How long a session may wait for an event before {@link SessionRegistry#evictIdle()} stops it; 1 min by default. */
        public Builder<E> idleTimeout(Duration time) {
            this.idleTimeout = notNegative(time, "idleTimeout");
            return this;
        }

        /** How long {@link SessionRegistry#drainAll()} lets sessions handle what they have; 10 s by default. */
        public Builder<E> drainTimeout(Duration time) {
            this.drainTimeout = notNegative(time, "drainTimeout");
            return this;
        }

        /** Told of the end of each session, once, on a thread of the registry. */
        public Builder<E> onEnd(Consumer<SessionEnd<E>> told) {
            this.onEnd = Objects.requireNonNull(told, "told");
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

package io.streamlocks.client.session;

import io.streamlocks.client.CoordinatorRefusedException;
import io.streamlocks.client.CoordinatorUnavailableException;
import io.streamlocks.client.GroupMember;
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
import java.util.function.Supplier;
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

    /** How long a call waits without a group, and how long a stream is wanted after an event without a poll loop. */
    static final Duration CALL = Duration.ofSeconds(5);

    /** How often a member of a group can change its places in queues. */
    private static final int CALLS_PER_BEAT = 4;

    private final StreamLockClient client;
    private final Duration idleTimeout;
    private final Duration drainTimeout;
    private final SessionRuntime runtime;
    private final ExecutorService executor;
    private final StreamClaims<E> claims;
    private final LeaseSource leases;
    private final SessionOpener<E> opener;

    SessionRegistry(SessionRegistryBuilder<E> builder) {
        this.client = builder.client;
        this.idleTimeout = builder.idleTimeout;
        this.drainTimeout = builder.drainTimeout;
        this.runtime = builder.runtime;
        this.executor = runtime.newExecutor();
        this.claims = new StreamClaims<>(builder.maxConcurrentSessions);
        this.leases = builder.group.isEmpty() ? single() : ofGroup(builder, client.group(builder.group.get()));
        this.opener = new SessionOpener<>(
                claims, leases, builder.factory, builder.queueCapacity, builder.onEnd, executor, runtime);
    }

    private LeaseSource single() {
        return new SingleLeases(client, new AwaitedStreams(client, claims::room, () -> CALL, executor, runtime));
    }

    private LeaseSource ofGroup(SessionRegistryBuilder<E> builder, GroupMember member) {
        Supplier<Duration> callTime = () -> member.interval().dividedBy(CALLS_PER_BEAT);
        AwaitedStreams awaited = new AwaitedStreams(client, claims::room, callTime, executor, runtime);
        return new GroupLeases<>(
                member,
                awaited,
                new Holdings<>(client, claims, awaited, builder.handOverTimeout, runtime),
                builder.maxConcurrentSessions,
                executor,
                runtime,
                builder.random);
    }

    /**
     * Begins to set up a registry.
     *
     * @param client acquires and keeps the leases; the caller closes it, after the registry
     * @param factory opens the sessions
     * @param <E> an event
     */
    public static <E> SessionRegistryBuilder<E> builder(StreamLockClient client, SessionFactory<E> factory) {
        return new SessionRegistryBuilder<>(client, factory);
    }

    /**
     * Hands an event to the session of its stream, and opens the session if there is none. This returns at once for a
     * stream that has a session. Otherwise it blocks for the acquire, as {@link StreamLockClient#tryAcquire} does, and
     * for the factory. Concurrent calls for one stream wait for the same acquire. With a group, this acquires as many
     * streams as the worker lacks to its share, and the event is {@link RouteResult#LOCKED} until its stream is among
     * them.
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
        if (claims.session(streamId).isEmpty()) {
            leases.prepare(List.of(streamId), CALL);
        }
        return open(streamId, event);
    }

    private RouteResult open(String streamId, E event) {
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

    /** Takes note that streams have events, as {@link LeaseSource#prepare} says, before all of them are routed. */
    void prepare(Collection<String> streamIds, Duration time) {
        leases.prepare(streamIds, time);
    }

    /**
     * Routes an event as {@link #route} does, after {@link #prepare}. If there is no lease of the stream to be had, as
     * while the registry {@linkplain #want waits} for it, this makes no call, and the event is {@link
     * RouteResult#LOCKED}. When the stream was granted, this opens its session.
     */
    RouteResult routePrepared(String streamId, E event) {
        boolean isOffered = claims.session(streamId).isPresent() || leases.offers(streamId);
        return isOffered ? open(streamId, event) : RouteResult.LOCKED;
    }

    /** Takes note, without blocking, that streams had events and no lease, as {@link LeaseSource#want} says. */
    void want(Collection<String> streamIds, Duration time) {
        leases.want(streamIds, time);
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
        leases.close();
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
}

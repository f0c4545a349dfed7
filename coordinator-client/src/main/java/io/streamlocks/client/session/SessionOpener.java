package io.streamlocks.client.session;

import io.streamlocks.client.HeldLease;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens the session of a claimed stream under the lease of the stream, and gives both back when the session ends.
 *
 * <p>This class is thread-safe.
 */
final class SessionOpener<E> {

    private static final Logger LOG = LoggerFactory.getLogger(SessionOpener.class);

    private final StreamClaims<E> claims;
    private final LeaseSource leases;
    private final SessionFactory<E> factory;
    private final int queueCapacity;
    private final Consumer<SessionEnd<E>> onEnd;
    private final ExecutorService executor;
    private final SessionRuntime runtime;

    SessionOpener(
            StreamClaims<E> claims,
            LeaseSource leases,
            SessionFactory<E> factory,
            int queueCapacity,
            Consumer<SessionEnd<E>> onEnd,
            ExecutorService executor,
            SessionRuntime runtime) {
        this.claims = claims;
        this.leases = leases;
        this.factory = factory;
        this.queueCapacity = queueCapacity;
        this.onEnd = onEnd;
        this.executor = executor;
        this.runtime = runtime;
    }

    /** Acquires the lease of a stream and opens its session. The outcome, or the failure, is in the place. */
    void open(String streamId, Place<E> place) {
        try {
            Optional<HeldLease> lease = leases.acquire(streamId);
            if (lease.isEmpty()) {
                claims.free(streamId, place);
                place.opened().complete(Optional.empty());
                place.over().complete(null);
                return;
            }
            place.holds(lease.get());
            HeldLease.Use use = lease.get().use();
            try {
                open(lease.get(), place);
            } finally {
                use.close();
            }
        } catch (RuntimeException | Error e) {
            claims.free(streamId, place);
            place.opened().completeExceptionally(e);
            place.over().complete(null);
        }
    }

    private void open(HeldLease lease, Place<E> place) {
        Session<E> session = new Session<>(lease, handler(lease), executor, queueCapacity, runtime);
        session.ended().thenAccept(end -> ended(place, session, end));
        // The client's callback executor may be busy with callbacks of the user, so this uses the registry's own.
        lease.onLost(loss -> session.fail(), executor);
        boolean stopping = claims.open(place, session);
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
        boolean releasedTogether = claims.isReleasedTogether(place);
        try {
            if (!releasedTogether) {
                session.lease().close();
                claims.free(end.streamId(), place);
            }
            onEnd.accept(end);
        } catch (Throwable e) {
            LOG.error("The listener for the end of the session of stream {} failed", end.streamId(), e);
        } finally {
            place.over().complete(null);
        }
    }
}

package io.streamlocks.client.session;

import io.streamlocks.client.HeldLease;
import io.streamlocks.client.StreamLockClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The streams that a registry with a group holds: those of its sessions, and those whose leases wait for an event. A
 * session that hands its stream over has some time to handle the events that it has, and is stopped then.
 *
 * <p>This class is thread-safe. Nothing but {@link #release} blocks.
 */
final class Holdings<E> {

    private final StreamLockClient client;
    private final StreamClaims<E> claims;
    private final AwaitedStreams awaited;
    private final long handOverNanos;
    private final SessionRuntime runtime;

    /** When each session that hands its stream over is stopped. It is guarded by this. */
    private final Map<Session<E>, Long> deadlines = new HashMap<>();

    /** @param handOverTimeout how long a session that hands its stream over may handle the events that it has */
    Holdings(
            StreamLockClient client,
            StreamClaims<E> claims,
            AwaitedStreams awaited,
            Duration handOverTimeout,
            SessionRuntime runtime) {
        this.client = client;
        this.claims = claims;
        this.awaited = awaited;
        this.handOverNanos = handOverTimeout.toNanos();
        this.runtime = runtime;
    }

    /** Returns all streams that it holds, also those that it is handing over. */
    Set<String> streams() {
        // A lease that moves from one to the other meanwhile is in both.
        Set<String> held = new HashSet<>(awaited.granted().keySet());
        held.addAll(claims.leases().keySet());
        return held;
    }

    /** Returns how many others wait for each stream that it holds and is not handing over. */
    Map<String, Integer> waiting() {
        Map<String, Integer> waiting = new HashMap<>();
        awaited.granted().forEach((streamId, lease) -> waiting.put(streamId, lease.waiting()));
        claims.leasesAtWork().forEach((streamId, lease) -> waiting.put(streamId, lease.waiting()));
        return waiting;
    }

    /**
     * Begins to hand a stream over. A lease without a session is added to those that the caller must release.
     *
     * @return whether the stream is held, and was not being handed over
     */
    boolean handOver(String streamId, Collection<HeldLease> unused) {
        Optional<HeldLease> withoutSession = awaited.take(streamId);
        if (withoutSession.isPresent()) {
            unused.add(withoutSession.get());
            return true;
        }
        Optional<Session<E>> session = claims.session(streamId);
        if (session.isEmpty() || !session.get().handOver()) {
            return false;
        }
        synchronized (this) {
            deadlines.put(session.get(), runtime.nanoTime() + handOverNanos);
        }
        return true;
    }

    /** Releases leases, with one call for each thousand. */
    void release(Collection<HeldLease> leases) {
        client.release(leases);
    }

    /** Returns the time until a session has to be stopped. */
    synchronized long nanosToDeadline() {
        deadlines.keySet().removeIf(session -> session.ended().isDone());
        long now = runtime.nanoTime();
        return deadlines.values().stream()
                .mapToLong(deadline -> deadline - now)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    /** Stops the sessions whose time is up. */
    void stopOverdue() {
        List<Session<E>> overdue = new ArrayList<>();
        synchronized (this) {
            long now = runtime.nanoTime();
            deadlines.entrySet().removeIf(one -> one.getValue() - now <= 0 && overdue.add(one.getKey()));
        }
        overdue.forEach(Session::stop);
    }
}

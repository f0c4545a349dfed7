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
import java.util.stream.Stream;

/**
 * The streams that a registry with a group holds: those of its sessions, and those whose leases wait for an event. Many
 * streams are handed over a few at a time. A session that hands its stream over has some time to handle the events that
 * it has, and is stopped then.
 *
 * <p>This class is thread-safe. Only {@link #handOver} and {@link #keepTime} block: they release leases without a
 * session, with one call for each thousand.
 */
final class Holdings<E> {

    /**
     * A wait of another worker ends with its first grants, and it needs some time to begin the next. Streams that are
     * released meanwhile have no holder.
     */
    private static final long STEP_NANOS = Duration.ofMillis(50).toNanos();

    private final StreamLockClient client;
    private final StreamClaims<E> claims;
    private final AwaitedStreams awaited;
    private final long handOverNanos;
    private final SessionRuntime runtime;

    // Both are guarded by this.

    /** When the hand-over of each stream begins that has not begun. */
    private final Map<String, Long> begins = new HashMap<>();

    /** When each session that hands its stream over is stopped. */
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
        synchronized (this) {
            waiting.keySet().removeAll(begins.keySet());
        }
        return waiting;
    }

    /**
     * Hands streams over: the first now, and the others evenly within some time.
     *
     * @param streamIds streams that it holds, as a rule
     * @param within the longest time until the last hand-over begins
     */
    void handOver(Collection<String> streamIds, Duration within) {
        long steps = Math.max(1, within.toNanos() / STEP_NANOS);
        long perStep = (streamIds.size() + steps - 1) / steps;
        synchronized (this) {
            long now = runtime.nanoTime();
            long number = 0;
            for (String streamId : streamIds) {
                begins.put(streamId, now + number / perStep * STEP_NANOS);
                number++;
            }
        }
        keepTime();
    }

    /** Returns the time until {@link #keepTime} has something to do. */
    synchronized long nanosToNext() {
        deadlines.keySet().removeIf(session -> session.ended().isDone());
        long now = runtime.nanoTime();
        return Stream.concat(begins.values().stream(), deadlines.values().stream())
                .mapToLong(time -> time - now)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    /** Begins the hand-overs that are due, and stops the sessions whose time is up. */
    void keepTime() {
        List<String> due;
        List<Session<E>> overdue;
        synchronized (this) {
            due = removeDue(begins);
            overdue = removeDue(deadlines);
        }
        overdue.forEach(Session::stop);
        client.release(
                due.stream().flatMap(streamId -> begin(streamId).stream()).toList());
    }

    /** Returns the keys whose time has come, and removes them. */
    private <K> List<K> removeDue(Map<K, Long> times) {
        List<K> due = new ArrayList<>();
        long now = runtime.nanoTime();
        times.entrySet().removeIf(one -> one.getValue() - now <= 0 && due.add(one.getKey()));
        return due;
    }

    /** Begins to hand a stream over, if it is still held. Returns the lease to release: one that has no session. */
    private Optional<HeldLease> begin(String streamId) {
        Optional<HeldLease> withoutSession = awaited.take(streamId);
        if (withoutSession.isEmpty()) {
            claims.session(streamId).filter(Session::handOver).ifPresent(session -> {
                synchronized (this) {
                    deadlines.put(session, runtime.nanoTime() + handOverNanos);
                }
            });
        }
        return withoutSession;
    }
}

package io.streamlocks.client.session;

import io.streamlocks.client.HeldLease;
import io.streamlocks.client.StreamLockClient;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.stream.LongStream;

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
     * A wait of another worker ends with its first grants, and the worker needs some time to begin the next one.
     * Streams that are released meanwhile have no holder.
     */
    private static final long STEP_NANOS = Duration.ofMillis(50).toNanos();

    private final StreamLockClient client;
    private final StreamClaims<E> claims;
    private final AwaitedStreams awaited;
    private final long handOverNanos;
    private final SessionRuntime runtime;

    // All of these are guarded by this.

    /** The streams whose hand-over is decided and has not begun, and how many of them begin with each step. */
    private final Queue<String> planned = new ArrayDeque<>();

    private int perStep;
    private long nextStepNanos;

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
            planned.forEach(waiting::remove);
        }
        return waiting;
    }

    /**
     * Hands streams over: the first now, and the others within some time. A step that comes late does not begin more of
     * them, because those who wait may be as slow.
     *
     * @param streamIds streams that it holds, as a rule
     * @param within the time until the last hand-over begins
     */
    void handOver(Collection<String> streamIds, Duration within) {
        long steps = Math.max(1, within.toNanos() / STEP_NANOS);
        synchronized (this) {
            planned.addAll(streamIds);
            perStep = (int) ((planned.size() + steps - 1) / steps);
            nextStepNanos = runtime.nanoTime();
        }
        keepTime();
    }

    /** Forgets the hand-overs that have not begun. The next report decides again. */
    synchronized void forgetPlanned() {
        planned.clear();
    }

    /** Returns the time until {@link #keepTime} has something to do. */
    synchronized long nanosToNext() {
        deadlines.keySet().removeIf(session -> session.ended().isDone());
        long now = runtime.nanoTime();
        LongStream step = planned.isEmpty() ? LongStream.empty() : LongStream.of(nextStepNanos);
        return LongStream.concat(step, deadlines.values().stream().mapToLong(deadline -> deadline))
                .map(time -> time - now)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    /** Begins the hand-overs that are due, and stops the sessions whose time is up. */
    void keepTime() {
        List<String> due = new ArrayList<>();
        List<Session<E>> overdue = new ArrayList<>();
        synchronized (this) {
            long now = runtime.nanoTime();
            if (nextStepNanos - now <= 0) {
                for (int i = 0; i < perStep && !planned.isEmpty(); i++) {
                    due.add(planned.remove());
                }
                nextStepNanos = now + STEP_NANOS;
            }
            deadlines.entrySet().removeIf(one -> one.getValue() - now <= 0 && overdue.add(one.getKey()));
        }
        List<HeldLease> unused = new ArrayList<>();
        try {
            due.forEach(streamId -> begin(streamId).ifPresent(unused::add));
            overdue.forEach(Session::stop);
        } finally {
            client.release(unused);
        }
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

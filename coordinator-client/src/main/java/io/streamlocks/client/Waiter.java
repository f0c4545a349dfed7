package io.streamlocks.client;

import io.streamlocks.client.LeaseCalls.Acquire;
import io.streamlocks.client.LeaseCalls.Acquired;
import io.streamlocks.client.QueuePlaces.Answer;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for streams that other owners have, in the order of arrival. It has a place in the queue of each stream, and
 * keeps the places from one {@link #await} to the next if less than 5 s pass in between. {@link
 * StreamLockClient#newWaiter()} returns one. To wait once, {@link StreamLockClient#acquireAny} is simpler.
 *
 * <p>A place is identified by a lease id. The coordinator answers a call after 20 s at the latest, and the client then
 * repeats it with the same lease ids, and so keeps the places. It does the same if the call fails, so that the places
 * survive a server that stops.
 *
 * <p>This class is thread-safe. One thread at a time may wait.
 */
public final class Waiter implements AutoCloseable {

    /** The longest time for which the coordinator waits before it answers. */
    static final Duration LONGEST_CALL = Duration.ofSeconds(20);

    /** The longest pause before a call is repeated, because a place is kept for 5 s. */
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

    private static final Logger LOG = LoggerFactory.getLogger(Waiter.class);

    private final Waiters client;
    private final ClientRuntime runtime;
    private final LeaseTerms terms;

    // These belong to the thread that waits. While none does, they are guarded by this.
    private final QueuePlaces places;
    private Optional<LeaseCalls> connection = Optional.empty();

    /** The thread that waits; null if there is none. It is guarded by this. */
    private @Nullable Thread waiting;

    private volatile boolean closed;

    Waiter(Waiters client, LeaseTerms terms) {
        this.client = client;
        this.runtime = client.runtime();
        this.terms = terms;
        this.places = client.newPlaces(terms);
    }

    /**
     * Waits until this client is granted at least one of the streams. If the coordinator gives no usable answer, this
     * repeats the call with pauses until the time is up. It blocks for at most the given time, and a few seconds more
     * if the coordinator does not answer.
     *
     * <p>If the thread is interrupted, this returns an empty list at once, and the thread stays interrupted. If another
     * thread closes this waiter, it returns an empty list as well.
     *
     * @param streamIds the streams, from 1 to 1000. If the waiter has a place of a stream that is not among them, it
     *     gives that place up. It has no place of the streams that it was granted any more
     * @param atMost the longest time to wait, not negative; zero to ask once
     * @return the leases that were granted; empty if the time is up
     * @throws CoordinatorUnavailableException if there was no usable answer when the time was up
     * @throws CoordinatorRefusedException if the coordinator refused to grant one of the streams, for example because
     *     its id is not printable, and has granted none
     * @throws IllegalArgumentException if a stream id has over 255 characters or half of a surrogate pair, if there are
     *     no streams or too many, or if the time is negative
     * @throws IllegalStateException if the client or this waiter is closed, or another thread waits
     */
    public List<HeldLease> await(Collection<String> streamIds, Duration atMost) {
        Set<String> streams = new LinkedHashSet<>(streamIds);
        if (streams.isEmpty() || streams.size() > ContractLimits.MAX_BATCH) {
            throw new IllegalArgumentException("A wait must name from 1 to " + ContractLimits.MAX_BATCH + " streams");
        }
        streams.forEach(Acquirer::requireStreamId);
        if (atMost.isNegative()) {
            throw new IllegalArgumentException("atMost must not be negative");
        }
        client.admission().enter();
        try {
            begin();
            try {
                return awaitGrant(streams, atMost);
            } finally {
                end();
            }
        } finally {
            client.admission().leave();
        }
    }

    /**
     * Returns the first of these streams that fit into one {@link #await}: at most 1000. Fewer fit into the request if
     * their ids or the labels of the client are long.
     */
    public List<String> fitting(Collection<String> streamIds) {
        List<List<String>> chunks =
                LeaseCalls.chunks(streamIds, streamId -> streamId, terms.owner().bytes());
        return chunks.isEmpty() ? List.of() : chunks.get(0);
    }

    private synchronized void begin() {
        if (closed) {
            throw new IllegalStateException("The waiter is closed");
        }
        if (waiting != null) {
            throw new IllegalStateException("Another thread waits");
        }
        waiting = Thread.currentThread();
    }

    private synchronized void end() {
        waiting = null;
        if (closed) {
            giveUpAll();
        }
    }

    private List<HeldLease> awaitGrant(Set<String> streams, Duration atMost) {
        long began = runtime.nanoTime();
        long atMostNanos = saturatedNanos(atMost);
        boolean failing = false;
        // Calls in a row that were answered long before their time without a grant. They must not follow at once.
        int early = 0;
        while (!isOver()) {
            long wait = Math.min(LONGEST_CALL.toNanos(), left(began, atMostNanos));
            long sent = runtime.nanoTime();
            Answer answer = call(streams, Duration.ofMillis(wait / 1_000_000));
            if (!answer.granted().isEmpty()) {
                Duration took = Duration.ofNanos(runtime.nanoTime() - began);
                answer.granted().forEach(lease -> client.notices()
                        .tell(to -> to.acquired(lease.streamId(), lease.fencingToken(), took)));
                return answer.granted();
            }
            if (isOver()) {
                break;
            }
            early = runtime.nanoTime() - sent < wait / 2 ? early + 1 : 0;
            long pause = early == 0
                    ? 0
                    : Math.min(LONGEST_PAUSE.toNanos(), client.pause(early).toNanos());
            pause = Math.max(pause, answer.pause().toNanos());
            if (answer.failure().isPresent()) {
                StreamLockException failure = answer.failure().get();
                if (failure instanceof CoordinatorRefusedException || left(began, atMostNanos) <= pause) {
                    Duration took = Duration.ofNanos(runtime.nanoTime() - began);
                    streams.forEach(stream -> client.notices().tell(to -> to.acquireFailed(stream, failure, took)));
                    throw failure;
                }
                if (!failing) {
                    LOG.warn(
                            "The wait for {} streams has no usable answer, trying again: {}: {}",
                            streams.size(),
                            BackgroundReleases.named(streams),
                            failure.toString());
                }
            }
            failing = answer.failure().isPresent();
            pause(Math.min(pause, left(began, atMostNanos)));
            if (left(began, atMostNanos) == 0) {
                Duration took = Duration.ofNanos(runtime.nanoTime() - began);
                streams.forEach(stream -> client.notices().tell(to -> to.denied(stream, took)));
                return List.of();
            }
        }
        if (client.admission().isClosed()) {
            throw Admission.closedClient();
        }
        return List.of();
    }

    private static long saturatedNanos(Duration time) {
        Duration longest = Duration.ofNanos(Long.MAX_VALUE);
        return time.compareTo(longest) < 0 ? time.toNanos() : Long.MAX_VALUE;
    }

    /** Returns the time that is left, in whole milliseconds, because calls wait for no less. */
    private long left(long began, long atMostNanos) {
        long left = atMostNanos - (runtime.nanoTime() - began);
        return Math.max(0, left - left % 1_000_000);
    }

    /** Returns whether there is a reason to wait no longer, whatever the time. */
    private boolean isOver() {
        return closed || Thread.currentThread().isInterrupted();
    }

    private void pause(long nanos) {
        long began = runtime.nanoTime();
        for (long left = nanos; left > 0 && !isOver(); left = nanos - (runtime.nanoTime() - began)) {
            runtime.park(this, left);
        }
    }

    private Answer call(Set<String> streams, Duration wait) {
        List<Acquire> asked = places.ask(streams);
        LeaseCalls used = connection.orElseGet(client::connection);
        connection = Optional.of(used);
        WaitingCall<List<Acquired>> call =
                WaitingCall.send("stream-lock-wait", () -> used.acquireAll(asked, wait), wait, runtime);
        Duration patience = client.timing().waitTimeout();
        if (!call.await(patience, this::isOver)) {
            // The end of the connection ends the call. The coordinator notices it and removes the places.
            connection = Optional.empty();
            if (isOver()) {
                used.close();
            } else {
                used.abandon(patience, QueuePlaces.noAnswer());
            }
            return places.unanswered();
        }
        List<Acquired> outcomes;
        try {
            outcomes = call.answer();
        } catch (StreamLockException e) {
            return places.failed(e);
        }
        return places.answered(outcomes, call.sentNanos());
    }

    private void giveUpAll() {
        places.giveUpAll();
        connection.ifPresent(client::giveBack);
        connection = Optional.empty();
        client.remove(this);
    }

    /**
     * Gives up all places, and ends the wait of another thread, which then returns an empty list. If a lease is granted
     * at the same moment, either that thread returns it, or the client releases it. This does not block. Closing again
     * does nothing.
     */
    @Override
    public void close() {
        Thread thread;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            thread = waiting;
            if (thread == null) {
                giveUpAll();
            }
        }
        if (thread != null) {
            runtime.unpark(thread);
        }
    }
}

package io.streamlocks.coordinator.lock.waiting;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A call that waits, and the outcomes of its requests so far. It ends once, with its first grant, with the end of its
 * time, because its client has gone, or because the server stops. This class is thread-safe.
 */
final class WaitingCall {

    /**
     * The storage grants a place for this much longer than its call waits, so that the place is still good when the
     * server ends the call in time.
     */
    static final Duration SLACK = Duration.ofSeconds(1);

    private final UUID id = UUID.randomUUID();
    private final String caller;
    private final long arrivedNanos;
    private final long untilNanos;
    private final CompletableFuture<List<AcquireOutcome>> outcomes = new CompletableFuture<>();

    /** The latest outcome of each request. This call guards them. */
    private final List<AcquireOutcome> latest = new ArrayList<>();

    /** The requests that wait. This call guards them. */
    private List<Wait> waits = List.of();

    private boolean ended;
    private boolean keepsPlaces;

    /**
     * @param caller identifies the caller
     * @param arrivedNanos when the call arrived
     * @param untilNanos until when it waits
     */
    WaitingCall(String caller, long arrivedNanos, long untilNanos) {
        this.caller = caller;
        this.arrivedNanos = arrivedNanos;
        this.untilNanos = untilNanos;
    }

    UUID id() {
        return id;
    }

    String caller() {
        return caller;
    }

    long arrivedNanos() {
        return arrivedNanos;
    }

    long untilNanos() {
        return untilNanos;
    }

    /** Returns how long the storage may grant a place of this call. */
    Duration placeTime(long nowNanos) {
        long left = Math.max(0, untilNanos - nowNanos);
        return Duration.ofMillis(TimeUnit.NANOSECONDS.toMillis(left)).plus(SLACK);
    }

    /** Returns the future that the client waits for. */
    CompletableFuture<List<AcquireOutcome>> outcomes() {
        return outcomes;
    }

    /**
     * Begins to wait.
     *
     * @param soFar the outcomes so far, one per request
     * @param waiting the requests that wait
     */
    synchronized void begin(List<AcquireOutcome> soFar, List<Wait> waiting) {
        latest.addAll(soFar);
        waits = waiting;
    }

    /**
     * Ends the call, whose requests then wait no longer.
     *
     * @param keeps whether its places are kept for the client's next call
     * @return whether it had not ended before
     */
    synchronized boolean end(boolean keeps) {
        if (ended) {
            return false;
        }
        ended = true;
        keepsPlaces = keeps;
        return true;
    }

    /** Returns whether the places of a call that has ended are kept. */
    synchronized boolean keepsPlaces() {
        return keepsPlaces;
    }

    synchronized boolean hasEnded() {
        return ended;
    }

    /** Returns the requests that it began to wait with. */
    synchronized List<Wait> waits() {
        return waits;
    }

    synchronized void decide(int index, AcquireOutcome outcome) {
        latest.set(index, outcome);
    }

    /** Returns whether a request is still without a final outcome. */
    synchronized boolean isOpen(Wait wait) {
        AcquireOutcome outcome = latest.get(wait.index());
        return WaitingRoom.mayWait(outcome) || LeaveReports.isUndone(outcome);
    }

    /** Responds with the latest outcomes. */
    void respond() {
        List<AcquireOutcome> all;
        synchronized (this) {
            all = List.copyOf(latest);
        }
        outcomes.complete(all);
    }
}

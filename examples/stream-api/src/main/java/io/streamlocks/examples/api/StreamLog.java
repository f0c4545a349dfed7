package io.streamlocks.examples.api;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * One stream: the events to process, and the events that were published. This class is thread-safe.
 *
 * <p>This is the resource to which workers write, so it contains the fence. It refuses a token that is lower than the
 * highest token so far.
 */
public final class StreamLog {

    /**
     * An accepted request.
     *
     * @param number the number of the event, from 1; 0 if a worker opened the stream
     * @param fencingToken the token of the request
     * @param workerId the worker
     */
    public record Entry(long number, long fencingToken, String workerId) {}

    private final boolean fenced;
    private final Duration repeat;
    private final List<Entry> entries = new ArrayList<>();
    private long available;
    private long position;
    private long highestToken;
    private long refused;
    private long acceptedNanos;

    /** @param repeat for how long {@link #pending} also returns the last accepted event */
    StreamLog(boolean fenced, Duration repeat) {
        this.fenced = fenced;
        this.repeat = repeat;
    }

    /** Adds an event to process. */
    synchronized void append() {
        available++;
    }

    /** Returns the numbers of the next events. Returns an empty list if all are accepted, and none is repeated. */
    synchronized List<Long> pending(int most) {
        List<Long> numbers = new ArrayList<>();
        boolean repeats = position > 0 && System.nanoTime() - acceptedNanos < repeat.toNanos();
        for (long number = position + (repeats ? 0 : 1); number <= available && numbers.size() < most; number++) {
            numbers.add(number);
        }
        return numbers;
    }

    /**
     * Raises the fence and reads the position in one step. Without this, the previous holder could still publish
     * between the read of the position and the first publish of the new holder.
     *
     * @return the number of the last accepted event, or -1 if the token is stale
     */
    synchronized long open(long fencingToken, String workerId) {
        return passes(fencingToken, 0, workerId) ? position : -1;
    }

    /** Publishes a processed event. Returns false if the token is stale. */
    synchronized boolean publish(long number, long fencingToken, String workerId) {
        if (number < 1 || number > position + 1) {
            throw new IllegalArgumentException(
                    "Event " + number + " is not the next one: the last accepted event is " + position);
        }
        if (!passes(fencingToken, number, workerId)) {
            return false;
        }
        position = Math.max(position, number);
        acceptedNanos = System.nanoTime();
        return true;
    }

    private boolean passes(long fencingToken, long number, String workerId) {
        if (fenced && fencingToken < highestToken) {
            refused++;
            return false;
        }
        highestToken = Math.max(highestToken, fencingToken);
        entries.add(new Entry(number, fencingToken, workerId));
        return true;
    }

    /** Returns the number of the last accepted event. All events before it are accepted as well. */
    public synchronized long position() {
        return position;
    }

    /** Returns the number of requests that the fence refused. */
    public synchronized long refused() {
        return refused;
    }

    /** Returns all accepted requests in order. */
    public synchronized List<Entry> entries() {
        return List.copyOf(entries);
    }
}

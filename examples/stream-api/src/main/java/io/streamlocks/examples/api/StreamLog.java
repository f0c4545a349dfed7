package io.streamlocks.examples.api;

import java.util.ArrayList;
import java.util.List;

/**
 * One stream: the events that are there to be processed, and what was published of them. Thread-safe.
 *
 * <p>This is the resource that is written to, so this is where the fence stands: a token lower than the highest that was
 * seen is refused, whatever its sender believes.
 */
public final class StreamLog {

    /**
     * An effect that happened.
     *
     * @param number the event's number, from 1; 0 where a worker has opened the stream
     * @param fencingToken the token that came with it
     * @param workerId who it was
     */
    public record Entry(long number, long fencingToken, String workerId) {}

    private final boolean fenced;
    private final List<Entry> entries = new ArrayList<>();
    private long available;
    private long position;
    private long highestToken;
    private long refused;

    StreamLog(boolean fenced) {
        this.fenced = fenced;
    }

    /** One more event is there to be processed. */
    synchronized void append() {
        available++;
    }

    /** The numbers of the next events, at most so many; none if all are accepted. */
    synchronized List<Long> pending(int most) {
        List<Long> numbers = new ArrayList<>();
        for (long number = position + 1; number <= available && numbers.size() < most; number++) {
            numbers.add(number);
        }
        return numbers;
    }

    /**
     * Raises the fence and reads the position, in one. Without it, a worker that was slow to publish its first event
     * could be overtaken by the one before it, whose token nobody had outdone yet.
     *
     * @return the number of the last event that was accepted, or -1 if the token is stale
     */
    synchronized long open(long fencingToken, String workerId) {
        return passes(fencingToken, 0, workerId) ? position : -1;
    }

    /** Takes a processed event. Returns whether it was accepted, and not stale. */
    synchronized boolean publish(long number, long fencingToken, String workerId) {
        if (number < 1 || number > position + 1) {
            throw new IllegalArgumentException("Event " + number + " is not due; the last one was " + position);
        }
        if (!passes(fencingToken, number, workerId)) {
            return false;
        }
        position = Math.max(position, number);
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

    /** The last event that was accepted, all before it being so too. */
    public synchronized long position() {
        return position;
    }

    /** How many requests the fence has refused. */
    public synchronized long refused() {
        return refused;
    }

    /** All that happened, in order. */
    public synchronized List<Entry> entries() {
        return List.copyOf(entries);
    }
}

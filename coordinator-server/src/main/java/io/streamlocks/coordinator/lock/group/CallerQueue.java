package io.streamlocks.coordinator.lock.group;

import java.util.ArrayDeque;
import java.util.Deque;

/** The requests of one caller that wait in a lane. This class is not thread-safe. */
final class CallerQueue {

    private final String caller;
    private final Deque<Part<?, ?>> parts = new ArrayDeque<>();
    private int taken;
    private int gone;

    CallerQueue(String caller) {
        this.caller = caller;
    }

    String caller() {
        return caller;
    }

    /** Returns the waiting parts, the oldest first. */
    Deque<Part<?, ?>> parts() {
        return parts;
    }

    /** Counts a part that has left the queue. */
    void left(Part<?, ?> part) {
        gone += part.size();
    }

    /** Counts a part that has left the queue for a statement. */
    void served(Part<?, ?> part) {
        taken += part.size();
        left(part);
    }

    /** Puts the rest of a part that was {@link #served} in front of the queue. */
    void putBack(Part<?, ?> rest) {
        parts.addFirst(rest);
        taken -= rest.size();
        gone -= rest.size();
    }

    /** Returns the number of requests that have left since {@link #settle}. */
    int gone() {
        return gone;
    }

    /** Returns whether a statement has got any request since {@link #settle}. */
    boolean wasServed() {
        return taken > 0;
    }

    /** Starts counting again. */
    void settle() {
        taken = 0;
        gone = 0;
    }
}

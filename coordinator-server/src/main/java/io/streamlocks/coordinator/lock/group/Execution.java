package io.streamlocks.coordinator.lock.group;

import java.util.Optional;

/**
 * A statement that has ended, well or not.
 *
 * @param kind what it did
 * @param requests how many it carried out, of however many calls
 * @param beganNanos when it began, by {@link System#nanoTime}
 * @param endedNanos when it ended, by the same clock
 * @param failure what it met; empty if it went well
 */
public record Execution(Kind kind, int requests, long beganNanos, long endedNanos, Optional<Throwable> failure) {}

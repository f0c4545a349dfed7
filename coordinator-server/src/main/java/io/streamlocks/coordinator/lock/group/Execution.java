package io.streamlocks.coordinator.lock.group;

import io.streamlocks.coordinator.lock.StatementKind;
import java.util.Optional;

/**
 * A statement that has ended.
 *
 * @param kind its kind
 * @param requests the number of its requests, which may be of several calls
 * @param beganNanos when it began, by {@link System#nanoTime}
 * @param endedNanos when it ended, by the same clock
 * @param failure its error; empty if it succeeded
 */
public record Execution(StatementKind kind, int requests, long beganNanos, long endedNanos, Optional<Throwable> failure) {}

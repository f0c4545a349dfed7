package io.streamlocks.coordinator.lock.memory;

import java.time.Instant;
import java.time.InstantSource;

/**
 * A clock that starts at the time of day and then follows {@link System#nanoTime()}. Setting the clock of the machine
 * therefore neither shortens nor prolongs a lease. This class is thread-safe.
 */
public final class MonotonicClock implements InstantSource {

    private final Instant start = Instant.now();
    private final long startNanos = System.nanoTime();

    @Override
    public Instant instant() {
        return start.plusNanos(System.nanoTime() - startNanos);
    }
}

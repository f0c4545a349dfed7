package io.streamlocks.coordinator.limit;

import io.github.bucket4j.TimeMeter;
import java.util.function.LongSupplier;

/**
 * A monotonic clock for the buckets of a rate limit.
 *
 * @param nanoTime the clock, {@link System#nanoTime} outside of tests
 */
record MonotonicTime(LongSupplier nanoTime) implements TimeMeter {

    @Override
    public long currentTimeNanos() {
        return nanoTime.getAsLong();
    }

    @Override
    public boolean isWallClockBased() {
        return false;
    }
}

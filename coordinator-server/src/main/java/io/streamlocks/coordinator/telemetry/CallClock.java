package io.streamlocks.coordinator.telemetry;

import java.time.Instant;
import java.util.concurrent.TimeUnit;

/**
 * Converts times of {@link System#nanoTime} to times since 1970. The spans of a call nest correctly even if the clock
 * of the machine is set during the call.
 *
 * @param beganNanos when the call began, by {@link System#nanoTime}
 * @param beganEpochNanos the same time in nanoseconds since 1970
 */
record CallClock(long beganNanos, long beganEpochNanos) {

    static CallClock now() {
        Instant now = Instant.now();
        return new CallClock(System.nanoTime(), TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano());
    }

    long epochNanos(long nanos) {
        return beganEpochNanos + (nanos - beganNanos);
    }
}

package io.streamlocks.coordinator.telemetry;

import java.time.Instant;
import java.util.concurrent.TimeUnit;

/**
 * Dates what {@link System#nanoTime} has timed, so that the spans of a call fit into each other though somebody sets the
 * machine's clock meanwhile.
 *
 * @param beganNanos when the call began, by {@link System#nanoTime}
 * @param beganEpochNanos the same since 1970
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

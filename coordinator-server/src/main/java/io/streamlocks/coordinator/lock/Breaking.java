package io.streamlocks.coordinator.lock;

import java.time.Duration;

/**
 * How leases are broken.
 *
 * @param reason why, 1 to 255 printable characters; the holder hears it at the next renewal
 * @param by who breaks them, 1 to 255 characters
 * @param delay how long from now their streams are granted to nobody, in whole milliseconds up to {@link #MAX_DELAY}; zero
 *     for not at all. It is for holders that cannot be told to stop, and a resource that checks no fencing token
 */
public record Breaking(String reason, String by, Duration delay) {

    /** Below the shortest time after which {@link LockManager#purge} may forget a stream, and with it the delay. */
    public static final Duration MAX_DELAY = Duration.ofMinutes(1);
}

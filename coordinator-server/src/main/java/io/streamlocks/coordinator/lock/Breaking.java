package io.streamlocks.coordinator.lock;

import java.time.Duration;

/**
 * How an operator breaks leases.
 *
 * @param reason the reason, 1 to {@link Limits#MAX_ID_LENGTH} printable characters; the holder learns it at its next
 *     renewal
 * @param by the operator, 1 to {@link Limits#MAX_ID_LENGTH} characters
 * @param delay how long from now the streams are not granted, in whole milliseconds up to {@link
 *     Limits#MAX_BREAK_DELAY}; zero to open them immediately. A delay protects a resource that checks no fencing token
 *     from a holder that cannot be stopped
 */
public record Breaking(String reason, String by, Duration delay) {}

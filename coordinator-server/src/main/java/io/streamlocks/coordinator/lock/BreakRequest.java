package io.streamlocks.coordinator.lock;

import java.util.Optional;

/**
 * A request of an operator to end the lease of a worker.
 *
 * @param streamId the stream
 * @param expectedFencingToken the token of the lease to end, so that a lease that was granted after the operator looked
 *     stays; empty for any lease
 * @param ownerPrefix the prefix that the owner of the lease must have, empty for any; the lease of another owner stays,
 *     and the outcome is {@link BreakOutcome.NotLocked}
 * @param breaking the reason, the operator, and how long the stream stays closed
 */
public record BreakRequest(
        String streamId, Optional<Long> expectedFencingToken, String ownerPrefix, Breaking breaking) {

    /** Creates a request for the lease of any owner. */
    public BreakRequest(String streamId, Optional<Long> expectedFencingToken, Breaking breaking) {
        this(streamId, expectedFencingToken, "", breaking);
    }
}

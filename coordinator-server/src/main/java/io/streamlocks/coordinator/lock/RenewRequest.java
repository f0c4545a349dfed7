package io.streamlocks.coordinator.lock;

import java.time.Duration;
import java.util.Optional;
import java.util.UUID;

/**
 * A request to move the end of a live lease.
 *
 * @param streamId the stream
 * @param leaseId the proof of the lease
 * @param ttl how long the lease shall last from now, in whole milliseconds; empty for the length it has
 */
public record RenewRequest(String streamId, UUID leaseId, Optional<Duration> ttl) {

    /** Without the lease id, so that no log line gives the lease away. */
    @Override
    public String toString() {
        return "RenewRequest[streamId=" + streamId + ", ttl=" + ttl + "]";
    }
}

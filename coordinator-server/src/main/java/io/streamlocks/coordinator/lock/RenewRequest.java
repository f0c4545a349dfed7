package io.streamlocks.coordinator.lock;

import java.time.Duration;
import java.util.Optional;
import java.util.UUID;

/**
 * A request to move the end of a live lease.
 *
 * @param streamId the stream
 * @param leaseId the id of the lease
 * @param ttl the length of the lease from now, in whole milliseconds; empty for its present ttl
 * @param ownerPrefix the prefix that the owner of the lease must have, empty for any; the lease of another owner is
 *     {@link LossReason#UNKNOWN} to the caller
 */
public record RenewRequest(String streamId, UUID leaseId, Optional<Duration> ttl, String ownerPrefix) {

    /** Creates a request for the lease of any owner. */
    public RenewRequest(String streamId, UUID leaseId, Optional<Duration> ttl) {
        this(streamId, leaseId, ttl, "");
    }

    /** Omits the lease id, so that no log line reveals it. */
    @Override
    public String toString() {
        return "RenewRequest[streamId=" + streamId + ", ttl=" + ttl + "]";
    }
}

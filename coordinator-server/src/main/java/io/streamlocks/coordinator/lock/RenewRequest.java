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
 * @param ownerPrefix what the owner of the lease must begin with, empty for any; of another owner's lease the caller hears
 *     that there is no trace
 */
public record RenewRequest(String streamId, UUID leaseId, Optional<Duration> ttl, String ownerPrefix) {

    /** A request for the lease of any owner. */
    public RenewRequest(String streamId, UUID leaseId, Optional<Duration> ttl) {
        this(streamId, leaseId, ttl, "");
    }

    /** Without the lease id, so that no log line gives the lease away. */
    @Override
    public String toString() {
        return "RenewRequest[streamId=" + streamId + ", ttl=" + ttl + "]";
    }
}

package io.streamlocks.coordinator.lock;

import java.util.UUID;

/**
 * A request to end a lease.
 *
 * @param streamId the stream
 * @param leaseId the id of the lease
 * @param ownerPrefix the prefix that the owner of the lease must have, empty for any; the lease of another owner is
 *     {@link LossReason#UNKNOWN} to the caller
 */
public record ReleaseRequest(String streamId, UUID leaseId, String ownerPrefix) {

    /** Creates a request for the lease of any owner. */
    public ReleaseRequest(String streamId, UUID leaseId) {
        this(streamId, leaseId, "");
    }

    /** Omits the lease id, so that no log line reveals it. */
    @Override
    public String toString() {
        return "ReleaseRequest[streamId=" + streamId + "]";
    }
}

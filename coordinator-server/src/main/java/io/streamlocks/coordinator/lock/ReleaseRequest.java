package io.streamlocks.coordinator.lock;

import java.util.UUID;

/**
 * A request to end a lease.
 *
 * @param streamId the stream
 * @param leaseId the proof of the lease
 * @param ownerPrefix what the owner of the lease must begin with, empty for any; of another owner's lease the caller hears
 *     that there is no trace
 */
public record ReleaseRequest(String streamId, UUID leaseId, String ownerPrefix) {

    /** A request for the lease of any owner. */
    public ReleaseRequest(String streamId, UUID leaseId) {
        this(streamId, leaseId, "");
    }

    /** Without the lease id, so that no log line gives the lease away. */
    @Override
    public String toString() {
        return "ReleaseRequest[streamId=" + streamId + "]";
    }
}

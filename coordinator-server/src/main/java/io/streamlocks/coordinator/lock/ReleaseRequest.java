package io.streamlocks.coordinator.lock;

import java.util.UUID;

/**
 * A request to end a lease.
 *
 * @param streamId the stream
 * @param leaseId the proof of the lease
 */
public record ReleaseRequest(String streamId, UUID leaseId) {

    /** Without the lease id, so that no log line gives the lease away. */
    @Override
    public String toString() {
        return "ReleaseRequest[streamId=" + streamId + "]";
    }
}

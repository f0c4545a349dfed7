package io.streamlocks.coordinator.lock;

import java.util.UUID;

/**
 * The end of a call that waited for a stream.
 *
 * @param streamId the stream
 * @param leaseId the id of the lease that the caller waited for
 * @param callId identifies the call
 * @param keepsPlace whether the place stays for {@link Limits#PLACE_KEPT}, so that the caller can repeat its call
 */
public record LeaveRequest(String streamId, UUID leaseId, UUID callId, boolean keepsPlace) {

    /** Omits the lease id, so that no log line reveals it. */
    @Override
    public String toString() {
        return "LeaveRequest[streamId=" + streamId + ", callId=" + callId + ", keepsPlace=" + keepsPlace + "]";
    }
}

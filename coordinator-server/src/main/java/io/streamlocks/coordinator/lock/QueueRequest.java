package io.streamlocks.coordinator.lock;

import java.time.Duration;
import java.util.UUID;

/**
 * A request for a place in the queue of a stream.
 *
 * @param request what shall be granted
 * @param callId identifies the call that waits. A later call with the same lease id takes the place over
 * @param waits how long the call waits, in whole milliseconds. Zero keeps a place for a call that does not wait
 */
public record QueueRequest(AcquireRequest request, UUID callId, Duration waits) {

    /** Returns the stream. */
    public String streamId() {
        return request.streamId();
    }

    /** Returns the id of the lease to be granted. */
    public UUID leaseId() {
        return request.leaseId();
    }
}

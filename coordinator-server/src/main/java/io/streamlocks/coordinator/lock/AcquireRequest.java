package io.streamlocks.coordinator.lock;

import java.time.Duration;
import java.util.Map;
import java.util.UUID;

/**
 * A request for the lease of a stream.
 *
 * @param streamId the stream, 1 to 255 printable characters
 * @param ownerId the label of the worker, 1 to 255 printable characters
 * @param leaseId the id of the lease to be granted, never used before except by a repetition of this very request
 * @param ttl how long the lease shall be, in whole milliseconds
 * @param labels what else is to be known of the holder, for people to read; empty for nothing
 */
public record AcquireRequest(String streamId, String ownerId, UUID leaseId, Duration ttl, Map<String, String> labels) {

    /** A request without labels. */
    public AcquireRequest(String streamId, String ownerId, UUID leaseId, Duration ttl) {
        this(streamId, ownerId, leaseId, ttl, Map.of());
    }

    /** Without the lease id, so that no log line gives the lease away. */
    @Override
    public String toString() {
        return "AcquireRequest[streamId=" + streamId + ", ownerId=" + ownerId + ", ttl=" + ttl + ", labels=" + labels
                + "]";
    }
}

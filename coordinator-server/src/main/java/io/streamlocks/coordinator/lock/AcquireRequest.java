package io.streamlocks.coordinator.lock;

import java.time.Duration;
import java.util.Map;
import java.util.UUID;

/**
 * A request for the lease of a stream.
 *
 * @param streamId the stream, 1 to {@link Limits#MAX_ID_LENGTH} printable characters
 * @param ownerId the label of the worker, 1 to {@link Limits#MAX_ID_LENGTH} printable characters
 * @param leaseId the id of the lease to be granted; must not have been used before, except by a repetition of this
 *     request
 * @param ttl the length of the lease, in whole milliseconds
 * @param labels what people shall see of the holder; empty for nothing
 */
public record AcquireRequest(String streamId, String ownerId, UUID leaseId, Duration ttl, Map<String, String> labels) {

    /** Creates a request without labels. */
    public AcquireRequest(String streamId, String ownerId, UUID leaseId, Duration ttl) {
        this(streamId, ownerId, leaseId, ttl, Map.of());
    }

    /** Omits the lease id, so that no log line reveals it. */
    @Override
    public String toString() {
        return "AcquireRequest[streamId=" + streamId + ", ownerId=" + ownerId + ", ttl=" + ttl + ", labels=" + labels
                + "]";
    }
}

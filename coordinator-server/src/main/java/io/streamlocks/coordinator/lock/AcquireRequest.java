package io.streamlocks.coordinator.lock;

import java.time.Duration;
import java.util.UUID;

/**
 * A request for the lease of a stream.
 *
 * @param streamId the stream, 1 to {@link Limits#MAX_ID_LENGTH} printable characters
 * @param owner the worker that shall hold the stream
 * @param leaseId the id of the lease to be granted; must not have been used before, except by a repetition of this
 *     request
 * @param ttl the length of the lease, in whole milliseconds
 */
public record AcquireRequest(String streamId, Owner owner, UUID leaseId, Duration ttl) {

    /** Creates a request of an owner without labels. */
    public AcquireRequest(String streamId, String ownerId, UUID leaseId, Duration ttl) {
        this(streamId, new Owner(ownerId), leaseId, ttl);
    }

    /** Returns the id of the worker that shall hold the stream. */
    public String ownerId() {
        return owner.id();
    }

    /** Omits the lease id, so that no log line reveals it. */
    @Override
    public String toString() {
        return "AcquireRequest[streamId=" + streamId + ", owner=" + owner + ", ttl=" + ttl + "]";
    }
}

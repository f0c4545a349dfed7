package io.streamlocks.coordinator.lock;

import java.time.Duration;
import java.time.Instant;

/**
 * A live lease as everybody may see it: all of it except the lease id.
 *
 * @param streamId the stream that is locked
 * @param owner the worker that holds it
 * @param fencingToken the number of the grant: above that of every earlier grant of the stream, unchanged by renewals,
 *     and at most {@link Limits#MAX_FENCING_TOKEN}
 * @param ttl the length that was last asked for
 * @param acquiredAt when the lease was granted, by the clock of the storage
 * @param expiresAt when it expires, by the clock of the storage; must not be compared with another clock
 * @param expiresIn the time until it expires, from the moment at which the storage read its clock; not negative
 * @param waiting the number of callers that wait for the stream
 */
public record Lock(
        String streamId,
        Owner owner,
        long fencingToken,
        Duration ttl,
        Instant acquiredAt,
        Instant expiresAt,
        Duration expiresIn,
        int waiting) {

    /** Returns the id of the worker that holds it. */
    public String ownerId() {
        return owner.id();
    }
}

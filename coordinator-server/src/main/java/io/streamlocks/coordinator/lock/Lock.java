package io.streamlocks.coordinator.lock;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/**
 * A live lease as anybody may see it: everything but its proof, the lease id.
 *
 * @param streamId the stream that is locked
 * @param ownerId the label of the worker that holds it
 * @param fencingToken above that of every earlier grant of the stream, the same across renewals, below 2^53 so that a
 *     JavaScript number carries it
 * @param ttl the length last asked for
 * @param acquiredAt when the lease was granted, on the storage's clock
 * @param expiresAt when it ends, on the storage's clock; never to be compared with another clock
 * @param labels what else its holder told
 * @param expiresIn what was left when the answer was made, not negative
 */
public record Lock(
        String streamId,
        String ownerId,
        long fencingToken,
        Duration ttl,
        Instant acquiredAt,
        Instant expiresAt,
        Map<String, String> labels,
        Duration expiresIn) {}

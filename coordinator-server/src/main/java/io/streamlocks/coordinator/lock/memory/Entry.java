package io.streamlocks.coordinator.lock.memory;

import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.EndReason;
import io.streamlocks.coordinator.lock.Grant;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.Lock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/** The latest lease of a stream, live or over. Guarded by the manager's monitor. */
final class Entry {
    String ownerId;
    final UUID leaseId;
    final long fencingToken;
    Duration ttl;
    final Instant acquiredAt;
    Instant expiresAt;

    /** Whose it was, once it was released or broken. */
    String endedOwnerId;

    final Map<String, String> labels;
    final List<UUID> supersededLeaseIds;
    Optional<String> breakReason = Optional.empty();
    Instant closedUntil;

    Entry(AcquireRequest request, long fencingToken, Instant now, List<UUID> supersededLeaseIds) {
        this.ownerId = request.ownerId();
        this.leaseId = request.leaseId();
        this.fencingToken = fencingToken;
        this.ttl = request.ttl();
        this.acquiredAt = now;
        this.expiresAt = now.plus(request.ttl());
        this.closedUntil = now;
        this.labels = request.labels();
        this.supersededLeaseIds = supersededLeaseIds;
    }

    boolean isLive(Instant now) {
        return expiresAt.isAfter(now);
    }

    void renew(Duration newTtl, Instant now) {
        ttl = newTtl;
        expiresAt = now.plus(newTtl);
    }

    void end(Instant now) {
        endedOwnerId = ownerId;
        ownerId = null;
        expiresAt = now;
    }

    List<UUID> leaseIdsSoFar() {
        return Stream.concat(Stream.of(leaseId), supersededLeaseIds.stream())
                .limit(Limits.SUPERSEDED_REMEMBERED)
                .toList();
    }

    Lease lease(String streamId, Instant now) {
        return new Lease(leaseId, lock(streamId, now));
    }

    Lock lock(String streamId, Instant now) {
        return new Lock(
                streamId, ownerId, fencingToken, ttl, acquiredAt, expiresAt, labels, Duration.between(now, expiresAt));
    }

    Grant.End expired() {
        return new Grant.End(expiresAt, EndReason.EXPIRED, Optional.empty(), Optional.empty());
    }

    /** Its end if it ran out; it was neither released nor broken. */
    Optional<Grant.End> runOut(Instant now) {
        return isLive(now) ? Optional.empty() : Optional.of(expired());
    }

    Grant grant(String streamId, Grant.End end) {
        return grant(streamId, Optional.of(end));
    }

    Grant grant(String streamId, Optional<Grant.End> end) {
        return new Grant(streamId, ownerId, fencingToken, labels, acquiredAt, end);
    }
}

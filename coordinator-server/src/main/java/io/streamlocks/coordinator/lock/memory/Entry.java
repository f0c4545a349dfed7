package io.streamlocks.coordinator.lock.memory;

import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.EndReason;
import io.streamlocks.coordinator.lock.Grant;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.Owner;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The latest lease of a stream, live or ended. The monitor of the {@link MemoryLockManager} guards it. The methods get
 * the time from their caller, so that one decision uses one time.
 */
final class Entry {

    private final String streamId;
    private final Owner owner;
    private final UUID leaseId;
    private final long fencingToken;
    private final Instant acquiredAt;
    private final Optional<Duration> waited;

    /** The leases before this one, latest first. */
    private final List<UUID> supersededLeaseIds;

    /** Whether the lease was released or broken. */
    private boolean ended;

    private Duration ttl;
    private Instant expiresAt;
    private Optional<String> breakReason = Optional.empty();
    private Instant closedUntil;

    /**
     * @param request the request that is granted
     * @param waited how long its caller waited; empty if it did not wait
     * @param supersededLeaseIds the leases before this one, latest first
     */
    Entry(
            AcquireRequest request,
            long fencingToken,
            Instant now,
            Optional<Duration> waited,
            List<UUID> supersededLeaseIds) {
        this.streamId = request.streamId();
        this.owner = request.owner();
        this.leaseId = request.leaseId();
        this.fencingToken = fencingToken;
        this.ttl = request.ttl();
        this.acquiredAt = now;
        this.waited = waited;
        this.expiresAt = now.plus(request.ttl());
        this.closedUntil = now;
        this.supersededLeaseIds = supersededLeaseIds;
    }

    String streamId() {
        return streamId;
    }

    long fencingToken() {
        return fencingToken;
    }

    String ownerId() {
        return owner.id();
    }

    /** Returns whether the lease was released or broken. */
    boolean isEnded() {
        return ended;
    }

    boolean isLive(Instant now) {
        return expiresAt.isAfter(now);
    }

    /** Returns whether a lease id is that of this lease or of one before it, so that it cannot be granted again. */
    boolean knows(UUID lease) {
        return isOf(lease) || hasSuperseded(lease);
    }

    boolean isOf(UUID lease) {
        return leaseId.equals(lease);
    }

    boolean hasSuperseded(UUID lease) {
        return supersededLeaseIds.contains(lease);
    }

    boolean isIdleSince(Instant time) {
        return expiresAt.isBefore(time);
    }

    /** Returns how long the stream stays closed after a break; not positive if it is open. */
    Duration opensIn(Instant now) {
        return Duration.between(now, closedUntil);
    }

    /** Returns the leases that the next entry of this stream remembers. */
    List<UUID> leaseIdsSoFar() {
        return Stream.concat(Stream.of(leaseId), supersededLeaseIds.stream())
                .limit(Limits.SUPERSEDED_REMEMBERED)
                .toList();
    }

    void renew(Optional<Duration> newTtl, Instant now) {
        ttl = newTtl.orElse(ttl);
        expiresAt = now.plus(ttl);
    }

    /** Releases the lease, and returns its grant. */
    Grant release(Instant now) {
        Grant released = grant(new Grant.End(now, EndReason.RELEASED, Optional.of(owner.id()), Optional.empty()));
        end(now);
        return released;
    }

    /** Breaks the lease, and returns its grant. */
    Grant breakLease(Breaking breaking, Instant now) {
        Grant broken =
                grant(new Grant.End(now, EndReason.BROKEN, Optional.of(breaking.by()), Optional.of(breaking.reason())));
        breakReason = Optional.of(breaking.reason());
        closedUntil = now.plus(breaking.delay());
        end(now);
        return broken;
    }

    private void end(Instant now) {
        ended = true;
        expiresAt = now;
    }

    /**
     * Returns how the lease ended; empty if it is live.
     *
     * @param ownerPrefix the prefix that the owner must have; the lease of another owner is {@link LossReason#UNKNOWN}
     */
    Optional<LossReason> loss(UUID lease, String ownerPrefix, Instant now) {
        if (isOf(lease)) {
            if (!owner.id().startsWith(ownerPrefix)) {
                return Optional.of(LossReason.UNKNOWN);
            }
            if (ended) {
                return Optional.of(breakReason.isPresent() ? LossReason.BROKEN : LossReason.RELEASED);
            }
            return isLive(now) ? Optional.empty() : Optional.of(LossReason.EXPIRED);
        }
        return Optional.of(hasSuperseded(lease) ? LossReason.SUPERSEDED : LossReason.UNKNOWN);
    }

    Optional<String> breakReason() {
        return breakReason;
    }

    /** Returns the lease, with the number of callers that wait for its stream. */
    Lease lease(Instant now, int waiting) {
        return new Lease(leaseId, lock(now, waiting));
    }

    /** Returns the lock, with the number of callers that wait for its stream. */
    Lock lock(Instant now, int waiting) {
        return new Lock(
                streamId, owner, fencingToken, ttl, acquiredAt, expiresAt, Duration.between(now, expiresAt), waiting);
    }

    /** Returns the time until the lease ends or the stream opens; not positive if it can be granted. */
    Duration grantableIn(Instant now) {
        return Duration.between(now, expiresAt.isAfter(closedUntil) ? expiresAt : closedUntil);
    }

    /** Returns the grant if its end is not in history yet: it is live, or it expired without a successor. */
    Optional<Grant> latestGrant(Instant now) {
        if (ended) {
            return Optional.empty();
        }
        return Optional.of(isLive(now) ? grant(Optional.empty()) : expired());
    }

    /** Returns the grant of a lease that expired without a successor. */
    Grant expired() {
        return grant(new Grant.End(expiresAt, EndReason.EXPIRED, Optional.empty(), Optional.empty()));
    }

    /** Returns the grant of a lease that expired before this owner was granted the stream. */
    Grant superseded(String byOwnerId) {
        return grant(new Grant.End(expiresAt, EndReason.SUPERSEDED, Optional.of(byOwnerId), Optional.empty()));
    }

    private Grant grant(Grant.End end) {
        return grant(Optional.of(end));
    }

    private Grant grant(Optional<Grant.End> end) {
        return new Grant(streamId, owner.id(), fencingToken, owner.labels(), acquiredAt, waited, end);
    }
}

package io.streamlocks.client.simulation;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Compares every outcome of the storage with what the protocol promises: by the time at which it was judged, and in the
 * order of the commits, which is that of the answers. So it has the committed state, as others see it.
 */
final class LeaseLedger {

    /** A grant by the rules of the protocol, whatever the storage has stored. */
    private static final class Granted {
        private final UUID leaseId;
        private final long fencingToken;
        private final int number;
        private final int numberOfStream;
        private Duration ttl;
        private Instant expiresAt;
        private boolean released;
        private boolean renewedSincePromotion;

        Granted(AcquireRequest request, long fencingToken, int number, int numberOfStream, Instant now) {
            this.leaseId = request.leaseId();
            this.fencingToken = fencingToken;
            this.number = number;
            this.numberOfStream = numberOfStream;
            this.ttl = request.ttl();
            this.expiresAt = now.plus(ttl);
        }

        boolean isLive(Instant now) {
            return !released && expiresAt.isAfter(now);
        }
    }

    private final Map<String, Granted> latest = new HashMap<>();
    private final Map<UUID, Granted> all = new HashMap<>();
    private final Map<Long, Granted> byToken = new HashMap<>();
    private final Set<UUID> saidToBeOver = new HashSet<>();

    /** The highest token of each stream, although the storage may have forgotten its grant. */
    private final Map<String, Long> highest = new HashMap<>();

    private int grants;
    private int operations;

    /** Whether the storage repeats what it has not forgotten. */
    private boolean repeats;

    /** When the storage has forgotten commits last, and how many grants came before. */
    private Instant promotedAt = Instant.MIN;

    private int grantsBefore;

    /** Forgets the state, because the storage does. It repeats now what it has not forgotten. */
    void forget() {
        latest.clear();
        all.clear();
        saidToBeOver.clear();
        operations = 0;
        repeats = true;
    }

    /** Begins to compare with the state that the storage has repeated. */
    void promoted(Instant now) {
        repeats = false;
        byToken.values().forEach(grant -> grant.renewedSincePromotion = false);
        promotedAt = now;
        grantsBefore = grants;
    }

    /**
     * Returns whether a worker may learn that the grant with this token is over although it is live. A promotion affects
     * leases until they end, and responses that were on their way.
     */
    boolean isUncertain(long fencingToken, Instant now) {
        Granted grant = byToken.get(fencingToken);
        return grant.number <= grantsBefore && !now.isAfter(promotedAt.plus(grant.ttl.multipliedBy(2)));
    }

    /** Returns whether a worker may still believe in the grant with this token, although it is not live. */
    boolean isBelievedInVain(long fencingToken, Instant now) {
        return isUncertain(fencingToken, now) && !byToken.get(fencingToken).renewedSincePromotion;
    }

    long highestToken() {
        return highest.values().stream().mapToLong(Long::longValue).max().orElse(0);
    }

    void acquired(AcquireRequest request, AcquireOutcome outcome, Instant now) {
        operations++;
        String streamId = request.streamId();
        Granted last = latest.get(streamId);
        Granted known = all.get(request.leaseId());
        boolean live = last != null && last.isLive(now);
        if (outcome instanceof AcquireOutcome.Granted granted) {
            forget(known, last);
            requireNotSaidToBeOver(request.leaseId(), "granted");
            Lease lease = granted.lease();
            if (known != null && live && last == known) {
                require(lease.lock().fencingToken() == known.fencingToken, "a retried acquire yielded a second token");
            } else {
                require(known == null || isForgotten(known, last), "a used lease id was granted once more");
                known = grant(request, lease, now);
            }
            requireSameEnd(lease, known, now);
        } else if (outcome instanceof AcquireOutcome.Held) {
            require(live && last != known, "a stream that no other worker holds was refused");
        } else if (outcome instanceof AcquireOutcome.Awaited) {
            require(!live, "a caller waits behind others although the stream is held");
        } else {
            require(
                    outcome instanceof AcquireOutcome.LeaseIdUsed && known != null && !known.isLive(now),
                    "a lease id that was never used, or is live, was refused");
            saidToBeOver.add(request.leaseId());
        }
    }

    /** A hand-over grants a stream to a caller that waits. */
    void handedOver(AcquireRequest request, Lease lease, Instant now) {
        operations++;
        Granted known = all.get(request.leaseId());
        forget(known, latest.get(request.streamId()));
        requireNotSaidToBeOver(request.leaseId(), "handed over");
        require(
                known == null || isForgotten(known, latest.get(request.streamId())),
                "a used lease id was granted once more");
        requireSameEnd(lease, grant(request, lease, now), now);
    }

    /** An id that its stream does not remember any more can be granted again, as another lease. */
    private void forget(Granted known, Granted last) {
        if (known != null && isForgotten(known, last)) {
            saidToBeOver.remove(known.leaseId);
        }
    }

    private Granted grant(AcquireRequest request, Lease lease, Instant now) {
        Granted last = latest.get(request.streamId());
        require(last == null || !last.isLive(now), "a stream was granted while its lease was live");
        long token = lease.lock().fencingToken();
        require(
                token > (repeats ? last == null ? 0 : last.fencingToken : highest.getOrDefault(request.streamId(), 0L)),
                "a fencing token did not rise");
        int number = repeats ? byToken.get(token).number : ++grants;
        Granted granted = new Granted(request, token, number, last == null ? 1 : last.numberOfStream + 1, now);
        highest.merge(request.streamId(), token, Math::max);
        latest.put(request.streamId(), granted);
        all.put(request.leaseId(), granted);
        byToken.put(granted.fencingToken, granted);
        return granted;
    }

    /** Returns whether a stream remembers a lease id, which is then granted no more. */
    boolean remembers(String streamId, UUID leaseId) {
        Granted known = all.get(leaseId);
        return known != null && !isForgotten(known, latest.get(streamId));
    }

    /** Checks what a call that waits, or has waited, has found. */
    void found(String streamId, UUID leaseId, AcquireOutcome outcome, Instant now) {
        operations++;
        Granted lease = liveLease(streamId, leaseId, now);
        if (outcome instanceof AcquireOutcome.Granted granted) {
            require(lease != null, "a caller that waited was answered a lease that is over");
            requireSameEnd(granted.lease(), lease, now);
        } else {
            require(lease == null, "a caller that waited was not answered its live lease");
        }
        if (outcome instanceof AcquireOutcome.LeaseIdUsed) {
            saidToBeOver.add(leaseId);
        }
    }

    /** Returns whether a lease is live. */
    boolean isLive(String streamId, UUID leaseId, Instant now) {
        return liveLease(streamId, leaseId, now) != null;
    }

    /** Returns whether more leases of the stream came later than the protocol remembers. */
    private static boolean isForgotten(Granted known, Granted last) {
        return last.numberOfStream - known.numberOfStream > Limits.SUPERSEDED_REMEMBERED;
    }

    void renewed(RenewRequest request, RenewOutcome outcome, Instant now) {
        operations++;
        Granted lease = liveLease(request.streamId(), request.leaseId(), now);
        if (outcome instanceof RenewOutcome.Renewed renewed) {
            require(lease != null, "a lease that is over was renewed");
            requireNotSaidToBeOver(request.leaseId(), "renewed");
            lease.ttl = request.ttl().orElse(lease.ttl);
            lease.expiresAt = now.plus(lease.ttl);
            lease.renewedSincePromotion = true;
            requireSameEnd(renewed.lease(), lease, now);
        } else {
            require(lease == null, "a live lease was called lost");
            lost(request.leaseId(), ((RenewOutcome.Lost) outcome).reason());
        }
    }

    /** @param hadPlace whether the lease id had a place in the queue of its stream, perhaps a dead one */
    void released(ReleaseRequest request, ReleaseOutcome outcome, boolean hadPlace, Instant now) {
        operations++;
        Granted last = latest.get(request.streamId());
        Granted lease = liveLease(request.streamId(), request.leaseId(), now);
        if (outcome instanceof ReleaseOutcome.Released) {
            boolean again = last != null && last.released && last.leaseId.equals(request.leaseId());
            require(lease != null || again || hadPlace, "a lease that is over was released");
            if (lease == null && !again) {
                // The place is gone. A late acquire may still be granted.
                return;
            }
            if (lease != null) {
                requireNotSaidToBeOver(request.leaseId(), "released");
                lease.released = true;
            }
            saidToBeOver.add(request.leaseId());
        } else {
            require(lease == null, "a live lease was called lost");
            lost(request.leaseId(), ((ReleaseOutcome.Lost) outcome).reason());
        }
    }

    /** The acquire of an unknown lease may still come. */
    private void lost(UUID leaseId, LossReason reason) {
        if (reason != LossReason.UNKNOWN) {
            saidToBeOver.add(leaseId);
        }
    }

    private void requireNotSaidToBeOver(UUID leaseId, String done) {
        require(!saidToBeOver.contains(leaseId), "a lease that was said to be over was " + done);
    }

    private Granted liveLease(String streamId, UUID leaseId, Instant now) {
        Granted last = latest.get(streamId);
        return last != null && last.leaseId.equals(leaseId) && last.isLive(now) ? last : null;
    }

    private static void requireSameEnd(Lease answered, Granted lease, Instant now) {
        require(answered.leaseId().equals(lease.leaseId), "an answer has another lease id");
        require(answered.lock().expiresAt().equals(lease.expiresAt), "an answer has another end than the lease");
        require(
                answered.lock().expiresIn().equals(Duration.between(now, lease.expiresAt)),
                "an answer says that another time is left than is");
    }

    /** Returns whether the grant with this token is live. */
    boolean isLive(String streamId, long fencingToken, Instant now) {
        Granted last = latest.get(streamId);
        return last != null && last.fencingToken == fencingToken && last.isLive(now);
    }

    /** Returns the number of the grant with this token, in the order of all grants. */
    int number(long fencingToken) {
        return byToken.get(fencingToken).number;
    }

    int grants() {
        return grants;
    }

    /** Returns how many outcomes were checked. */
    int operations() {
        return operations;
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError("Storage: " + otherwise);
        }
    }
}

package io.streamlocks.client;

import io.streamlocks.client.LeaseCalls.LeaseKey;
import io.streamlocks.client.Unreleased.UnderWay;
import java.time.Duration;
import java.util.Optional;

/**
 * Acquires leases: it repeats a call without a usable answer, and releases what may have been granted in vain.
 *
 * <p>This class is thread-safe.
 */
final class Acquirer {

    private static final Duration RETRY_AFTER = Duration.ofMillis(100);

    private final LeaseCalls calls;
    private final LeaseKeeper keeper;
    private final Owner owner;
    private final Timing timing;
    private final ClientRuntime runtime;
    private final Admission admission;

    /**
     * @param calls the calls that acquire, on connections of their own
     */
    Acquirer(
            LeaseCalls calls,
            LeaseKeeper keeper,
            Owner owner,
            Timing timing,
            ClientRuntime runtime,
            Admission admission) {
        this.calls = calls;
        this.keeper = keeper;
        this.owner = owner;
        this.timing = timing;
        this.runtime = runtime;
        this.admission = admission;
    }

    /** Acquires the lease of a stream, as {@link StreamLockClient#tryAcquire} says. */
    Optional<HeldLease> tryAcquire(String streamId) {
        requireSendable(streamId);
        admission.enter();
        try {
            return acquire(streamId);
        } finally {
            admission.leave();
        }
    }

    /** Checks a stream id before its call joins others, whose request it would make invalid or too long. */
    static void requireSendable(String streamId) {
        if (streamId.codePointCount(0, streamId.length()) > ContractLimits.MAX_STREAM_ID_LENGTH) {
            throw new IllegalArgumentException(
                    "streamId must have at most " + ContractLimits.MAX_STREAM_ID_LENGTH + " characters");
        }
        CoordinatorApiClient.requireEncodable(streamId);
    }

    private Optional<HeldLease> acquire(String streamId) {
        long began = runtime.nanoTime();
        LeaseKey key = new LeaseKey(streamId, runtime.newLeaseId());
        // A call without an answer may still be granted, whatever the answers to the calls after it.
        boolean mayBeGranted = false;
        try {
            while (true) {
                long sent = runtime.nanoTime();
                Optional<LeaseCalls.Grant> grant;
                try {
                    grant = calls.acquire(new LeaseCalls.Acquire(key, owner, timing.ttl()));
                } catch (CoordinatorUnavailableException e) {
                    // A refusal grants nothing, but an earlier try may still be granted.
                    mayBeGranted |= !e.isWithoutEffect();
                    if (!waitBeforeRetry(began, e.pause())) {
                        throw e.ofStream(streamId);
                    }
                    continue;
                } catch (CoordinatorRefusedException e) {
                    if (e.status() != 409 || !waitBeforeRetry(began, Duration.ZERO)) {
                        throw e.ofStream(streamId);
                    }
                    // The id is used: an earlier try was granted, and the lease ran out before this one.
                    key = new LeaseKey(streamId, runtime.newLeaseId());
                    mayBeGranted = false;
                    continue;
                }
                Duration took = Duration.ofNanos(runtime.nanoTime() - began);
                if (grant.isEmpty()) {
                    keeper.notices().tell(to -> to.denied(streamId, took));
                    return Optional.empty();
                }
                Optional<HeldLease> lease = keeper.keep(key, grant.get(), sent);
                mayBeGranted = lease.isEmpty();
                if (lease.isEmpty()) {
                    throw new CoordinatorUnavailableException(
                            "The grant of stream " + streamId + " arrived when the lease was no longer safe",
                            Optional.of(streamId),
                            Optional.empty());
                }
                keeper.notices().tell(to -> to.acquired(streamId, grant.get().fencingToken(), took));
                return lease;
            }
        } finally {
            if (mayBeGranted) {
                keeper.releaseLater(key, UnderWay.ACQUIRE);
            }
        }
    }

    /** Waits for the time of another try. Returns whether there is time for one. */
    private boolean waitBeforeRetry(long began, Duration atLeast) {
        long wait = Math.max(RETRY_AFTER.toNanos(), atLeast.toNanos());
        if (admission.isClosed()
                || runtime.nanoTime() - began + wait >= timing.acquireTimeout().toNanos()) {
            return false;
        }
        try {
            runtime.sleep(wait);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}

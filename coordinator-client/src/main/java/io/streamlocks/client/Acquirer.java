package io.streamlocks.client;

import io.streamlocks.client.LeaseCalls.Acquired;
import io.streamlocks.client.LeaseCalls.LeaseKey;
import io.streamlocks.client.Unreleased.UnderWay;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Acquires leases: it repeats a call without a usable answer, and releases what may have been granted in vain.
 *
 * <p>This class is thread-safe.
 */
final class Acquirer {

    private static final Duration RETRY_AFTER = Duration.ofMillis(100);

    private final LeaseCalls calls;
    private final LeaseKeeper keeper;
    private final LeaseTerms terms;
    private final Timing timing;
    private final ClientRuntime runtime;
    private final Admission admission;

    /**
     * @param calls the calls that acquire, on connections of their own
     * @param terms the terms of a lease without options
     */
    Acquirer(
            LeaseCalls calls,
            LeaseKeeper keeper,
            LeaseTerms terms,
            Timing timing,
            ClientRuntime runtime,
            Admission admission) {
        this.calls = calls;
        this.keeper = keeper;
        this.terms = terms;
        this.timing = timing;
        this.runtime = runtime;
        this.admission = admission;
    }

    /** Acquires the lease of a stream, as {@link StreamLockClient#tryAcquire} says. */
    Optional<HeldLease> tryAcquire(String streamId, AcquireOptions options) {
        requireStreamId(streamId);
        admission.enter();
        long began = runtime.nanoTime();
        try {
            options.ttl().ifPresent(timing::asks);
            try {
                return acquire(streamId, terms.with(options), began);
            } finally {
                options.ttl().ifPresent(timing::answered);
            }
        } catch (StreamLockException e) {
            Duration took = Duration.ofNanos(runtime.nanoTime() - began);
            keeper.notices().tell(to -> to.acquireFailed(streamId, e, took));
            throw e;
        } finally {
            admission.leave();
        }
    }

    /** Returns if the coordinator is ready, as {@link StreamLockClient#requireReady} says. */
    void requireReady(Duration atMost) {
        if (admission.isClosed()) {
            throw Admission.closedClient();
        }
        WaitingCall<Boolean> call = WaitingCall.send("stream-lock-ready", this::isReady, Duration.ZERO, runtime);
        if (!call.await(atMost, () -> Thread.currentThread().isInterrupted())) {
            throw new CoordinatorUnavailableException(
                    "The coordinator did not report within " + atMost.toMillis() + " ms that it is ready",
                    Optional.empty(),
                    Optional.empty());
        }
        call.answer();
    }

    private boolean isReady() {
        try {
            calls.checkReady();
        } catch (CoordinatorUnavailableException e) {
            if (!e.isAnswered()) {
                throw e;
            }
            // A server that stops ends the connection, and the next one leads to another server.
            calls.checkReady();
        }
        return true;
    }

    /** Checks a stream id before its call joins others, whose request it would make invalid or too long. */
    static void requireStreamId(String streamId) {
        requireSendable("streamId", streamId);
    }

    /** Checks an id, which a message calls by this name. */
    static void requireSendable(String name, String id) {
        if (id.codePointCount(0, id.length()) > ContractLimits.MAX_STREAM_ID_LENGTH) {
            throw new IllegalArgumentException(
                    name + " must have at most " + ContractLimits.MAX_STREAM_ID_LENGTH + " characters");
        }
        CoordinatorApiClient.requireEncodable(id);
    }

    /** Returns a future that is done when leases have next been renewed. It never fails. */
    CompletableFuture<Void> nextRenewal() {
        return keeper.nextRenewal();
    }

    /** Acquires the leases of streams, as {@link GroupMember#tryAcquireAll} says. */
    GroupMember.Tried tryAcquireAll(Collection<String> streamIds) {
        GroupMember.Tried tried = new GroupMember.Tried(new ArrayList<>(), new HashMap<>(), new HashMap<>());
        List<LeaseCalls.Acquire> sendable = new ArrayList<>();
        for (String streamId : streamIds) {
            try {
                requireStreamId(streamId);
                LeaseKey key = new LeaseKey(streamId, runtime.newLeaseId());
                sendable.add(terms.acquire(key));
            } catch (IllegalArgumentException e) {
                tried.failed().put(streamId, e);
            }
        }
        admission.enter();
        try {
            LeaseCalls.chunks(
                            sendable, one -> one.key().streamId(), terms.owner().bytes())
                    .forEach(chunk -> acquireAll(chunk, tried));
        } finally {
            admission.leave();
        }
        return new GroupMember.Tried(
                List.copyOf(tried.granted()), Map.copyOf(tried.held()), Map.copyOf(tried.failed()));
    }

    private void acquireAll(List<LeaseCalls.Acquire> chunk, GroupMember.Tried tried) {
        long sent = runtime.nanoTime();
        List<Acquired> outcomes;
        try {
            outcomes = calls.acquireAll(chunk, Duration.ZERO);
        } catch (RuntimeException e) {
            // The leases of the requests before are not lost by this.
            Duration failedAfter = Duration.ofNanos(runtime.nanoTime() - sent);
            chunk.forEach(one -> fail(one.key(), e, failedAfter, tried));
            return;
        }
        Duration took = Duration.ofNanos(runtime.nanoTime() - sent);
        for (int i = 0; i < chunk.size(); i++) {
            take(chunk.get(i).key(), outcomes.get(i), sent, took, tried);
        }
    }

    private void take(LeaseKey key, Acquired outcome, long sent, Duration took, GroupMember.Tried tried) {
        String streamId = key.streamId();
        Optional<StreamLockException> failure = outcome.match(new Acquired.Cases<>() {
            @Override
            public Optional<StreamLockException> granted(LeaseCalls.Grant grant) {
                Optional<HeldLease> lease = keeper.keep(key, terms, grant, sent);
                if (lease.isEmpty()) {
                    return Optional.of(tooLate(streamId));
                }
                tried.granted().add(lease.get());
                keeper.notices().tell(to -> to.acquired(streamId, grant.fencingToken(), took));
                return Optional.empty();
            }

            @Override
            public Optional<StreamLockException> held(Acquired.Held held) {
                tried.held().put(streamId, held.holder());
                keeper.notices().tell(to -> to.denied(streamId, took));
                return Optional.empty();
            }

            @Override
            public Optional<StreamLockException> failed(StreamLockException cause) {
                return Optional.of(cause);
            }
        });
        failure.ifPresent(cause -> fail(key, cause, took, tried));
    }

    private void fail(LeaseKey key, RuntimeException cause, Duration took, GroupMember.Tried tried) {
        boolean isWithoutEffect = cause instanceof CoordinatorRefusedException
                || (cause instanceof CoordinatorUnavailableException unknown && unknown.isWithoutEffect());
        if (!isWithoutEffect) {
            keeper.releaseLater(key, terms.longestPossible(), UnderWay.ACQUIRE);
        }
        RuntimeException ofStream = ofStream(key.streamId(), cause);
        tried.failed().put(key.streamId(), ofStream);
        keeper.notices().tell(to -> to.acquireFailed(key.streamId(), ofStream, took));
    }

    private static RuntimeException ofStream(String streamId, RuntimeException cause) {
        if (cause instanceof CoordinatorUnavailableException unavailable) {
            return unavailable.ofStream(streamId);
        }
        return cause instanceof CoordinatorRefusedException refused ? refused.ofStream(streamId) : cause;
    }

    /** Returns the failure of a grant that has taken too long. */
    static CoordinatorUnavailableException tooLate(String streamId) {
        return new CoordinatorUnavailableException(
                "The grant of stream " + streamId + " arrived when the lease was no longer safe",
                Optional.of(streamId),
                Optional.empty());
    }

    private Optional<HeldLease> acquire(String streamId, LeaseTerms own, long began) {
        LeaseKey key = new LeaseKey(streamId, runtime.newLeaseId());
        // A call without an answer may still be granted, whatever the answers to the calls after it.
        boolean mayBeGranted = false;
        try {
            while (true) {
                long sent = runtime.nanoTime();
                Optional<LeaseCalls.Grant> grant;
                try {
                    grant = calls.acquire(own.acquire(key));
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
                Optional<HeldLease> lease = keeper.keep(key, own, grant.get(), sent);
                mayBeGranted = lease.isEmpty();
                if (lease.isEmpty()) {
                    throw tooLate(streamId);
                }
                keeper.notices().tell(to -> to.acquired(streamId, grant.get().fencingToken(), took));
                return lease;
            }
        } finally {
            if (mayBeGranted) {
                keeper.releaseLater(key, own.longestPossible(), UnderWay.ACQUIRE);
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

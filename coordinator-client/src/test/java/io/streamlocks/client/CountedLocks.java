package io.streamlocks.client;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.testkit.contract.ForwardingLocks;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A storage that records its calls, of which there is one per request to its server. A test can make the server return
 * 503.
 */
public final class CountedLocks extends ForwardingLocks {

    private final LockManager locks;
    private final List<List<AcquireRequest>> acquires = new CopyOnWriteArrayList<>();
    private final List<QueueRequest> places = new CopyOnWriteArrayList<>();
    private final List<List<RenewRequest>> renews = new CopyOnWriteArrayList<>();
    private final List<List<ReleaseRequest>> releases = new CopyOnWriteArrayList<>();
    private final Map<String, UUID> leaseIds = new ConcurrentHashMap<>();
    private volatile boolean away;
    private volatile CompletableFuture<Void> renewsAnswered = CompletableFuture.completedFuture(null);

    public CountedLocks(LockManager locks) {
        this.locks = locks;
    }

    @Override
    protected LockManager next() {
        return locks;
    }

    /** Sets whether the server returns 503. */
    public void setAway(boolean isAway) {
        away = isAway;
    }

    /**
     * Holds back the answers of renewals from now on, until the returned future is completed. The renewals take effect.
     */
    public CompletableFuture<Void> holdAnswersOfRenews() {
        CompletableFuture<Void> gate = new CompletableFuture<>();
        renewsAnswered = gate;
        return gate;
    }

    public List<List<AcquireRequest>> acquires() {
        return acquires;
    }

    /** Returns the requests for places in queues, in their order. */
    public List<QueueRequest> places() {
        return places;
    }

    @Override
    public List<Optional<AcquireOutcome>> queue(List<QueueRequest> requests) {
        places.addAll(requests);
        return super.queue(requests);
    }

    public List<List<RenewRequest>> renews() {
        return renews;
    }

    public List<List<ReleaseRequest>> releases() {
        return releases;
    }

    /** Ends the latest lease of a stream without its holder. */
    public void end(String streamId) {
        locks.release(List.of(new ReleaseRequest(streamId, leaseIds.get(streamId))));
    }

    /** Ends the latest lease of a stream and grants another, without its holder. */
    public void takeOver(String streamId) {
        end(streamId);
        locks.acquire(List.of(new AcquireRequest(streamId, "other", UUID.randomUUID(), Duration.ofMinutes(1))));
    }

    private void requireThere() {
        if (away) {
            throw new StorageUnavailableException("away");
        }
    }

    @Override
    public List<AcquireOutcome> acquire(List<AcquireRequest> requests) {
        acquires.add(requests);
        requireThere();
        requests.forEach(request -> leaseIds.put(request.streamId(), request.leaseId()));
        return locks.acquire(requests);
    }

    @Override
    public List<RenewOutcome> renew(List<RenewRequest> requests) {
        renews.add(requests);
        requireThere();
        List<RenewOutcome> outcomes = locks.renew(requests);
        renewsAnswered.join();
        return outcomes;
    }

    @Override
    public List<ReleaseOutcome> release(List<ReleaseRequest> requests) {
        releases.add(requests);
        requireThere();
        return locks.release(requests);
    }
}

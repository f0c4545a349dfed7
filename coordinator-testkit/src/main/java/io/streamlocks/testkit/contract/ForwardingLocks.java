package io.streamlocks.testkit.contract;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.AwaitedStream;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.Groups;
import io.streamlocks.coordinator.lock.HandOvers;
import io.streamlocks.coordinator.lock.LeaveRequest;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.LockReads;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Forwards each call. Tests override the methods that they observe or change. */
public abstract class ForwardingLocks implements LockManager {

    /** Returns the backend that carries out the next call. */
    protected abstract LockManager next();

    @Override
    public List<AcquireOutcome> acquire(List<AcquireRequest> requests) {
        return next().acquire(requests);
    }

    @Override
    public List<Optional<AcquireOutcome>> queue(List<QueueRequest> requests) {
        return next().queue(requests);
    }

    @Override
    public List<Optional<AcquireOutcome>> leave(List<LeaveRequest> requests) {
        return next().leave(requests);
    }

    @Override
    public void advance(List<String> streamIds) {
        next().advance(streamIds);
    }

    @Override
    public List<AwaitedStream> look(List<AwaitedStream.Known> streams, Duration horizon) {
        return next().look(streams, horizon);
    }

    @Override
    public List<QueueRequest> withoutPlace(List<QueueRequest> requests) {
        return next().withoutPlace(requests);
    }

    @Override
    public HandOvers handOvers() {
        return next().handOvers();
    }

    @Override
    public List<RenewOutcome> renew(List<RenewRequest> requests) {
        return next().renew(requests);
    }

    @Override
    public List<ReleaseOutcome> release(List<ReleaseRequest> requests) {
        return next().release(requests);
    }

    @Override
    public List<BreakOutcome> breakLeases(List<BreakRequest> requests) {
        return next().breakLeases(requests);
    }

    @Override
    public int breakOwner(String ownerId, Breaking breaking) {
        return next().breakOwner(ownerId, breaking);
    }

    @Override
    public Optional<Lock> find(String streamId) {
        return next().find(streamId);
    }

    @Override
    public LockReads reads() {
        return next().reads();
    }

    @Override
    public Groups groups() {
        return next().groups();
    }

    @Override
    public Map<String, Long> liveLeases() {
        return next().liveLeases();
    }

    @Override
    public int purge(Duration idleFor) {
        return next().purge(idleFor);
    }

    @Override
    public int purgeHistory(Duration endedFor) {
        return next().purgeHistory(endedFor);
    }

    @Override
    public void verifyWritable() {
        next().verifyWritable();
    }
}

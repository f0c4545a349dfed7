package io.streamlocks.coordinator.lock.waiting;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.Owner;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.Waiter;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import io.streamlocks.coordinator.lock.group.ManualGroupCommit;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntSupplier;

/** A waiting room on the memory backend. Time passes when a test says so, and everything runs on the test's thread. */
abstract class WaitingFixture {

    static final Duration TTL = Duration.ofHours(1);
    static final Duration WAIT = Duration.ofSeconds(20);

    final String stream = "stream-" + UUID.randomUUID();
    final ManualTime time = new ManualTime();
    final TamperedLocks storage = new TamperedLocks(new MemoryLockManager(time.clock(), true));
    final Observed observed = new Observed();
    final GroupCommit locks = ManualGroupCommit.create(storage, time::nanoTime, time, time);
    final WaitingRoom room = room(OptionalInt.empty());

    /** What to run when the clients of the calls have gone, in the order of the calls. */
    final List<Runnable> closings = new ArrayList<>();

    static final class Observed implements WaitObserver {
        IntSupplier waiters = () -> 0;
        IntSupplier notified = () -> 0;
        int granted;
        int notGranted;
        int lost;
        final List<RuntimeException> failures = new ArrayList<>();

        @Override
        public void showWaiters(IntSupplier now, IntSupplier reported) {
            waiters = now;
            notified = reported;
        }

        @Override
        public void granted(long nanos) {
            granted++;
        }

        @Override
        public void notGranted(long nanos) {
            notGranted++;
        }

        @Override
        public void placesLost(int places) {
            lost += places;
        }

        @Override
        public void failed(String what, RuntimeException failure) {
            failures.add(failure);
        }
    }

    final WaitingRoom room(OptionalInt maxOfOwner) {
        return new WaitingRoom(locks, storage, storage, maxOfOwner, observed, time, time, time::nanoTime);
    }

    /** Grants the stream of this test, which the storage does for another caller. */
    Lease grant(String ownerId) {
        return grant(stream, ownerId, TTL);
    }

    Lease grant(String streamId, String ownerId, Duration ttl) {
        return granted(storage.next()
                .acquire(List.of(new AcquireRequest(streamId, ownerId, UUID.randomUUID(), ttl)))
                .get(0));
    }

    /** Releases a lease, or removes a place. */
    void release(String streamId, UUID leaseId) {
        storage.next().release(List.of(new ReleaseRequest(streamId, leaseId)));
        time.settle();
    }

    void release(Lease lease) {
        release(lease.lock().streamId(), lease.leaseId());
    }

    AcquireRequest request(String ownerId) {
        return request(stream, ownerId);
    }

    static AcquireRequest request(String streamId, String ownerId) {
        return new AcquireRequest(streamId, ownerId, UUID.randomUUID(), TTL);
    }

    CompletableFuture<List<AcquireOutcome>> call(AcquireRequest... requests) {
        return call(room, WAIT, requests);
    }

    CompletableFuture<List<AcquireOutcome>> call(WaitingRoom at, Duration waits, AcquireRequest... requests) {
        CompletableFuture<List<AcquireOutcome>> call = at.acquire("caller", List.of(requests), waits, closings::add);
        time.settle();
        return call;
    }

    /** Returns the outcome of a call of one request, which must have been answered. */
    static AcquireOutcome outcome(CompletableFuture<List<AcquireOutcome>> call) {
        assertThat(call).isCompleted();
        assertThat(call.join()).hasSize(1);
        return call.join().get(0);
    }

    static AcquireOutcome.Granted grantOf(CompletableFuture<List<AcquireOutcome>> call) {
        return (AcquireOutcome.Granted) outcome(call);
    }

    static Lease granted(AcquireOutcome outcome) {
        assertThat(outcome).isInstanceOf(AcquireOutcome.Granted.class);
        return ((AcquireOutcome.Granted) outcome).lease();
    }

    List<String> waiting() {
        return waiting(stream);
    }

    /** Returns the owners that have places, in their order. */
    List<String> waiting(String streamId) {
        return storage.next().reads().waiters(streamId).stream()
                .map(Waiter::owner)
                .map(Owner::id)
                .toList();
    }

    Optional<String> holder() {
        return storage.next().find(stream).map(Lock::ownerId);
    }

    /** Fails if anything of a call is left, or anything is still due after a while. */
    void assertThatNothingIsLeft() {
        assertThat(room.isEmpty()).isTrue();
        assertThat(observed.waiters.getAsInt()).isZero();
        time.pass(Duration.ofMinutes(1));
        assertThat(time.timers()).isZero();
        int calls = storage.calls.size();
        time.pass(Duration.ofMinutes(1));
        assertThat(storage.calls).hasSize(calls);
    }
}

package io.streamlocks.coordinator.lock.waiting;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.LeaveRequest;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.lock.group.Delay;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import io.streamlocks.coordinator.lock.group.StatementObserver;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import io.streamlocks.testkit.contract.ForwardingLocks;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A call that waits for several streams, one of which another transaction has locked when the call takes its places. */
class LockedStreamTest {

    private static final Duration TTL = Duration.ofHours(1);

    private final MemoryLockManager memory = new MemoryLockManager(new MonotonicClock(), false);

    /** The stream that is locked for requests for places; empty for none. */
    private volatile String locked = "";

    /** Whether it is locked for acquires, too. */
    private volatile boolean locksAcquires = true;

    private volatile boolean leavesFail;

    /** Completes when the storage carries out the ends of calls. */
    private volatile CompletableFuture<Void> leavesBegin = CompletableFuture.completedFuture(null);

    private final CompletableFuture<Void> queued = new CompletableFuture<>();

    private final LockManager storage = new ForwardingLocks() {
        @Override
        protected LockManager next() {
            return memory;
        }

        @Override
        public List<AcquireOutcome> acquire(List<AcquireRequest> requests) {
            return requests.stream()
                    .map(request -> locksAcquires && request.streamId().equals(locked)
                            ? new AcquireOutcome.Blocked()
                            : memory.acquire(List.of(request)).get(0))
                    .toList();
        }

        @Override
        public List<Optional<AcquireOutcome>> leave(List<LeaveRequest> requests) {
            if (leavesFail) {
                throw new StorageUnavailableException("It fails");
            }
            leavesBegin.join();
            return memory.leave(requests);
        }

        @Override
        public List<Optional<AcquireOutcome>> queue(List<QueueRequest> requests) {
            List<Optional<AcquireOutcome>> outcomes = requests.stream()
                    .map(request -> request.streamId().equals(locked)
                            ? Optional.<AcquireOutcome>of(new AcquireOutcome.Blocked())
                            : memory.queue(List.of(request)).get(0))
                    .toList();
            queued.complete(null);
            return outcomes;
        }
    };

    private final GroupCommit locks = new GroupCommit(storage, Runnable::run, StatementObserver.NONE);
    private final CompletableFuture<Void> gaveUp = new CompletableFuture<>();
    private final Delay delay = (task, ms) -> {
        if (ms == WaitingCalls.QUEUE_AGAIN_MS) {
            locked = "";
            gaveUp.complete(null);
        }
        Delay.JVM.run(task, ms);
    };
    private final WaitingRoom room = new WaitingRoom(
            locks,
            storage,
            storage.handOvers(),
            OptionalInt.empty(),
            WaitObserver.NONE,
            Runnable::run,
            delay,
            System::nanoTime);

    private static AcquireRequest request(String streamId, String ownerId) {
        return new AcquireRequest(streamId, ownerId, UUID.randomUUID(), TTL);
    }

    private CompletableFuture<List<AcquireOutcome>> call(AcquireRequest... requests) {
        return room.acquire("caller", List.of(requests), Duration.ofSeconds(20), onClosed -> {});
    }

    @Test
    void aCallWithOtherPlacesAsksAgainForThePlaceOfAStreamThatWasLocked() throws Exception {
        AcquireRequest holder = request("stream-1", "holder");
        memory.acquire(List.of(holder, request("stream-2", "holder")));
        locksAcquires = false;
        locked = "stream-1";
        assertThatItIsGranted(holder);
    }

    @Test
    void aCallAsksForThePlaceOfAStreamThatWasLockedForItsAcquire() throws Exception {
        AcquireRequest holder = request("stream-1", "holder");
        memory.acquire(List.of(holder, request("stream-2", "holder")));
        locked = "stream-1";
        assertThatItIsGranted(holder);
    }

    private void assertThatItIsGranted(AcquireRequest holder) throws Exception {
        CompletableFuture<List<AcquireOutcome>> call =
                call(request("stream-1", "waiter"), request("stream-2", "waiter"));
        gaveUp.get(10, TimeUnit.SECONDS);
        memory.release(List.of(new ReleaseRequest("stream-1", holder.leaseId())));
        List<AcquireOutcome> outcomes = call.get(10, TimeUnit.SECONDS);
        assertThat(outcomes.get(0)).isInstanceOf(AcquireOutcome.Granted.class);
        assertThat(outcomes.get(1)).isInstanceOf(AcquireOutcome.Held.class);
    }

    private void assertThatAGrantSaysThatNothingIsCertainOfTheOther() throws Exception {
        AcquireRequest holder = request("stream-1", "holder");
        memory.acquire(List.of(holder, request("stream-2", "holder")));
        CompletableFuture<List<AcquireOutcome>> call =
                call(request("stream-1", "waiter"), request("stream-2", "waiter"));
        queued.get(10, TimeUnit.SECONDS);
        storage.release(List.of(new ReleaseRequest("stream-1", holder.leaseId())));
        List<AcquireOutcome> outcomes = call.get(10, TimeUnit.SECONDS);
        assertThat(outcomes.get(0)).isInstanceOf(AcquireOutcome.Granted.class);
        assertThat(outcomes.get(1)).isEqualTo(new AcquireOutcome.Blocked());
    }

    @Test
    void aGrantSaysOfOtherStreamsThatNothingIsCertainIfTheStorageFails() throws Exception {
        leavesFail = true;
        assertThatAGrantSaysThatNothingIsCertainOfTheOther();
    }

    @Test
    void aGrantDoesNotWaitForOtherStreamsThatAreLocked() throws Exception {
        leavesBegin = new CompletableFuture<>();
        assertThatAGrantSaysThatNothingIsCertainOfTheOther();
        leavesBegin.complete(null);
    }

    @Test
    void aCallWithoutAnotherPlaceIsAnsweredThatItsStreamIsLocked() throws Exception {
        memory.acquire(List.of(request("stream-1", "holder")));
        locksAcquires = false;
        locked = "stream-1";
        List<AcquireOutcome> outcomes = call(request("stream-1", "waiter")).get(10, TimeUnit.SECONDS);
        assertThat(outcomes).containsExactly(new AcquireOutcome.Blocked());
        assertThat(room.isEmpty()).isTrue();
    }
}

package io.streamlocks.coordinator.lock.waiting;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.LeaveRequest;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How calls wait and end. */
class WaitingRoomTest extends WaitingFixture {

    // A grant

    @Test
    void aCallIsGrantedTheStreamWhenItIsReleased() {
        Lease lease = grant("alice");
        CompletableFuture<List<AcquireOutcome>> bob = call(request("bob"));
        time.pass(Duration.ofSeconds(7));
        assertThat(bob).isNotDone();
        release(lease);
        assertThat(grantOf(bob).lease().lock().ownerId()).isEqualTo("bob");
        assertThat(grantOf(bob).waited()).isEqualTo(Duration.ofSeconds(7));
        assertThat(observed.granted).isEqualTo(1);
        assertThatNothingIsLeft();
    }

    @Test
    void aCallForAFreeStreamDoesNotWait() {
        CompletableFuture<List<AcquireOutcome>> bob = call(request("bob"));
        assertThat(grantOf(bob).waited()).isZero();
        assertThat(storage.calls).containsExactly("acquire 1");
        assertThat(storage.listener).as("nobody waits, so nobody listens").isNull();
        assertThatNothingIsLeft();
    }

    @Test
    void callsAreServedInTheOrderOfTheirArrival() {
        Lease lease = grant("alice");
        List<CompletableFuture<List<AcquireOutcome>>> calls =
                IntStream.range(0, 20).mapToObj(i -> call(request("w" + i))).toList();
        for (CompletableFuture<List<AcquireOutcome>> next : calls) {
            assertThat(next).isNotDone();
            release(lease);
            lease = grantOf(next).lease();
        }
        assertThatNothingIsLeft();
    }

    @Test
    void aCallForAStreamThatOthersWaitForTakesItsPlaceAtOnce() {
        Lease lease = grant("alice");
        CompletableFuture<List<AcquireOutcome>> bob = call(request("bob"));
        storage.calls.clear();
        CompletableFuture<List<AcquireOutcome>> carol = call(request("carol"));
        assertThat(storage.calls).containsExactly("queue 1");
        release(lease);
        release(grantOf(bob).lease());
        assertThat(grantOf(carol).lease().lock().ownerId()).isEqualTo("carol");
        assertThatNothingIsLeft();
    }

    @Test
    void aHandOverTakesOneLookHoweverManyWait() {
        Lease lease = grant("alice");
        IntStream.range(0, 1000).forEach(i -> call(request("w" + i)));
        storage.calls.clear();
        release(lease);
        assertThat(storage.calls).containsExactly("look 1");
        assertThat(holder()).contains("w0");
    }

    @Test
    void aLeaseThatEndsSoonIsHandedOverAtItsEnd() {
        grant(stream, "alice", Duration.ofMillis(10_600));
        CompletableFuture<List<AcquireOutcome>> bob = call(request("bob"));
        time.pass(Duration.ofMillis(10_600));
        assertThat(bob).isNotDone();
        time.pass(Duration.ofMillis(2));
        assertThat(grantOf(bob).waited()).isLessThanOrEqualTo(Duration.ofMillis(10_602));
    }

    @Test
    void aClosedStreamIsHandedOverWhenItOpens() {
        Lease lease = grant("alice");
        CompletableFuture<List<AcquireOutcome>> bob = call(request("bob"));
        storage.next()
                .breakLeases(List.of(new BreakRequest(
                        lease.lock().streamId(),
                        Optional.empty(),
                        "",
                        new Breaking("it hangs", "operator", Duration.ofMillis(3_500)))));
        time.pass(Duration.ofMillis(3_499));
        assertThat(bob).isNotDone();
        time.pass(Duration.ofMillis(3));
        assertThat(grantOf(bob).lease().lock().ownerId()).isEqualTo("bob");
    }

    @Test
    void aCallForAClosedStreamWaits() {
        Lease lease = grant("alice");
        storage.next()
                .breakLeases(List.of(new BreakRequest(
                        lease.lock().streamId(),
                        Optional.empty(),
                        "",
                        new Breaking("it hangs", "operator", Duration.ofSeconds(5)))));
        CompletableFuture<List<AcquireOutcome>> bob = call(request("bob"));
        time.pass(Duration.ofMillis(5_002));
        assertThat(grantOf(bob).lease().lock().ownerId()).isEqualTo("bob");
    }

    @Test
    void aGrantMayArriveBeforeTheStorageHasConfirmedThePlace() {
        Lease lease = grant("alice");
        storage.afterQueue = () -> release(lease);
        CompletableFuture<List<AcquireOutcome>> bob = call(request("bob"));
        assertThat(grantOf(bob).lease().lock().ownerId()).isEqualTo("bob");
        assertThat(observed.granted).isEqualTo(1);
        assertThatNothingIsLeft();
        assertThat(holder()).contains("bob");
    }

    @Test
    void aStreamThatIsReleasedBeforeThePlaceIsTakenIsGrantedWithThePlace() {
        Lease lease = grant("alice");
        storage.blocked.add("queue");
        CompletableFuture<List<AcquireOutcome>> bob = call(request("bob"));
        release(lease);
        storage.blocked.clear();
        time.pass(Duration.ofMillis(100));
        assertThat(grantOf(bob).lease().lock().ownerId()).isEqualTo("bob");
        assertThatNothingIsLeft();
    }

    @Test
    void bothCallsOfOneClientReturnTheGrant() {
        Lease lease = grant("alice");
        AcquireRequest request = request("bob");
        CompletableFuture<List<AcquireOutcome>> first = call(request);
        CompletableFuture<List<AcquireOutcome>> second = call(request);
        assertThat(waiting()).containsExactly("bob");
        release(lease);
        assertThat(grantOf(first).lease()).isEqualTo(grantOf(second).lease());
        assertThatNothingIsLeft();
    }

    // The end of the time

    @Test
    void aCallWhoseTimeIsUpReturnsItsPositionAndKeepsItsPlaceForFiveSeconds() {
        grant("alice");
        call(request("bob"));
        time.pass(Duration.ofSeconds(1));
        AcquireRequest request = request("carol");
        CompletableFuture<List<AcquireOutcome>> carol = call(room, Duration.ofSeconds(10), request);
        time.pass(Duration.ofSeconds(10));
        assertThat(carol).isNotDone();
        time.pass(Duration.ofMillis(1));
        assertThat(outcome(carol)).isInstanceOfSatisfying(AcquireOutcome.Held.class, held -> {
            assertThat(held.holder().ownerId()).isEqualTo("alice");
            assertThat(held.position()).hasValue(2);
        });
        assertThat(observed.notGranted).isEqualTo(1);
        time.pass(Limits.PLACE_KEPT.minusMillis(10));
        assertThat(waiting()).containsExactly("bob", "carol");
        CompletableFuture<List<AcquireOutcome>> again = call(request);
        call(request("dave"));
        assertThat(waiting()).containsExactly("bob", "carol", "dave");
        time.pass(WAIT.plus(Limits.PLACE_KEPT).plusMillis(10));
        assertThat(again).isDone();
        assertThat(waiting()).isEmpty();
        assertThatNothingIsLeft();
    }

    @Test
    void aCallWhoseTimeIsUpBecauseItsClientComesFirstReturnsThatOthersMayNotOvertakeIt() {
        Lease lease = grant("alice");
        call(room, Duration.ofSeconds(1), request("bob"));
        CompletableFuture<List<AcquireOutcome>> carol = call(room, Duration.ofSeconds(3), request("carol"));
        time.pass(Duration.ofMillis(1_001));
        release(lease);
        assertThat(carol).as("bob may come again").isNotDone();
        time.pass(Duration.ofSeconds(2));
        assertThat(outcome(carol)).isEqualTo(new AcquireOutcome.Awaited(OptionalInt.of(2)));
    }

    @Test
    void aHeadThatDoesNotComeAgainIsSkippedWithinASecond() {
        Lease lease = grant("alice");
        call(room, Duration.ofSeconds(1), request("bob"));
        CompletableFuture<List<AcquireOutcome>> carol = call(request("carol"));
        time.pass(Duration.ofMillis(1_001));
        release(lease);
        time.pass(Limits.PLACE_KEPT.plusSeconds(1));
        assertThat(grantOf(carol).lease().lock().ownerId()).isEqualTo("carol");
    }

    @Test
    void aGrantThatNobodyReportedIsReturnedAtTheEndOfTheTime() {
        Lease lease = grant("alice");
        CompletableFuture<List<AcquireOutcome>> bob = call(room, Duration.ofMillis(900), request("bob"));
        storage.reports = false;
        storage.failing.add("look");
        release(lease);
        time.pass(Duration.ofMillis(901));
        assertThat(grantOf(bob).lease().lock().ownerId()).isEqualTo("bob");
        assertThat(observed.granted).isEqualTo(1);
        assertThat(observed.notGranted).isZero();
    }

    @Test
    void anEndThatTheStorageRefusesFailsTheCallAndIsReportedAgainWhileThePlaceMayBeGranted() {
        grant("alice");
        CompletableFuture<List<AcquireOutcome>> bob = call(request("bob"));
        storage.failing.add("leave");
        time.pass(WAIT.plusMillis(1));
        assertThat(bob).isCompletedExceptionally();
        assertThat(bob.handle((outcomes, failure) -> failure).join())
                .satisfiesAnyOf(
                        failure -> assertThat(failure).isInstanceOf(StorageUnavailableException.class),
                        failure -> assertThat(failure)
                                .isInstanceOf(CompletionException.class)
                                .hasCauseInstanceOf(StorageUnavailableException.class));
        storage.calls.clear();
        time.pass(Duration.ofMinutes(1));
        assertThat(storage.calls.stream().filter("leave 1"::equals).count()).isEqualTo(1);
        assertThatNothingIsLeft();
    }

    // A client that has gone

    @Test
    void theCallOfAClientThatHasGoneLeavesNoPlaceAndIsGrantedNothing() {
        Lease lease = grant("alice");
        call(request("bob"));
        CompletableFuture<List<AcquireOutcome>> carol = call(request("carol"));
        closings.get(0).run();
        time.settle();
        assertThat(waiting()).containsExactly("carol");
        release(lease);
        assertThat(grantOf(carol).lease().lock().ownerId()).isEqualTo("carol");
        assertThat(observed.notGranted).isEqualTo(1);
        assertThatNothingIsLeft();
    }

    @Test
    void aClientThatGoesWhileTheStorageIsBusyWithItsPlaceLeavesNoPlace() {
        grant("alice");
        storage.blocked.add("queue");
        call(request("bob"));
        closings.get(0).run();
        time.settle();
        storage.blocked.clear();
        time.pass(Duration.ofMillis(100));
        assertThat(storage.left).extracting(LeaveRequest::keepsPlace).containsExactly(false, false);
        assertThat(waiting()).isEmpty();
        assertThatNothingIsLeft();
    }

    @Test
    void theEndOfACallOfAClientThatHasGoneIsReportedEachSecondUntilTheStorageTakesIt() {
        grant("alice");
        call(request("bob"));
        storage.failing.add("leave");
        closings.get(0).run();
        time.pass(Duration.ofMillis(4_500));
        assertThat(storage.calls.stream().filter("leave 1"::equals).count()).isEqualTo(5);
        assertThat(waiting()).containsExactly("bob");
        storage.failing.clear();
        time.pass(Duration.ofSeconds(1));
        assertThat(waiting()).isEmpty();
        assertThatNothingIsLeft();
    }

    @Test
    void anEndThatIsBlockedIsReportedAgain() {
        grant("alice");
        call(request("bob"));
        storage.blocked.add("leave");
        closings.get(0).run();
        time.pass(Duration.ofSeconds(2));
        assertThat(waiting()).containsExactly("bob");
        storage.blocked.clear();
        time.pass(Duration.ofSeconds(1));
        assertThat(waiting()).isEmpty();
    }

    @Test
    void aClientThatGoesAfterItsGrantKeepsItsLease() {
        Lease lease = grant("alice");
        call(request("bob"));
        release(lease);
        closings.get(0).run();
        time.settle();
        assertThat(holder()).as("it may have read the response").contains("bob");
        assertThat(observed.notGranted).isZero();
    }

    // A server that stops

    @Test
    void aServerThatStopsEndsItsCallsAtOnceAndKeepsTheirPlaces() {
        Lease lease = grant("alice");
        AcquireRequest request = request("bob");
        CompletableFuture<List<AcquireOutcome>> bob = call(request);
        room.drain();
        time.settle();
        assertThat(bob).isCompletedExceptionally();
        assertThat(bob.handle((outcomes, failure) -> failure).join()).isInstanceOf(DrainingException.class);
        assertThat(waiting()).containsExactly("bob");
        release(lease);
        assertThat(holder()).as("no call waits").isEmpty();
        WaitingRoom other = room(OptionalInt.empty());
        assertThat(grantOf(call(other, WAIT, request)).lease().lock().ownerId()).isEqualTo("bob");
        assertThatNothingIsLeft();
    }

    @Test
    void noCallWaitsAtAServerThatStops() {
        grant("alice");
        room.drain();
        CompletableFuture<List<AcquireOutcome>> bob = call(request("bob"));
        assertThat(bob.handle((outcomes, failure) -> failure).join()).isInstanceOf(DrainingException.class);
        assertThat(waiting()).isEmpty();
        assertThat(grantOf(call(request("free-" + UUID.randomUUID(), "bob")))).isNotNull();
        assertThatNothingIsLeft();
    }

    @Test
    void aServerThatStopsWhileAPlaceIsTakenKeepsThePlaceForTheNextCall() {
        grant("alice");
        storage.afterQueue = room::drain;
        CompletableFuture<List<AcquireOutcome>> bob = call(request("bob"));
        assertThat(bob).isCompletedExceptionally();
        assertThat(waiting()).containsExactly("bob");
        time.pass(Limits.PLACE_KEPT.plusMillis(1));
        assertThat(waiting()).isEmpty();
        assertThatNothingIsLeft();
    }

    @Test
    void aClosedRoomListensNoLonger() {
        grant("alice");
        call(request("bob"));
        assertThat(storage.listener).isNotNull();
        room.close();
        assertThat(storage.listener).isNull();
    }

    // A batch

    @Test
    void aBatchReturnsWithItsFirstGrantAndTheOtherPlacesAreKept() {
        Lease first = grant(stream + "-1", "alice", TTL);
        grant(stream + "-2", "alice", TTL);
        Lease third = grant(stream + "-3", "alice", TTL);
        CompletableFuture<List<AcquireOutcome>> batch =
                call(request(stream + "-1", "bob"), request(stream + "-2", "bob"), request(stream + "-3", "bob"));
        time.pass(Duration.ofSeconds(2));
        release(third);
        assertThat(batch).isCompleted();
        assertThat(batch.join().get(2))
                .isInstanceOfSatisfying(AcquireOutcome.Granted.class, granted -> assertThat(granted.waited())
                        .isEqualTo(Duration.ofSeconds(2)));
        assertThat(batch.join().subList(0, 2))
                .allSatisfy(outcome ->
                        assertThat(((AcquireOutcome.Held) outcome).position()).hasValue(1));
        assertThat(observed.granted).isEqualTo(1);
        release(first);
        assertThat(storage.next().find(stream + "-1"))
                .as("no call waits for it")
                .isEmpty();
        assertThat(waiting(stream + "-1")).containsExactly("bob");
        time.pass(Limits.PLACE_KEPT.plusMillis(1));
        assertThat(waiting(stream + "-1")).isEmpty();
        assertThat(waiting(stream + "-2")).isEmpty();
        assertThatNothingIsLeft();
    }

    @Test
    void aBatchReturnsAllGrantsThatItHasByThen() {
        Lease first = grant(stream + "-1", "alice", TTL);
        Lease second = grant(stream + "-2", "alice", TTL);
        CompletableFuture<List<AcquireOutcome>> batch =
                call(request(stream + "-1", "bob"), request(stream + "-2", "bob"));
        storage.next()
                .release(List.of(
                        new ReleaseRequest(stream + "-1", first.leaseId()),
                        new ReleaseRequest(stream + "-2", second.leaseId())));
        time.settle();
        assertThat(batch.join()).hasOnlyElementsOfType(AcquireOutcome.Granted.class);
        assertThat(observed.granted).isEqualTo(2);
        assertThatNothingIsLeft();
    }

    @Test
    void aBatchThatIsGrantedAStreamAtOnceWaitsForNoOtherButTakesItsPlaces() {
        Lease lease = grant("alice");
        AcquireRequest waits = request("bob");
        CompletableFuture<List<AcquireOutcome>> batch = call(request(stream + "-free", "bob"), waits);
        assertThat(batch).isCompleted();
        assertThat(waiting()).containsExactly("bob");
        release(lease);
        assertThat(holder()).as("no call waits for it").isEmpty();
        assertThat(grantOf(call(waits)).lease().lock().ownerId()).isEqualTo("bob");
        assertThatNothingIsLeft();
    }

    @Test
    void aBatchWaitsThoughOneOfItsLeaseIdsIsUsed() {
        Lease used = grant(stream + "-used", "bob", TTL);
        release(used);
        Lease lease = grant("alice");
        CompletableFuture<List<AcquireOutcome>> batch =
                call(new AcquireRequest(stream + "-used", "bob", used.leaseId(), TTL), request("bob"));
        assertThat(batch).isNotDone();
        release(lease);
        assertThat(batch.join().get(0)).isInstanceOf(AcquireOutcome.LeaseIdUsed.class);
        assertThat(batch.join().get(1)).isInstanceOf(AcquireOutcome.Granted.class);
    }

    // Limits

    @Test
    void anOwnerMayWaitForOnlySoManyStreams() {
        WaitingRoom small = room(OptionalInt.of(2));
        IntStream.range(0, 4).forEach(i -> grant(stream + i, "alice", TTL));
        CompletableFuture<List<AcquireOutcome>> first = call(small, Duration.ofSeconds(1), request(stream + 0, "bob"));
        call(small, WAIT, request(stream + 1, "bob"));
        assertThat(outcome(call(small, WAIT, request(stream + 2, "bob"))))
                .isEqualTo(new AcquireOutcome.TooManyWaiters(true));
        assertThat(waiting(stream + 2)).isEmpty();
        assertThat(call(small, WAIT, request(stream + 2, "carol"))).isNotDone();
        time.pass(Duration.ofMillis(1_001));
        assertThat(first).isDone();
        assertThat(call(small, WAIT, request(stream + 3, "bob"))).isNotDone();
    }

    @Test
    void aCallThatWouldBeOneTooManyIsNotHalfCounted() {
        WaitingRoom small = room(OptionalInt.of(2));
        IntStream.range(0, 3).forEach(i -> grant(stream + i, "alice", TTL));
        assertThat(call(small, WAIT, request(stream + 0, "bob"), request(stream + 1, "bob"), request(stream + 2, "bob"))
                        .join())
                .containsOnly(new AcquireOutcome.TooManyWaiters(true));
        assertThat(observed.waiters.getAsInt()).isZero();
        assertThat(call(small, WAIT, request(stream + 0, "bob"), request(stream + 1, "bob")))
                .isNotDone();
        assertThat(observed.waiters.getAsInt()).isEqualTo(2);
    }
}

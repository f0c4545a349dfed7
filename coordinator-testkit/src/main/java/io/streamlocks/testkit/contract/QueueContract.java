package io.streamlocks.testkit.contract;

import static io.streamlocks.testkit.contract.ContractFixture.decided;
import static io.streamlocks.testkit.contract.ContractFixture.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.AwaitedStream;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.Grant;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.LeaveRequest;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.Owner;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.Waiter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The contract of queues. */
public interface QueueContract extends ContractFixture {

    /** How long the calls of these tests wait. */
    Duration WAIT = Duration.ofSeconds(20);

    /** Longer than a place outlives its call. */
    Duration UNTIL_DEAD = Limits.PLACE_KEPT.plusSeconds(1);

    /** Makes the places of a stream older by this much. */
    void agePlaces(String streamId, Duration by);

    /** Returns a request of a new call. */
    default QueueRequest place(String ownerId) {
        return place(ownerId, UUID.randomUUID());
    }

    /** Returns a request of a new call with this lease id. */
    default QueueRequest place(String ownerId, UUID leaseId) {
        return new QueueRequest(request(ownerId, leaseId, TTL), UUID.randomUUID(), WAIT);
    }

    /** Asks for a place, and repeats the request until it is not blocked. */
    default Optional<AcquireOutcome> queue(QueueRequest request) {
        Optional<AcquireOutcome> blocked = Optional.of(new AcquireOutcome.Blocked());
        Optional<AcquireOutcome> outcome = locks().queue(List.of(request)).get(0);
        while (outcome.equals(blocked)) {
            outcome = locks().queue(List.of(request)).get(0);
        }
        return outcome;
    }

    /** Takes a place for a new call. Fails if it is granted. */
    default QueueRequest waits(String ownerId) {
        QueueRequest request = place(ownerId);
        assertThat(queue(request)).isEmpty();
        return request;
    }

    /** Ends a call that waited. */
    default Optional<AcquireOutcome> leave(QueueRequest request, boolean keepsPlace) {
        LeaveRequest leave = new LeaveRequest(request.streamId(), request.leaseId(), request.callId(), keepsPlace);
        Optional<AcquireOutcome> blocked = Optional.of(new AcquireOutcome.Blocked());
        Optional<AcquireOutcome> outcome = locks().leave(List.of(leave)).get(0);
        while (outcome.equals(blocked)) {
            outcome = locks().leave(List.of(leave)).get(0);
        }
        return outcome;
    }

    /** Returns the owners that wait, in their order. */
    default List<String> waiting() {
        return locks().reads().waiters(stream()).stream()
                .map(Waiter::owner)
                .map(Owner::id)
                .toList();
    }

    /** Returns who holds the stream; empty if nobody does. */
    default Optional<String> holder() {
        return locks().find(stream()).map(Lock::ownerId);
    }

    @Test
    default void aReleaseHandsTheStreamOverToTheFirstInTheQueue() {
        Lease lease = grant("alice");
        QueueRequest bob = waits("bob");
        waits("carol");
        assertThat(waiting()).containsExactly("bob", "carol");
        release(lease);
        assertThat(holder()).contains("bob");
        assertThat(waiting()).containsExactly("carol");
        Lease granted = granted(acquire(bob.request()));
        assertThat(granted.leaseId()).isEqualTo(bob.leaseId());
        assertThat(granted.lock().fencingToken()).isGreaterThan(lease.lock().fencingToken());
        assertThat(granted.lock().ttl()).isEqualTo(TTL);
    }

    @Test
    default void waitersAreServedInTheOrderOfTheirArrival() {
        Lease lease = grant("alice");
        List<QueueRequest> others = List.of("bob", "carol", "dave", "erin").stream()
                .map(this::waits)
                .toList();
        for (QueueRequest next : others) {
            release(lease);
            assertThat(holder()).contains(next.request().ownerId());
            lease = granted(acquire(next.request()));
        }
        release(lease);
        assertThat(holder()).isEmpty();
        assertThat(granted(acquire(request("frank", UUID.randomUUID(), TTL)))
                        .lock()
                        .waiting())
                .isZero();
    }

    @Test
    default void responsesContainTheLengthOfTheQueue() {
        Lease lease = grant("alice");
        assertThat(lease.lock().waiting()).isZero();
        waits("bob");
        waits("carol");
        assertThat(ContractFixture.renewed(renew(lease)).lock().waiting()).isEqualTo(2);
        assertThat(locks().find(stream()).orElseThrow().waiting()).isEqualTo(2);
        assertThat(granted(acquire(request("alice", lease.leaseId(), TTL)))
                        .lock()
                        .waiting())
                .isEqualTo(2);
        AcquireOutcome.Held held = (AcquireOutcome.Held) acquire(request("dave", UUID.randomUUID(), TTL));
        assertThat(held.holder().waiting()).isEqualTo(2);
        assertThat(held.position()).isEmpty();
    }

    @Test
    default void anAcquireOvertakesNobody() {
        Lease lease = grant("alice");
        QueueRequest bob = waits("bob");
        waits("carol");
        leave(bob, true);
        release(lease);
        assertThat(holder()).as("bob is between two calls").isEmpty();
        assertThat(acquire(request("dave", UUID.randomUUID(), TTL)))
                .isEqualTo(new AcquireOutcome.Awaited(OptionalInt.empty()));
        assertThat(queue(place("bob", bob.leaseId())))
                .get()
                .satisfies(outcome -> assertThat(granted(outcome).leaseId()).isEqualTo(bob.leaseId()));
        assertThat(waiting()).containsExactly("carol");
    }

    @Test
    default void anAcquireOfTheFirstInTheQueueIsGranted() {
        Lease lease = grant("alice");
        QueueRequest bob = waits("bob");
        QueueRequest carol = waits("carol");
        leave(bob, true);
        release(lease);
        assertThat(acquire(carol.request())).isInstanceOf(AcquireOutcome.Awaited.class);
        Lease granted = granted(acquire(bob.request()));
        assertThat(granted.lock().waiting()).isEqualTo(1);
        release(granted);
        assertThat(holder()).contains("carol");
    }

    @Test
    default void aPlaceIsKeptForTheNextCallAndDiesWithoutOne() {
        Lease lease = grant("alice");
        QueueRequest bob = waits("bob");
        waits("carol");
        assertThat(leave(bob, true)).get().satisfies(outcome -> {
            AcquireOutcome.Held held = (AcquireOutcome.Held) outcome;
            assertThat(held.holder().ownerId()).isEqualTo("alice");
            assertThat(held.position()).hasValue(1);
        });
        assertThat(queue(place("bob", bob.leaseId()))).isEmpty();
        assertThat(waiting()).containsExactly("bob", "carol");
        agePlaces(stream(), WAIT.plus(UNTIL_DEAD));
        assertThat(waiting()).isEmpty();
        QueueRequest again = place("bob", bob.leaseId());
        waits("dave");
        assertThat(queue(again)).isEmpty();
        assertThat(waiting()).as("a place that died is another place").containsExactly("dave", "bob");
        release(lease);
        assertThat(holder()).contains("dave");
    }

    @Test
    default void aDeadPlaceIsSkipped() {
        Lease lease = grant("alice");
        waits("bob");
        agePlaces(stream(), WAIT.plus(UNTIL_DEAD));
        waits("carol");
        release(renewedLease(lease));
        assertThat(holder()).contains("carol");
    }

    /** Renews the lease, whose end the clock of the test may have come close to. */
    private Lease renewedLease(Lease lease) {
        return ContractFixture.renewed(renew(lease));
    }

    @Test
    default void theFirstInTheQueueOfAFreeStreamIsGrantedAtOnce() {
        Lease lease = grant("alice");
        release(lease);
        QueueRequest bob = place("bob");
        assertThat(queue(bob))
                .get()
                .satisfies(outcome -> assertThat(granted(outcome).leaseId()).isEqualTo(bob.leaseId()));
        assertThat(waiting()).isEmpty();
    }

    @Test
    default void theEndOfACallDoesNothingToALaterCall() {
        Lease lease = grant("alice");
        QueueRequest first = waits("bob");
        QueueRequest second = place("bob", first.leaseId());
        assertThat(queue(second)).isEmpty();
        leave(first, false);
        assertThat(waiting()).containsExactly("bob");
        leave(first, true);
        release(lease);
        assertThat(holder()).contains("bob");
    }

    @Test
    default void aPlaceThatIsGivenUpIsGone() {
        Lease lease = grant("alice");
        QueueRequest bob = waits("bob");
        waits("carol");
        assertThat(leave(bob, false)).isEmpty();
        assertThat(waiting()).containsExactly("carol");
        release(lease);
        assertThat(holder()).contains("carol");
    }

    @Test
    default void theNextIsGrantedTheStreamWhenTheFirstGivesItsPlaceUp() {
        Lease lease = grant("alice");
        QueueRequest bob = waits("bob");
        waits("carol");
        leave(bob, true);
        release(lease);
        assertThat(holder()).isEmpty();
        leave(bob, false);
        assertThat(holder()).contains("carol");
    }

    @Test
    default void aReleaseWithTheLeaseIdOfAWaiterRemovesItsPlace() {
        Lease lease = grant("alice");
        QueueRequest bob = waits("bob");
        waits("carol");
        ReleaseRequest release = new ReleaseRequest(stream(), bob.leaseId());
        assertThat(release(release)).isInstanceOf(ReleaseOutcome.Released.class);
        assertThat(waiting()).containsExactly("carol");
        ContractFixture.assertLost(release(release), LossReason.UNKNOWN);
        release(lease);
        assertThat(holder()).contains("carol");
    }

    @Test
    default void aReleaseOfAnotherOwnersPlaceRemovesNothing() {
        grant("alice");
        QueueRequest bob = waits("bob");
        ReleaseRequest foreign = new ReleaseRequest(stream(), bob.leaseId(), "carol");
        ContractFixture.assertLost(release(foreign), LossReason.UNKNOWN);
        assertThat(waiting()).containsExactly("bob");
    }

    @Test
    default void theEndOfACallThatWasGrantedReturnsTheGrant() {
        Lease lease = grant("alice");
        QueueRequest bob = waits("bob");
        release(lease);
        assertThat(leave(bob, true))
                .get()
                .satisfies(outcome -> assertThat(granted(outcome).leaseId()).isEqualTo(bob.leaseId()));
        leave(bob, false);
        assertThat(holder()).as("the client may know of its lease").contains("bob");
    }

    @Test
    default void aBreakHandsTheStreamOver() {
        grant("alice");
        waits("bob");
        breakWith(Duration.ZERO);
        assertThat(holder()).contains("bob");
    }

    @Test
    default void aClosedStreamIsHandedOverWhenItOpens() {
        grant("alice");
        QueueRequest bob = waits("bob");
        breakWith(Duration.ofSeconds(5));
        assertThat(holder()).isEmpty();
        assertThat(leave(bob, true)).get().isInstanceOf(AcquireOutcome.Delayed.class);
        assertThat(queue(place("bob", bob.leaseId()))).isEmpty();
        locks().advance(List.of(stream()));
        assertThat(holder()).isEmpty();
        assertThat(awaited(0).grantableIn()).isPositive();
    }

    private void breakWith(Duration delay) {
        BreakRequest request = new BreakRequest(stream(), Optional.empty(), "", new Breaking("ops", "test", delay));
        decided(() -> locks().breakLeases(List.of(request)).get(0), BreakOutcome.Blocked.class);
    }

    @Test
    default void anExpiredLeaseIsHandedOverByAnAdvance() {
        grant("alice");
        QueueRequest bob = waits("bob");
        locks().advance(List.of(stream()));
        assertThat(holder()).contains("alice");
        expire(stream());
        assertThat(holder()).isEmpty();
        assertThat(queue(place("bob", bob.leaseId())))
                .as("time may have passed for the call as well")
                .satisfies(outcome -> outcome.ifPresent(ContractFixture::granted));
        locks().advance(List.of(stream()));
        assertThat(holder()).contains("bob");
    }

    @Test
    default void aUsedLeaseIdGetsNoPlace() {
        Lease lease = grant("alice");
        release(lease);
        grant("bob");
        assertThat(queue(place("alice", lease.leaseId()))).contains(new AcquireOutcome.LeaseIdUsed());
        assertThat(waiting()).isEmpty();
    }

    @Test
    default void aHolderGetsItsLeaseInsteadOfAPlace() {
        Lease lease = grant("alice");
        assertThat(queue(place("alice", lease.leaseId()))).get().satisfies(outcome -> assertThat(
                        granted(outcome).lock().fencingToken())
                .isEqualTo(lease.lock().fencingToken()));
        assertThat(waiting()).isEmpty();
    }

    @Test
    default void aLookReportsWhatHasChanged() {
        Lease lease = grant("alice");
        long token = lease.lock().fencingToken();
        assertThat(look(token, Duration.ofSeconds(1))).isEmpty();
        assertThat(look(token, TTL)).hasSize(1);
        AwaitedStream held = awaited(0);
        assertThat(held.fencingToken()).isEqualTo(token);
        assertThat(held.lease()).get().extracting(Lease::leaseId).isEqualTo(lease.leaseId());
        assertThat(held.grantableIn()).isBetween(Duration.ofSeconds(1), TTL);
        release(lease);
        AwaitedStream free = awaited(token);
        assertThat(free.lease()).isEmpty();
        assertThat(free.grantableIn()).isZero();
        assertThat(locks().look(List.of(new AwaitedStream.Known("none-" + UUID.randomUUID(), 0)), TTL))
                .isEmpty();
    }

    private List<AwaitedStream> look(long token, Duration horizon) {
        return locks().look(List.of(new AwaitedStream.Known(stream(), token)), horizon);
    }

    private AwaitedStream awaited(long token) {
        return look(token, Duration.ZERO).get(0);
    }

    @Test
    default void aRequestWithoutAPlaceIsFound() {
        Lease lease = grant("alice");
        QueueRequest bob = waits("bob");
        QueueRequest carol = waits("carol");
        QueueRequest stranger = place("dave");
        assertThat(locks().withoutPlace(List.of(bob, stranger, carol))).containsExactly(stranger);
        release(lease);
        assertThat(locks().withoutPlace(List.of(bob, carol)))
                .as("bob has the lease")
                .isEmpty();
    }

    @Test
    default void aPlaceForACallThatDoesNotWaitIsKept() {
        Lease lease = grant("alice");
        QueueRequest bob = new QueueRequest(request("bob", UUID.randomUUID(), TTL), UUID.randomUUID(), Duration.ZERO);
        assertThat(queue(bob)).isEmpty();
        waits("carol");
        release(lease);
        assertThat(holder()).isEmpty();
        assertThat(queue(place("bob", bob.leaseId()))).isPresent();
        assertThat(holder()).contains("bob");
    }

    @Test
    default void aStreamThatCallersWaitForIsNotForgotten() {
        Lease lease = grant("alice");
        release(lease);
        age(stream(), Limits.MIN_TOMBSTONE_RETENTION.multipliedBy(2));
        QueueRequest bob = new QueueRequest(request("bob", UUID.randomUUID(), TTL), UUID.randomUUID(), Duration.ZERO);
        assertThat(queue(bob)).isEmpty();
        locks().purge(Limits.MIN_TOMBSTONE_RETENTION);
        assertThat(waiting()).containsExactly("bob");
        assertThat(acquire(request("dave", UUID.randomUUID(), TTL))).isInstanceOf(AcquireOutcome.Awaited.class);
        assertThat(queue(place("bob", bob.leaseId()))).isPresent();
        assertThat(holder()).contains("bob");
    }

    @Test
    default void aPlaceWhoseLeaseWasGrantedToAnAcquireHoldsUpNobody() {
        Lease lease = grant("alice");
        QueueRequest bob = waits("bob");
        QueueRequest carol = waits("carol");
        leave(bob, true);
        release(lease);
        granted(acquire(bob.request()));
        assertThat(leave(carol, true)).get().satisfies(outcome -> assertThat(((AcquireOutcome.Held) outcome).position())
                .hasValue(1));
        assertThat(granted(acquire(bob.request())).lock().waiting()).isEqualTo(1);
        assertThat(waiting()).containsExactly("carol");
    }

    @Test
    default void oneBatchTakesAndEndsManyPlaces() {
        Lease lease = grant("alice");
        List<QueueRequest> requests = List.of(place("bob"), place("carol"), place("dave"));
        assertThat(locks().queue(requests)).containsExactly(Optional.empty(), Optional.empty(), Optional.empty());
        assertThat(waiting()).containsExactly("bob", "carol", "dave");
        assertThat(locks().leave(requests.stream()
                        .map(request -> new LeaveRequest(stream(), request.leaseId(), request.callId(), true))
                        .toList()))
                .extracting(outcome -> ((AcquireOutcome.Held) outcome.orElseThrow()).position())
                .containsExactly(OptionalInt.of(1), OptionalInt.of(2), OptionalInt.of(3));
        release(lease);
        assertThat(holder()).isEmpty();
    }

    @Test
    default void historyShowsHowLongTheOwnerWaited() {
        Lease lease = grant("alice");
        QueueRequest bob = waits("bob");
        release(lease);
        Lease granted = granted(acquire(bob.request()));
        assertThat(history(stream()).get(0).waited()).isPresent();
        assertThat(history(stream()).get(1).waited()).isEmpty();
        release(granted);
        assertThat(history(stream()).get(0).waited()).isPresent();
        grant("carol");
        assertThat(history(stream())).first().extracting(Grant::waited).isEqualTo(Optional.empty());
    }

    @Test
    default void aWaiterIsShownWithItsLabelsAndWithoutItsLeaseId() {
        grant("alice");
        Owner bob = new Owner("bob", Map.of("pod", "b-1"));
        QueueRequest request =
                new QueueRequest(new AcquireRequest(stream(), bob, UUID.randomUUID(), TTL), UUID.randomUUID(), WAIT);
        assertThat(queue(request)).isEmpty();
        assertThat(locks().reads().waiters(stream()))
                .extracting(Waiter::owner, Waiter::position)
                .containsExactly(tuple(bob, 1));
        assertThat(request.toString()).doesNotContain(request.leaseId().toString());
    }
}

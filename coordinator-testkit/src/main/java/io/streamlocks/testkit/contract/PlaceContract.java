package io.streamlocks.testkit.contract;

import static io.streamlocks.testkit.contract.ContractFixture.granted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.LeaveRequest;
import io.streamlocks.coordinator.lock.Limits;
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

/** The contract of places in queues: how they are taken, kept and given up. */
public interface PlaceContract extends QueueFixture {
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

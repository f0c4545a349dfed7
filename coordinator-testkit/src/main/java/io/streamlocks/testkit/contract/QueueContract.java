package io.streamlocks.testkit.contract;

import static io.streamlocks.testkit.contract.ContractFixture.decided;
import static io.streamlocks.testkit.contract.ContractFixture.granted;
import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AwaitedStream;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.Grant;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.QueueRequest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The contract of queues: who is granted a stream, and when. */
public interface QueueContract extends QueueFixture {
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
}

package io.streamlocks.testkit.contract;

import static io.streamlocks.testkit.contract.ContractFixture.assertLost;
import static io.streamlocks.testkit.contract.ContractFixture.granted;
import static io.streamlocks.testkit.contract.ContractFixture.releaseOf;
import static io.streamlocks.testkit.contract.ContractFixture.renewal;
import static io.streamlocks.testkit.contract.ContractFixture.renewed;
import static io.streamlocks.testkit.contract.ContractFixture.shuffled;
import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireOutcome.Granted;
import io.streamlocks.coordinator.lock.AcquireOutcome.Held;
import io.streamlocks.coordinator.lock.AcquireOutcome.LeaseIdUsed;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.LockCalls;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The contract of several requests in one call. */
interface BatchContract extends ContractFixture {

    @Test
    default void anEmptyBatchHasNoOutcomes() {
        assertThat(locks().acquire(List.of())).isEmpty();
        assertThat(locks().renew(List.of())).isEmpty();
        assertThat(locks().release(List.of())).isEmpty();
    }

    @Test
    default void outcomesAreInTheOrderOfTheRequests() {
        List<String> ids =
                shuffled(IntStream.range(0, 1000).mapToObj(i -> stream() + i).toList());
        List<AcquireOutcome> outcomes = locks().acquire(ids.stream()
                .map(id -> new AcquireRequest(id, "alice", UUID.randomUUID(), TTL))
                .toList());
        List<Lease> leases = outcomes.stream().map(ContractFixture::granted).toList();
        assertThat(leases).extracting(lease -> lease.lock().streamId()).containsExactlyElementsOf(ids);
        List<RenewOutcome> renewals = locks().renew(leases.stream()
                .map(lease -> renewal(lease, Optional.empty()))
                .toList());
        assertThat(renewals)
                .extracting(outcome -> renewed(outcome).lock().streamId())
                .containsExactlyElementsOf(ids);
        assertThat(locks().release(
                                leases.stream().map(ContractFixture::releaseOf).toList()))
                .hasSize(1000)
                .hasOnlyElementsOfType(ReleaseOutcome.Released.class);
    }

    @Test
    default void acquiresAndReleasesInOneCallHaveEachTheirOutcomes() {
        Lease first = granted(acquire(new AcquireRequest(stream() + "first", "alice", UUID.randomUUID(), TTL)));
        Lease second = granted(acquire(new AcquireRequest(stream() + "second", "alice", UUID.randomUUID(), TTL)));
        Lease over = granted(acquire(new AcquireRequest(stream() + "over", "alice", UUID.randomUUID(), TTL)));
        release(over);
        AcquireRequest free = new AcquireRequest(stream() + "free", "bob", UUID.randomUUID(), TTL);
        AcquireRequest again = new AcquireRequest(stream() + "over", "bob", UUID.randomUUID(), TTL);
        var outcomes = locks().acquireAndRelease(
                        List.of(
                                free,
                                new AcquireRequest(stream() + "second", "bob", UUID.randomUUID(), TTL),
                                again,
                                free),
                        List.of(
                                releaseOf(first),
                                new ReleaseRequest(stream() + "unknown", UUID.randomUUID()),
                                releaseOf(first)));
        assertThat(outcomes.acquired().stream().map(Object::getClass))
                .isEqualTo(List.of(Granted.class, Held.class, Granted.class, Granted.class));
        assertThat(outcomes.acquired().get(3)).isEqualTo(outcomes.acquired().get(0));
        assertThat(outcomes.released().get(0)).isInstanceOf(ReleaseOutcome.Released.class);
        assertThat(outcomes.released().get(1)).isEqualTo(new ReleaseOutcome.Lost(LossReason.UNKNOWN, Optional.empty()));
        assertThat(outcomes.released().get(2)).isInstanceOf(ReleaseOutcome.Released.class);
        assertThat(locks().find(stream() + "first")).isEmpty();
        assertThat(locks().find(stream() + "second")).isPresent();
        assertThat(locks().acquireAndRelease(List.of(), List.of()))
                .isEqualTo(new LockCalls.Outcomes(List.of(), List.of()));
    }

    @Test
    default void oneBatchCanHaveEveryOutcome() {
        Lease held = granted(acquire(new AcquireRequest(stream() + "held", "alice", UUID.randomUUID(), TTL)));
        Lease over = granted(acquire(new AcquireRequest(stream() + "over", "alice", UUID.randomUUID(), TTL)));
        release(over);
        List<AcquireOutcome> outcomes = locks().acquire(List.of(
                new AcquireRequest(stream() + "held", "bob", UUID.randomUUID(), TTL),
                new AcquireRequest(stream() + "free", "bob", UUID.randomUUID(), TTL),
                new AcquireRequest(stream() + "over", "bob", over.leaseId(), TTL),
                new AcquireRequest(stream() + "held", "alice", held.leaseId(), TTL)));
        assertThat(outcomes.get(0)).isInstanceOf(Held.class);
        assertThat(outcomes.get(1)).isInstanceOf(Granted.class);
        assertThat(outcomes.get(2)).isInstanceOf(LeaseIdUsed.class);
        assertThat(granted(outcomes.get(3)).lock().fencingToken())
                .isEqualTo(held.lock().fencingToken());
    }

    @Test
    default void theFirstOfTwoAcquiresOfOneStreamWins() {
        List<AcquireOutcome> outcomes = locks().acquire(
                        List.of(request("alice", UUID.randomUUID(), TTL), request("bob", UUID.randomUUID(), TTL)));
        Lease winner = granted(outcomes.get(0));
        assertThat(winner.lock().ownerId()).isEqualTo("alice");
        assertThat(((Held) outcomes.get(1)).holder().fencingToken())
                .isEqualTo(winner.lock().fencingToken());
    }

    @Test
    default void anAcquireThatIsTwiceInABatchIsOneLease() {
        AcquireRequest request = request("alice", UUID.randomUUID(), TTL);
        List<AcquireOutcome> outcomes = locks().acquire(List.of(request, request));
        assertThat(granted(outcomes.get(0)).lock().fencingToken())
                .isEqualTo(granted(outcomes.get(1)).lock().fencingToken());
    }

    @Test
    default void renewalsOfOneStreamAreDecidedInTheirOrder() {
        Lease lease = grant("alice");
        List<RenewOutcome> outcomes = renewUntilDecided(List.of(
                renewal(lease, Optional.of(Duration.ofSeconds(10))),
                new RenewRequest(stream(), UUID.randomUUID(), Optional.empty()),
                renewal(lease, Optional.of(Duration.ofSeconds(20)))));
        assertThat(renewed(outcomes.get(0)).lock().ttl()).isEqualTo(Duration.ofSeconds(10));
        assertLost(outcomes.get(1), LossReason.UNKNOWN);
        assertThat(renewed(outcomes.get(2)).lock().ttl()).isEqualTo(Duration.ofSeconds(20));
        assertThat(locks().find(stream()).orElseThrow().ttl()).isEqualTo(Duration.ofSeconds(20));
    }

    @Test
    default void aReleaseThatIsTwiceInABatchSucceedsTwice() {
        Lease lease = grant("alice");
        assertThat(locks().release(List.of(releaseOf(lease), releaseOf(lease))))
                .hasSize(2)
                .hasOnlyElementsOfType(ReleaseOutcome.Released.class);
    }

    @Test
    default void eachOfTwoRenewalsOfOneStreamHasItsOwnOutcome() {
        Lease lease = grant("alice");
        assertThat(renewUntilDecided(List.of(
                        new RenewRequest(stream(), UUID.randomUUID(), Optional.empty()),
                        ContractFixture.renewal(lease, Optional.empty()))))
                .satisfiesExactly(
                        foreign -> assertThat(foreign).isInstanceOf(RenewOutcome.Lost.class),
                        own -> assertThat(own).isInstanceOf(RenewOutcome.Renewed.class));
    }

    @Test
    default void aRenewalThatIsInABatchAThousandTimesIsDecidedAtOnce() {
        Lease lease = grant("alice");
        List<RenewOutcome> outcomes =
                locks().renew(Collections.nCopies(1000, renewal(lease, Optional.of(Duration.ofSeconds(40)))));
        assertThat(outcomes)
                .hasSize(1000)
                .allSatisfy(outcome -> assertThat(renewed(outcome).lock().ttl()).isEqualTo(Duration.ofSeconds(40)));
    }

    @Test
    default void aRenewalThatIsRepeatedAfterAnotherOneIsCarriedOutAgain() {
        Lease lease = grant("alice");
        RenewRequest shorter = renewal(lease, Optional.of(Duration.ofSeconds(10)));
        RenewRequest longer = renewal(lease, Optional.of(Duration.ofSeconds(20)));
        assertThat(renewUntilDecided(List.of(shorter, longer, shorter)))
                .hasOnlyElementsOfType(RenewOutcome.Renewed.class);
        assertThat(locks().find(stream()).orElseThrow().ttl()).isEqualTo(Duration.ofSeconds(10));
    }

    @Test
    default void aBreakThatIsTwiceInABatchEndsOneLease() {
        grant("alice");
        BreakRequest request =
                new BreakRequest(stream(), Optional.empty(), new Breaking("stuck", "operator", Duration.ZERO));
        List<BreakOutcome> outcomes = locks().breakLeases(List.of(request, request));
        assertThat(outcomes.get(0)).isInstanceOf(BreakOutcome.Broken.class);
        assertThat(outcomes.get(1)).isEqualTo(new BreakOutcome.NotLocked());
    }
}

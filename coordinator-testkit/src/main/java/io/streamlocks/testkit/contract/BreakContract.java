package io.streamlocks.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.AcquireOutcome.Delayed;
import io.streamlocks.coordinator.lock.AcquireOutcome.LeaseIdUsed;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.EndReason;
import io.streamlocks.coordinator.lock.Grant;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.RenewOutcome;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The contract of break. */
interface BreakContract extends ContractFixture {

    @Test
    default void aBrokenLeaseIsLostWithTheReasonOfTheBreak() {
        Lease lease = grant("alice");
        Grant broken = broken(breakLease(Optional.empty(), Duration.ZERO));
        assertThat(broken.ownerId()).isEqualTo("alice");
        assertThat(broken.fencingToken()).isEqualTo(lease.lock().fencingToken());
        assertThat(broken.acquiredAt()).isEqualTo(lease.lock().acquiredAt());
        Grant.End end = broken.end().orElseThrow();
        assertThat(end.reason()).isEqualTo(EndReason.BROKEN);
        assertThat(end.at()).isBetween(lease.lock().acquiredAt(), lease.lock().expiresAt());
        assertThat(end.breakReason()).contains("it hangs");
        assertThat(end.by()).contains(operator());

        assertThat(locks().find(stream())).isEmpty();
        assertThat(renew(lease)).isEqualTo(new RenewOutcome.Lost(LossReason.BROKEN, Optional.of("it hangs")));
        assertThat(release(lease)).isEqualTo(new ReleaseOutcome.Lost(LossReason.BROKEN, Optional.of("it hangs")));
        assertThat(acquire(request("alice", lease.leaseId(), TTL))).isInstanceOf(LeaseIdUsed.class);
    }

    @Test
    default void aBrokenStreamIsGrantedAtOnceWithAHigherToken() {
        Lease first = grant("alice");
        breakLease(Optional.empty(), Duration.ZERO);
        assertThat(grant("bob").lock().fencingToken())
                .isGreaterThan(first.lock().fencingToken());
    }

    @Test
    default void aBrokenLeaseIsSupersededByTheNextGrant() {
        Lease first = grant("alice");
        breakLease(Optional.empty(), Duration.ZERO);
        grant("bob");
        ContractFixture.assertLost(renew(first), LossReason.SUPERSEDED);
    }

    @Test
    default void aLeaseThatIsReleasedAfterABrokenOneIsReportedAsReleased() {
        grant("alice");
        breakLease(Optional.empty(), Duration.ZERO);
        Lease second = grant("bob");
        release(second);
        ContractFixture.assertLost(renew(second), LossReason.RELEASED);
    }

    @Test
    default void aStreamBrokenWithADelayStaysClosedForThatLong() {
        Lease first = grant("alice");
        breakLease(Optional.empty(), Limits.MAX_BREAK_DELAY);
        Delayed delayed = (Delayed) acquire(request("bob", UUID.randomUUID(), TTL));
        assertThat(delayed.opensIn()).isPositive().isLessThanOrEqualTo(Limits.MAX_BREAK_DELAY);
        assertThat(acquire(request("alice", first.leaseId(), TTL))).isInstanceOf(LeaseIdUsed.class);
        assertThat(locks().find(stream())).isEmpty();

        open(stream());
        assertThat(grant("bob").lock().fencingToken())
                .isGreaterThan(first.lock().fencingToken());
    }

    @Test
    default void onlyTheLeaseWithTheExpectedTokenIsBroken() {
        Lease first = grant("alice");
        release(first);
        Lease second = grant("bob");
        BreakOutcome.TokenChanged changed =
                (BreakOutcome.TokenChanged) breakLease(Optional.of(first.lock().fencingToken()), Duration.ZERO);
        assertThat(changed.holder().ownerId()).isEqualTo("bob");
        assertThat(changed.holder().fencingToken()).isEqualTo(second.lock().fencingToken());
        assertThat(renew(second)).isInstanceOf(RenewOutcome.Renewed.class);

        broken(breakLease(Optional.of(second.lock().fencingToken()), Duration.ZERO));
    }

    @Test
    default void aStreamWithoutALiveLeaseIsReportedAsNotLocked() {
        assertThat(breakLease(Optional.empty(), Duration.ZERO)).isEqualTo(new BreakOutcome.NotLocked());
        Lease lease = grant("alice");
        expire(stream());
        assertThat(breakLease(Optional.empty(), Duration.ZERO)).isEqualTo(new BreakOutcome.NotLocked());
        ContractFixture.assertLost(renew(lease), LossReason.EXPIRED);
        Lease second = grant("bob");
        release(second);
        assertThat(breakLease(Optional.of(second.lock().fencingToken()), Duration.ZERO))
                .isEqualTo(new BreakOutcome.NotLocked());
    }

    @Test
    default void breakingAnOwnerEndsItsLeasesAndNoOthers() {
        String owner = "owner-" + UUID.randomUUID();
        List<String> streams = List.of(stream() + "/1", stream() + "/2", stream() + "/3");
        grantAll(streams, owner);
        Lease other = grant("bob");
        assertThat(locks().breakOwner(owner, breaking(Duration.ZERO))).isEqualTo(3);
        assertThat(streams).allSatisfy(id -> assertThat(locks().find(id)).isEmpty());
        assertThat(renew(other)).isInstanceOf(RenewOutcome.Renewed.class);
        assertThat(locks().breakOwner(owner, breaking(Duration.ZERO))).isZero();
        assertThat(history(streams.get(0))).singleElement().satisfies(grant -> assertThat(
                        grant.end().orElseThrow().breakReason())
                .contains("it hangs"));
    }

    /** Returns the operator that history shows for a break. Over HTTP the caller cannot choose it. */
    default String operator() {
        return "operator";
    }

    /** Lets the time pass during which a broken stream stays closed. */
    void open(String streamId);

    default Breaking breaking(Duration delay) {
        return new Breaking("it hangs", operator(), delay);
    }

    default BreakOutcome breakLease(Optional<Long> expectedToken, Duration delay) {
        return locks().breakLeases(List.of(new BreakRequest(stream(), expectedToken, breaking(delay))))
                .get(0);
    }

    static Grant broken(BreakOutcome outcome) {
        assertThat(outcome).isInstanceOf(BreakOutcome.Broken.class);
        return ((BreakOutcome.Broken) outcome).grant();
    }
}

package io.streamlocks.testkit.contract;

import static io.streamlocks.testkit.contract.ContractFixture.assertLost;
import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The contract of callers that may only renew, release and break the leases of some owners. */
public interface OwnerPrefixContract extends ContractFixture {

    @Test
    default void aLeaseOfAnOwnerWithThePrefixIsRenewedAndReleased() {
        Lease lease = grant("team-a/1");
        assertThat(renew(new RenewRequest(stream(), lease.leaseId(), Optional.empty(), "team-a/")))
                .isInstanceOf(RenewOutcome.Renewed.class);
        assertThat(release(new ReleaseRequest(stream(), lease.leaseId(), "team-a/")))
                .isInstanceOf(ReleaseOutcome.Released.class);
    }

    @Test
    default void theLeaseOfAnotherOwnerIsUnknownAndStays() {
        Lease lease = grant("team-a/1");
        assertLost(renew(new RenewRequest(stream(), lease.leaseId(), Optional.empty(), "team-b/")), LossReason.UNKNOWN);
        assertLost(release(new ReleaseRequest(stream(), lease.leaseId(), "team-b/")), LossReason.UNKNOWN);
        // The prefix is compared literally, not as a pattern.
        assertLost(release(new ReleaseRequest(stream(), lease.leaseId(), "team%")), LossReason.UNKNOWN);
        Breaking breaking = new Breaking("it hangs", "operator", Duration.ZERO);
        assertThat(locks().breakLeases(List.of(new BreakRequest(stream(), Optional.empty(), "team-b/", breaking))))
                .containsExactly(new BreakOutcome.NotLocked());
        assertThat(renew(lease)).isInstanceOf(RenewOutcome.Renewed.class);
    }

    @Test
    default void theLeaseOfAnotherOwnerIsUnknownAfterItsEndAsWell() {
        Lease released = grant("team-a/1");
        release(released);
        assertUnknownTo("team-b/", released);
        assertThat(release(new ReleaseRequest(stream(), released.leaseId(), "team-a/")))
                .isInstanceOf(ReleaseOutcome.Released.class);
        assertLost(
                renew(new RenewRequest(stream(), released.leaseId(), Optional.empty(), "team-a/")),
                LossReason.RELEASED);

        Lease broken = grant("team-a/1");
        Breaking breaking = new Breaking("secret", "operator", Duration.ZERO);
        locks().breakLeases(List.of(new BreakRequest(stream(), Optional.empty(), "", breaking)));
        assertUnknownTo("team-b/", broken);
        assertThat(renew(new RenewRequest(stream(), broken.leaseId(), Optional.empty(), "team-a/")))
                .isEqualTo(new RenewOutcome.Lost(LossReason.BROKEN, Optional.of("secret")));

        Lease brokenWithItsOwner = grant("team-a/2");
        locks().breakOwner("team-a/2", breaking);
        assertUnknownTo("team-b/", brokenWithItsOwner);

        Lease expired = grant("team-a/1");
        expire(stream());
        assertUnknownTo("team-b/", expired);
    }

    private void assertUnknownTo(String ownerPrefix, Lease lease) {
        assertLost(
                renew(new RenewRequest(stream(), lease.leaseId(), Optional.empty(), ownerPrefix)), LossReason.UNKNOWN);
        assertLost(release(new ReleaseRequest(stream(), lease.leaseId(), ownerPrefix)), LossReason.UNKNOWN);
    }
}

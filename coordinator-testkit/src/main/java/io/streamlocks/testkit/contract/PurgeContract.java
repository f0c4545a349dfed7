package io.streamlocks.testkit.contract;

import static io.streamlocks.testkit.contract.ContractFixture.assertLost;
import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.AcquireOutcome.LeaseIdUsed;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.RenewOutcome;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The contract of purging. */
interface PurgeContract extends ContractFixture {

    @Test
    default void aStreamIdleForLongIsForgotten() {
        Lease lease = grant("alice");
        release(lease);
        age(stream(), Duration.ofHours(2));
        assertThat(locks().purge(Duration.ofHours(1))).isPositive();
        assertLost(renew(lease), LossReason.UNKNOWN);
    }

    @Test
    default void aStreamWhoseHolderDiedLongAgoIsForgotten() {
        Lease lease = grant("alice");
        expire(stream());
        age(stream(), Duration.ofHours(2));
        locks().purge(Duration.ofHours(1));
        assertLost(renew(lease), LossReason.UNKNOWN);
    }

    @Test
    default void aStreamThatWasIdleForATimeIsRemembered() {
        Lease lease = grant("alice");
        release(lease);
        age(stream(), Duration.ofMinutes(50));
        locks().purge(Duration.ofHours(1));
        assertLost(renew(lease), LossReason.RELEASED);
        assertThat(acquire(request("alice", lease.leaseId(), TTL))).isInstanceOf(LeaseIdUsed.class);
    }

    @Test
    default void aLiveLeaseIsNotPurged() {
        Lease lease = grant("alice");
        locks().purge(Duration.ZERO);
        assertThat(renew(lease)).isInstanceOf(RenewOutcome.Renewed.class);
    }
}

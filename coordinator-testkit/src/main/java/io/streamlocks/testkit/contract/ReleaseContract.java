package io.streamlocks.testkit.contract;

import static io.streamlocks.testkit.contract.ContractFixture.assertLost;
import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The contract of release. */
interface ReleaseContract extends ContractFixture {

    @Test
    default void releasingFreesTheStream() {
        Lease lease = grant("alice");
        assertThat(release(lease)).isInstanceOf(ReleaseOutcome.Released.class);
        assertThat(locks().find(stream())).isEmpty();
    }

    @Test
    default void releasingAgainSucceedsAgain() {
        Lease lease = grant("alice");
        release(lease);
        assertThat(release(lease)).isInstanceOf(ReleaseOutcome.Released.class);
    }

    @Test
    default void anExpiredLeaseIsLost() {
        Lease lease = grant("alice");
        expire(stream());
        assertLost(release(lease), LossReason.EXPIRED);
        assertLost(release(lease), LossReason.EXPIRED);
    }

    @Test
    default void aTakenOverLeaseIsLostAndItsSuccessorStays() {
        Lease lease = grant("alice");
        expire(stream());
        Lease successor = grant("bob");
        assertLost(release(lease), LossReason.SUPERSEDED);
        assertThat(renew(successor)).isInstanceOf(RenewOutcome.Renewed.class);
    }

    @Test
    default void anUnknownLeaseIsLostAndTheHolderStays() {
        assertLost(release(new ReleaseRequest(stream(), UUID.randomUUID())), LossReason.UNKNOWN);
        Lease lease = grant("alice");
        assertLost(release(new ReleaseRequest(stream(), UUID.randomUUID())), LossReason.UNKNOWN);
        assertThat(renew(lease)).isInstanceOf(RenewOutcome.Renewed.class);
    }
}

package io.streamlocks.testkit.contract;

import static io.streamlocks.testkit.contract.ContractFixture.assertLost;
import static io.streamlocks.testkit.contract.ContractFixture.granted;
import static io.streamlocks.testkit.contract.ContractFixture.renewed;
import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.AcquireOutcome.Granted;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.RenewRequest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The contract of renew. */
interface RenewContract extends ContractFixture {

    @Test
    default void renewingMovesTheEndAndKeepsTheToken() {
        Lease lease = granted(acquire(request("alice", UUID.randomUUID(), Duration.ofSeconds(10))));
        Lease renewed = renewed(renew(lease, Optional.of(TTL)));
        assertThat(renewed.lock().fencingToken()).isEqualTo(lease.lock().fencingToken());
        assertThat(renewed.lock().acquiredAt()).isEqualTo(lease.lock().acquiredAt());
        assertThat(renewed.lock().ownerId()).isEqualTo("alice");
        assertThat(renewed.leaseId()).isEqualTo(lease.leaseId());
        assertThat(Duration.between(lease.lock().expiresAt(), renewed.lock().expiresAt()))
                .isGreaterThanOrEqualTo(Duration.ofSeconds(20));
    }

    @Test
    default void renewingWithoutATtlKeepsTheTtl() {
        Lease lease = granted(acquire(request("alice", UUID.randomUUID(), Duration.ofSeconds(10))));
        renewed(renew(lease, Optional.of(Duration.ofSeconds(50))));
        assertThat(renewed(renew(lease)).lock().ttl()).isEqualTo(Duration.ofSeconds(50));
    }

    @Test
    default void renewingCanShortenTheLease() {
        Lease lease = grant("alice");
        Lease renewed = renewed(renew(lease, Optional.of(Duration.ofSeconds(1))));
        assertThat(renewed.lock().ttl()).isEqualTo(Duration.ofSeconds(1));
        assertThat(renewed.lock().expiresAt()).isBefore(lease.lock().expiresAt());
        assertThat(renewed.lock().expiresIn()).isLessThanOrEqualTo(Duration.ofSeconds(1));
    }

    @Test
    default void anExpiredLeaseIsNeverRevived() {
        Lease lease = grant("alice");
        expire(stream());
        assertLost(renew(lease), LossReason.EXPIRED);
        assertLost(renew(lease), LossReason.EXPIRED);
        assertThat(locks().find(stream())).isEmpty();
        assertThat(acquire(request("bob", UUID.randomUUID(), TTL))).isInstanceOf(Granted.class);
    }

    @Test
    default void aReleasedLeaseIsLost() {
        Lease lease = grant("alice");
        release(lease);
        assertLost(renew(lease), LossReason.RELEASED);
        assertThat(locks().find(stream())).isEmpty();
    }

    @Test
    default void aTakenOverLeaseIsLostAsSuperseded() {
        Lease lease = grant("alice");
        expire(stream());
        Lease successor = grant("bob");
        assertLost(renew(lease), LossReason.SUPERSEDED);
        assertThat(locks().find(stream()).orElseThrow().expiresAt())
                .isEqualTo(successor.lock().expiresAt());
    }

    @Test
    default void aReleasedLeaseIsSupersededByTheNextGrant() {
        Lease lease = grant("alice");
        release(lease);
        grant("bob");
        assertLost(renew(lease), LossReason.SUPERSEDED);
    }

    @Test
    default void aLeaseOfAStreamThatWasNeverLockedIsUnknown() {
        assertLost(renew(new RenewRequest(stream(), UUID.randomUUID(), Optional.empty())), LossReason.UNKNOWN);
    }

    @Test
    default void anotherLeaseIdThanTheHoldersIsUnknown() {
        Lease lease = grant("alice");
        assertLost(renew(new RenewRequest(stream(), UUID.randomUUID(), Optional.of(TTL))), LossReason.UNKNOWN);
        assertThat(locks().find(stream()).orElseThrow().expiresAt())
                .isEqualTo(lease.lock().expiresAt());
    }

    @Test
    default void theLeaseOfAnotherStreamIsUnknown() {
        Lease lease = grant("alice");
        assertLost(renew(new RenewRequest(stream() + "-other", lease.leaseId(), Optional.empty())), LossReason.UNKNOWN);
    }

    @Test
    default void theEightLeasesBeforeTheLatestAreRememberedAsSuperseded() {
        List<Lease> leases = IntStream.range(0, Limits.SUPERSEDED_REMEMBERED + 2)
                .mapToObj(i -> {
                    Lease lease = grant("owner-" + i);
                    release(lease);
                    return lease;
                })
                .toList();
        assertLost(renew(leases.get(0)), LossReason.UNKNOWN);
        leases.subList(1, leases.size() - 1).forEach(lease -> assertLost(renew(lease), LossReason.SUPERSEDED));
        assertLost(renew(leases.get(leases.size() - 1)), LossReason.RELEASED);
    }
}

package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import io.streamlocks.testkit.InProcessCoordinator;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Tests a worker as users do. docs/java-client.md shows the first of these tests. */
class InProcessCoordinatorTest {

    @AutoClose
    private final InProcessCoordinator coordinator = new InProcessCoordinator();

    @AutoClose
    private final StreamLockClient client = StreamLockClient.builder(coordinator.uri())
            .ttl(Duration.ofSeconds(30))
            .heartbeatInterval(Duration.ofMillis(100))
            .build();

    @Test
    void aWorkerLearnsThatItsLeaseRanOut() {
        HeldLease lease = client.tryAcquire("orders/eu").orElseThrow();
        List<LeaseLoss> losses = new CopyOnWriteArrayList<>();
        lease.onLost(losses::add);

        coordinator.advance(Duration.ofSeconds(30));

        await().untilAsserted(
                        () -> assertThat(losses).extracting(LeaseLoss::reason).containsExactly(LossReason.EXPIRED));
        assertThat(lease.isSafe()).isFalse();
    }

    @Test
    void aStreamWhoseLeaseRanOutIsGrantedToAnotherWithAHigherToken() {
        HeldLease lease = client.tryAcquire("orders/eu").orElseThrow();
        try (StreamLockClient other =
                StreamLockClient.builder(coordinator.uri()).build()) {
            assertThat(other.tryAcquire("orders/eu")).isEmpty();
            coordinator.advance(Duration.ofSeconds(30));
            assertThat(other.tryAcquire("orders/eu").orElseThrow().fencingToken())
                    .isGreaterThan(lease.fencingToken());
        }
    }

    @Test
    void timeThatPassesWithinTheTtlEndsNoLease() {
        HeldLease lease = client.tryAcquire("orders/eu").orElseThrow();
        coordinator.advance(Duration.ofSeconds(20));
        long safeUntil = lease.safeUntilNanos();
        await().until(() -> lease.safeUntilNanos() > safeUntil);
        coordinator.advance(Duration.ofSeconds(20));
        long later = lease.safeUntilNanos();
        await().until(() -> lease.safeUntilNanos() > later);
        assertThat(lease.isSafe()).isTrue();
    }

    @Test
    void timeDoesNotGoBack() {
        assertThatIllegalArgumentException().isThrownBy(() -> coordinator.advance(Duration.ofSeconds(-1)));
    }
}

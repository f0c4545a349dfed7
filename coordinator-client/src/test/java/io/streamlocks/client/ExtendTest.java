package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.lock.RenewRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

/** Tests how leases are extended, and left to run out. */
class ExtendTest extends ProxiedClient {

    private static final Duration LONG = Duration.ofSeconds(30);

    private final List<LeaseLoss> losses = new CopyOnWriteArrayList<>();
    private final StreamLockClient patient = client(builder().ttl(LONG));

    private HeldLease unrenewed(Duration ttl) {
        HeldLease lease = patient.tryAcquire(
                        streamId, AcquireOptions.defaults().withTtl(ttl).withoutRenewal())
                .orElseThrow();
        lease.onLost(losses::add);
        return lease;
    }

    private HeldLease renewed() {
        HeldLease lease = patient.tryAcquire(streamId).orElseThrow();
        lease.onLost(losses::add);
        return lease;
    }

    private Duration ttlAtServer() {
        return storage.find(streamId).orElseThrow().ttl();
    }

    @Test
    void aLeaseThatIsNotRenewedLastsForTheTimeOfItsExtension() {
        HeldLease lease = unrenewed(Duration.ofSeconds(2));
        lease.extend(Duration.ofSeconds(20));
        assertThat(ttlAtServer()).isEqualTo(Duration.ofSeconds(20));
        // The margin is a tenth.
        assertThat(lease.safeFor()).isBetween(Duration.ofSeconds(15), Duration.ofSeconds(18));
        await().during(Duration.ofSeconds(2)).until(lease::isSafe);
        assertThat(losses).isEmpty();
    }

    @Test
    void anExtensionCanShortenALease() {
        HeldLease lease = unrenewed(LONG);
        lease.extend(Duration.ofSeconds(1));
        assertThat(lease.safeFor()).isLessThanOrEqualTo(Duration.ofMillis(900));
        await().until(() -> !losses.isEmpty());
        assertThat(losses).extracting(LeaseLoss::reason).containsExactly(LossReason.UNCONFIRMED);
        StreamLockClient other = other();
        await().until(() -> other.tryAcquire(streamId).isPresent());
    }

    @Test
    void aRenewedLeaseKeepsTheLengthOfItsExtension() {
        HeldLease lease = renewed();
        lease.extend(Duration.ofSeconds(1));
        await().until(() -> storage.renews().size() > 5);
        assertThat(ttlAtServer()).isEqualTo(Duration.ofSeconds(1));
        assertThat(lease.isSafe()).isTrue();
        assertThat(storage.renews().stream().flatMap(List::stream).map(RenewRequest::ttl))
                .containsOnlyOnce(Optional.of(Duration.ofSeconds(1)));
        lease.extend(LONG);
        assertThat(ttlAtServer()).isEqualTo(LONG);
        assertThat(lease.safeFor()).isGreaterThan(Duration.ofSeconds(20));
        assertThat(losses).isEmpty();
    }

    @Test
    void anExtensionAfterALossReportsTheLossAndDoesNotReviveTheLease() {
        HeldLease lease = unrenewed(LONG);
        storage.takeOver(streamId);
        assertThatThrownBy(() -> lease.extend(LONG))
                .isInstanceOf(LeaseLostException.class)
                .extracting(e -> ((LeaseLostException) e).loss().orElseThrow().reason())
                .isEqualTo(LossReason.SUPERSEDED);
        assertThatThrownBy(() -> lease.extend(LONG)).isInstanceOf(LeaseLostException.class);
        await().until(() -> losses.size() == 1);
        assertThat(storage.find(streamId).orElseThrow().owner().id()).isEqualTo("other");
        assertThat(storage.renews()).hasSize(1);
    }

    @Test
    void aLeaseThatIsClosedOrNoLongerSafeIsNotExtended() {
        HeldLease closed = unrenewed(LONG);
        closed.close();
        assertThatThrownBy(() -> closed.extend(LONG))
                .isInstanceOf(LeaseLostException.class)
                .hasMessageContaining("closed");
        HeldLease late = unrenewed(Duration.ofSeconds(1));
        await().until(() -> !late.isSafe());
        assertThatThrownBy(() -> late.extend(LONG))
                .isInstanceOf(LeaseLostException.class)
                .hasMessageContaining("UNCONFIRMED");
        assertThat(storage.renews()).isEmpty();
    }

    @Test
    void anExtensionThatIsOutOfRangeIsNotSent() {
        HeldLease lease = unrenewed(LONG);
        for (Duration length : List.of(Duration.ZERO, Duration.ofMillis(999), Duration.ofHours(25))) {
            assertThatThrownBy(() -> lease.extend(length)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(lease.safeFor()).isGreaterThan(Duration.ofSeconds(20));
        assertThat(storage.renews()).isEmpty();
    }

    @Test
    void withoutAnAnswerTheLeaseIsSafeForTheShorterTimeAndCanBeExtendedAgain() {
        HeldLease lease = unrenewed(LONG);
        storage.setAway(true);
        assertThatThrownBy(() -> lease.extend(Duration.ofHours(1))).isInstanceOf(CoordinatorUnavailableException.class);
        assertThat(lease.isSafe()).isTrue();
        assertThat(lease.safeFor()).isLessThan(LONG);
        assertThatThrownBy(() -> lease.extend(Duration.ofSeconds(10)))
                .isInstanceOf(CoordinatorUnavailableException.class);
        assertThat(lease.safeFor()).isLessThanOrEqualTo(Duration.ofSeconds(9));
        storage.setAway(false);
        lease.extend(LONG);
        assertThat(lease.isSafe()).isTrue();
        // The extension without an answer may still be on its way, so the lease counts as no longer than that.
        assertThat(lease.safeFor()).isLessThanOrEqualTo(Duration.ofSeconds(10));
        assertThat(losses).isEmpty();
    }

    /** The extension never arrived, so the coordinator has the lease for much longer than this process. */
    @Test
    void aLeaseThatIsLostAfterAnExtensionWithoutAnAnswerIsReleasedByItsHolder() {
        HeldLease lease = unrenewed(LONG);
        storage.setAway(true);
        assertThatThrownBy(() -> lease.extend(Duration.ofSeconds(1)))
                .isInstanceOf(CoordinatorUnavailableException.class);
        await().until(() -> !losses.isEmpty());
        storage.setAway(false);
        assertThat(storage.find(streamId)).isPresent();
        lease.close();
        lease.close();
        await().until(() -> storage.find(streamId).isEmpty());
        assertThat(storage.releases()).hasSize(1);
        assertThat(losses).hasSize(1);
    }

    @Test
    void aLostLeaseCannotBeLeftSoItsHolderStillGivesItBack() {
        HeldLease lease = unrenewed(LONG);
        storage.setAway(true);
        assertThatThrownBy(() -> lease.extend(Duration.ofSeconds(1)))
                .isInstanceOf(CoordinatorUnavailableException.class);
        await().until(() -> !losses.isEmpty());
        storage.setAway(false);
        lease.leaveToRunOut();
        lease.close();
        await().until(() -> storage.find(streamId).isEmpty());
    }

    /** The coordinator has shortened the lease, and the answer was lost. */
    @Test
    void aShorterLeaseWithoutAnAnswerIsRenewedInTime() {
        StreamLockClient hasty = client(builder().ttl(LONG).requestTimeout(Duration.ofMillis(300)));
        HeldLease lease = hasty.tryAcquire(streamId).orElseThrow();
        proxy.dropReplies();
        assertThatThrownBy(() -> lease.extend(Duration.ofSeconds(3)))
                .isInstanceOf(CoordinatorUnavailableException.class);
        proxy.pass();
        assertThat(ttlAtServer()).isEqualTo(Duration.ofSeconds(3));
        await().during(Duration.ofSeconds(4))
                .until(() -> lease.isSafe() && storage.find(streamId).isPresent());
        assertThat(heard.lost).isEmpty();
    }

    @Test
    void aLeaseIsNeverSafeForLongerThanTheCoordinatorGrantsIt() throws Exception {
        // The time-out that follows from the length is too short for a busy test machine.
        StreamLockClient busy = client(builder().ttl(LONG).requestTimeout(Duration.ofSeconds(20)));
        HeldLease lease = busy.tryAcquire(streamId).orElseThrow();
        List<Future<?>> extending = new ArrayList<>();
        long until = System.nanoTime() + Duration.ofSeconds(3).toNanos();
        for (int i = 0; i < 4; i++) {
            extending.add(threads.submit(() -> {
                while (System.nanoTime() - until < 0) {
                    lease.extend(Duration.ofMillis(ThreadLocalRandom.current().nextInt(1000, 4000)));
                }
            }));
        }
        while (System.nanoTime() - until < 0) {
            Duration safeFor = lease.safeFor();
            Duration granted = storage.find(streamId).orElseThrow().expiresIn();
            // The extensions in between may have made it longer, and none makes it shorter than 1 s.
            assertThat(granted).isPositive();
            assertThat(safeFor).isLessThan(Duration.ofMillis(3600));
        }
        for (Future<?> one : extending) {
            one.get();
        }
        Duration safeFor = lease.safeFor();
        assertThat(safeFor)
                .isPositive()
                .isLessThan(storage.find(streamId).orElseThrow().expiresIn());
        assertThat(heard.lost).isEmpty();
    }

    @Test
    void aLeaseThatIsLeftRunsOutByItself() {
        HeldLease lease = unrenewed(Duration.ofSeconds(1));
        lease.leaveToRunOut();
        assertThat(lease.isSafe()).isFalse();
        assertThat(storage.find(streamId)).isPresent();
        lease.close();
        patient.close();
        assertThat(storage.find(streamId)).isPresent();
        StreamLockClient other = other();
        await().until(() -> other.tryAcquire(streamId).isPresent());
        assertThat(losses).isEmpty();
        assertThat(heard.lost).isEmpty();
        assertThat(storage.releases()).isEmpty();
    }

    @Test
    void aLeaseThatIsLeftWhileItsClientClosesIsNotReleased() throws Exception {
        HeldLease lease = unrenewed(LONG);
        HeldLease.Use use = lease.use();
        Future<?> closing = threads.submit(patient::close);
        await().until(() -> !lease.isSafe());
        lease.leaveToRunOut();
        use.close();
        closing.get();
        assertThat(storage.find(streamId)).isPresent();
        assertThat(storage.releases()).isEmpty();
    }
}

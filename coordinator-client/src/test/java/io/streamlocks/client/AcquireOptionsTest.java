package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.lock.AcquireRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Leases that differ from the others of their client. */
class AcquireOptionsTest extends ProxiedClient {

    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofSeconds(1);

    private final StreamLockClient patient = client(builder().ttl(LONG).labels(Map.of("pod", "a", "region", "eu")));

    private static AcquireOptions shortTtl() {
        return AcquireOptions.defaults().withTtl(SHORT);
    }

    private AcquireRequest asked() {
        List<List<AcquireRequest>> acquires = storage.acquires();
        return acquires.get(acquires.size() - 1).get(0);
    }

    @Test
    void theValuesOfTheClientAreTheDefaults() {
        patient.tryAcquire(streamId, AcquireOptions.defaults()).orElseThrow();
        assertThat(asked().ttl()).isEqualTo(LONG);
        assertThat(asked().owner().labels()).isEqualTo(Map.of("pod", "a", "region", "eu"));
    }

    @Test
    void oneAcquireHasATtlAndLabelsOfItsOwn() {
        Map<String, String> labels = Map.of("job", "nightly");
        patient.tryAcquire(
                        streamId,
                        AcquireOptions.defaults().withTtl(Duration.ofMinutes(5)).withLabels(labels))
                .orElseThrow();
        assertThat(asked().ttl()).isEqualTo(Duration.ofMinutes(5));
        assertThat(asked().owner().labels()).isEqualTo(labels);
        assertThat(asked().owner().id()).isEqualTo(patient.ownerId());
        patient.tryAcquire("other/" + streamId).orElseThrow();
        assertThat(asked().ttl()).isEqualTo(LONG);
        assertThat(asked().owner().labels()).containsKey("pod");
    }

    @Test
    void anAcquireThatWaitsHasATtlOfItsOwn() throws Exception {
        HeldLease held = other().tryAcquire(streamId).orElseThrow();
        CompletableFuture<HeldLease> waiting = CompletableFuture.supplyAsync(
                () -> patient.acquire(
                                streamId,
                                Duration.ofSeconds(20),
                                AcquireOptions.defaults().withTtl(Duration.ofSeconds(7)))
                        .orElseThrow(),
                threads);
        await().until(() -> !storage.places().isEmpty());
        held.close();
        HeldLease lease = waiting.get(20, TimeUnit.SECONDS);
        assertThat(storage.find(streamId).orElseThrow().ttl()).isEqualTo(Duration.ofSeconds(7));
        assertThat(lease.safeFor()).isLessThan(Duration.ofSeconds(7));
    }

    @Test
    void aShortLeaseBesideLongOnesIsRenewedInTime() {
        HeldLease before = patient.tryAcquire("before/" + streamId).orElseThrow();
        HeldLease lease = patient.tryAcquire(streamId, shortTtl()).orElseThrow();
        livesPast(SHORT, lease);
        assertThat(before.isSafe()).isTrue();
    }

    @Test
    void aLeaseIsRenewedInTimeIfALongOneWasTheFirst() {
        patient.tryAcquire("before/" + streamId, AcquireOptions.defaults().withTtl(Duration.ofHours(24)))
                .orElseThrow();
        livesPast(SHORT, patient.tryAcquire(streamId, shortTtl()).orElseThrow());
    }

    private void livesPast(Duration length, HeldLease lease) {
        Instant firstEnd = storage.find(lease.streamId()).orElseThrow().expiresAt();
        await().until(() -> storage.find(lease.streamId())
                .filter(lock -> lock.expiresAt().isAfter(firstEnd.plus(length)))
                .isPresent());
        assertThat(lease.isSafe()).isTrue();
        assertThat(heard.lost).isEmpty();
    }

    @Test
    void aLeaseWithoutRenewalEndsAndTheLossIsReported() {
        HeldLease lease =
                patient.tryAcquire(streamId, shortTtl().withoutRenewal()).orElseThrow();
        List<LeaseLoss> losses = new CopyOnWriteArrayList<>();
        lease.onLost(losses::add);
        assertThat(lease.isSafe()).isTrue();
        assertThat(lease.safeFor()).isLessThanOrEqualTo(Duration.ofMillis(900));
        await().until(() -> !losses.isEmpty());
        assertThat(losses).extracting(LeaseLoss::reason).containsExactly(LossReason.UNCONFIRMED);
        assertThat(lease.isSafe()).isFalse();
        StreamLockClient other = other();
        await().until(() -> other.tryAcquire(streamId).isPresent());
        assertThat(storage.renews()).isEmpty();
    }

    @Test
    void aLeaseWithoutRenewalDoesNotHurryTheHeartbeat() {
        patient.tryAcquire("before/" + streamId).orElseThrow();
        HeldLease lease =
                patient.tryAcquire(streamId, shortTtl().withoutRenewal()).orElseThrow();
        await().until(() -> !lease.isSafe());
        assertThat(storage.renews()).isEmpty();
    }

    @Test
    void aLeaseWithoutRenewalIsReleasedByItsHolder() {
        HeldLease lease = patient.tryAcquire(
                        streamId, AcquireOptions.defaults().withTtl(LONG).withoutRenewal())
                .orElseThrow();
        lease.close();
        assertThat(storage.find(streamId)).isEmpty();
    }

    @Test
    void whatIsOutOfRangeIsRefusedBeforeACall() {
        AcquireOptions none = AcquireOptions.defaults();
        for (Duration ttl : List.of(Duration.ofMillis(999), Duration.ofHours(24).plusMillis(1))) {
            assertThatThrownBy(() -> none.withTtl(ttl))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("ttl must be from 1 s to 24 h");
        }
        assertThat(none.withTtl(Duration.ofHours(24)).ttl()).contains(Duration.ofHours(24));
        Map<String, String> most = IntStream.range(0, 16)
                .boxed()
                .collect(Collectors.toMap(i -> "n".repeat(60) + (100 + i), i -> "v".repeat(255)));
        patient.tryAcquire(streamId, none.withLabels(most)).orElseThrow();
        Map<String, String> tooMany = IntStream.range(0, 17).boxed().collect(Collectors.toMap(i -> "n" + i, i -> "v"));
        for (Map<String, String> labels :
                List.of(tooMany, Map.of("", "v"), Map.of("n".repeat(64), "v"), Map.of("n", "v".repeat(256)))) {
            assertThatThrownBy(() -> none.withLabels(labels)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> none.withLabels(Map.of("n", "\ud800"))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aClientThatHoldsNothingMoreIsAsPatientAsBefore() {
        StreamLockClient own = client(StreamLockClient.builder(proxy.uri()).ttl(LONG));
        own.tryAcquire("a/" + UUID.randomUUID(), shortTtl()).orElseThrow().close();
        HeldLease lease = own.tryAcquire(streamId).orElseThrow();
        assertThat(lease.safeFor()).isGreaterThan(Duration.ofSeconds(20));
    }
}

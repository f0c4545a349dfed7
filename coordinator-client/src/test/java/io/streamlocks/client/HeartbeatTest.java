package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests how leases are kept alive, and how they are lost. */
@Tag("slow")
class HeartbeatTest extends ProxiedClient {

    @Test
    void aLeaseLivesPastItsTtlAndKeepsItsToken() {
        HeldLease lease = acquire();
        Instant expiresAt = storage.find(streamId).orElseThrow().expiresAt();
        await().until(() -> storage.find(streamId)
                .filter(lock -> lock.expiresAt().isAfter(expiresAt.plus(TTL.multipliedBy(2))))
                .isPresent());
        assertThat(storage.find(streamId).orElseThrow().fencingToken()).isEqualTo(lease.fencingToken());
        assertThat(lease.isSafe()).isTrue();
        assertThat(heard.lost).isEmpty();
    }

    @Test
    void aLeaseAcquiredJustBeforeABeatIsRenewedEvenIfBeatsAreFarApart() {
        // There is a beat every 2.64 to 3.3 s, and a lease is safe for 3.6 s.
        StreamLockClient slow = client(builder().ttl(Duration.ofSeconds(4)).heartbeatInterval(Duration.ofMillis(3300)));
        slow.tryAcquire("first").orElseThrow();
        await().pollInterval(Duration.ofMillis(1)).until(() -> isRenewed("first"));
        // At the next beat the lease is less than half an interval old. At the beat after that it is too old.
        await().pollDelay(Duration.ofMillis(1660)).until(() -> true);
        HeldLease lease = slow.tryAcquire(streamId).orElseThrow();
        await().until(() -> isRenewed(streamId));
        assertThat(lease.isSafe()).isTrue();
        assertThat(heard.lost).isEmpty();
    }

    @Test
    void aLeaseIsSafeFromWhenItsHeartbeatWasSentHoweverLateTheAnswer() {
        // The beats are so far apart that the second is sent only after the outcome of the first was seen.
        Duration ttl = Duration.ofSeconds(5);
        StreamLockClient slow = client(
                builder().ttl(ttl).heartbeatInterval(Duration.ofSeconds(3)).requestTimeout(Duration.ofSeconds(3)));
        HeldLease lease = slow.tryAcquire(streamId).orElseThrow();
        long safeUntil = lease.safeUntilNanos();
        CompletableFuture<Void> answered = storage.holdAnswersOfRenews();
        await().until(() -> isRenewed(streamId));
        long arrived = System.nanoTime();
        // This is twice the margin, which would hide a shorter delay.
        await().pollDelay(Duration.ofSeconds(1)).until(() -> true);
        answered.complete(null);
        await().until(() -> lease.safeUntilNanos() != safeUntil);
        assertThat(Duration.ofNanos(lease.safeUntilNanos() - arrived)).isLessThan(ttl);
    }

    private boolean isRenewed(String stream) {
        return storage.renews().stream().flatMap(List::stream).anyMatch(request -> request.streamId()
                .equals(stream));
    }

    @Test
    void aClientWhoseHeartbeatsHangLosesAtSafeUntilAndOnlyOnce() throws Exception {
        losesAtSafeUntil(proxy::blackHole);
        assertThat(heard.lost).hasSize(1);
    }

    @Test
    void aClientWhoseHeartbeatsAreRefusedLosesAtSafeUntilAndOnlyOnce() throws Exception {
        losesAtSafeUntil(proxy::refuse);
        assertThat(heard.lost).hasSize(1);
        assertThat(heard.renewalUnknown).hasSizeGreaterThan(1);
    }

    @Test
    void aHeartbeatThatHangsForLongerThanTheLeaseDoesNotDelayItsLoss() throws Exception {
        StreamLockClient patient = client(builder().ttl(Duration.ofSeconds(5)).requestTimeout(Duration.ofSeconds(10)));
        HeldLease lease = patient.tryAcquire(streamId).orElseThrow();
        losesAtSafeUntil(lease, proxy::blackHole);
    }

    private void losesAtSafeUntil(Runnable failure) throws Exception {
        // The margin is half a second, so that a pause of the machine does not look like a late loss.
        StreamLockClient patient = client(builder().ttl(Duration.ofSeconds(5)));
        losesAtSafeUntil(patient.tryAcquire(streamId).orElseThrow(), failure);
    }

    private void losesAtSafeUntil(HeldLease lease, Runnable failure) throws Exception {
        List<LeaseLoss> losses = new CopyOnWriteArrayList<>();
        CompletableFuture<Long> lostNanos = new CompletableFuture<>();
        CompletableFuture<Long> safeUntilNanos = new CompletableFuture<>();
        lease.onLost(loss -> {
            lostNanos.complete(System.nanoTime());
            safeUntilNanos.complete(lease.safeUntilNanos());
            losses.add(loss);
        });
        failure.run();
        long late = lostNanos.get(20, TimeUnit.SECONDS) - safeUntilNanos.get();
        assertThat(Duration.ofNanos(late)).isBetween(Duration.ZERO, Duration.ofMillis(495));
        assertThat(lease.isSafe()).isFalse();
        assertThatThrownBy(lease::requireSafe)
                .isInstanceOf(LeaseLostException.class)
                .hasMessageContaining("UNCONFIRMED");
        StreamLockClient other = other();
        await().until(() -> other.tryAcquire(streamId).isPresent());
        proxy.pass();
        await().during(Duration.ofMillis(500)).until(() -> losses.size() == 1);
        assertThat(losses)
                .containsExactly(
                        new LeaseLoss(streamId, lease.fencingToken(), LossReason.UNCONFIRMED, Optional.empty()));
    }

    @Test
    void aLeaseSurvivesAServerThatIsAwayForLessThanItsSafeTime() {
        survives(() -> storage.setAway(true), () -> storage.setAway(false));
    }

    @Test
    void aLeaseSurvivesRefusedConnections() {
        survives(proxy::refuse, proxy::pass);
    }

    @Test
    void aLeaseSurvivesTooManyRequests() {
        survives(proxy::tooManyRequests, proxy::pass);
    }

    @Test
    void aLeaseSurvivesATimeOut() {
        StreamLockClient hasty = client(builder().ttl(Duration.ofSeconds(3)).requestTimeout(Duration.ofMillis(100)));
        HeldLease lease = hasty.tryAcquire(streamId).orElseThrow();
        survives(lease, proxy::blackHole, proxy::pass);
    }

    private void survives(Runnable failure, Runnable recovery) {
        StreamLockClient patient = client(builder().ttl(Duration.ofSeconds(3)));
        survives(patient.tryAcquire(streamId).orElseThrow(), failure, recovery);
    }

    private void survives(HeldLease lease, Runnable failure, Runnable recovery) {
        long token = lease.fencingToken();
        failure.run();
        await().until(() -> heard.renewalUnknown.size() >= 2);
        assertThat(lease.isSafe()).isTrue();
        long safeUntil = lease.safeUntilNanos();
        recovery.run();
        await().until(() -> lease.safeUntilNanos() - safeUntil > 0);
        assertThat(lease.isSafe()).isTrue();
        assertThat(storage.find(streamId).orElseThrow().fencingToken()).isEqualTo(token);
        assertThat(heard.lost).isEmpty();
    }

    @Test
    void aLeaseThatAnotherTookIsLostAtTheNextBeat() {
        assertThat(reasonAfter(() -> storage.takeOver(streamId))).isEqualTo(LossReason.SUPERSEDED);
    }

    @Test
    void aLeaseThatSomebodyReleasedIsLostAtTheNextBeat() {
        assertThat(reasonAfter(() -> storage.end(streamId))).isEqualTo(LossReason.RELEASED);
    }

    @Test
    void aLeaseThatTheServerForgotIsLostAtTheNextBeat() {
        assertThat(reasonAfter(() -> {
                    storage.end(streamId);
                    storage.purge(Duration.ZERO);
                }))
                .isEqualTo(LossReason.UNKNOWN);
    }

    private LossReason reasonAfter(Runnable event) {
        StreamLockClient patient = client(builder().ttl(Duration.ofSeconds(3)));
        HeldLease lease = patient.tryAcquire(streamId).orElseThrow();
        List<LeaseLoss> losses = new CopyOnWriteArrayList<>();
        lease.onLost(losses::add);
        event.run();
        await().until(() -> !losses.isEmpty());
        // This is long before the end of the safe time.
        assertThat(lease.safeUntilNanos() - System.nanoTime()).isPositive();
        assertThat(lease.isSafe()).isFalse();
        await().during(Duration.ofMillis(300)).until(() -> losses.size() == 1 && heard.lost.size() == 1);
        return losses.get(0).reason();
    }
}

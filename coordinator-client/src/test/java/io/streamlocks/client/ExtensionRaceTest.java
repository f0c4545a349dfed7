package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.streamlocks.client.LeaseCalls.Grant;
import io.streamlocks.client.LeaseCalls.LeaseKey;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Extensions that are under way at the same time as renewals and releases, on a clock that only a test moves. */
@Timeout(60)
class ExtensionRaceTest {

    private static final Duration LENGTH = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofSeconds(5);
    private static final LeaseTerms TERMS = new LeaseTerms(new Owner("test", Map.of()), Optional.of(LENGTH), true);

    private final WatchedRuntime runtime = new WatchedRuntime();
    private final Timing timing =
            new Timing(Optional.of(LENGTH), Optional.empty(), Optional.empty(), Duration.ofSeconds(5));
    private final Notices notices = new Notices(List.of(), Runnable::run, runtime);

    private static final class WatchedRuntime extends ManualRuntime {

        /** For how long the watch has parked, the last time. */
        private volatile long watchNanos = Long.MAX_VALUE;

        @Override
        void park(Object blocker, long atMostNanos) {
            if (blocker instanceof ExpiryWatch) {
                watchNanos = atMostNanos;
            }
            super.park(blocker, atMostNanos);
        }
    }

    /** A renewal that the coordinator has not answered. Its length is empty if it is one of the heartbeat. */
    private record Sent(Optional<Duration> length, CompletableFuture<LeaseCalls.Renewal> answer) {
        void answer(Duration expiresIn) {
            answer.complete(new LeaseCalls.Renewal.Renewed(1, expiresIn, 0));
        }
    }

    private final BlockingQueue<Sent> renewals = new LinkedBlockingQueue<>();
    private final BlockingQueue<Sent> extensions = new LinkedBlockingQueue<>();
    private final List<LeaseKey> released = new CopyOnWriteArrayList<>();

    private final LeaseCalls calls = new NoAcquires(runtime) {
        @Override
        List<Renewal> renew(List<LeaseKey> keys, Optional<Duration> length) {
            Sent sent = new Sent(length, new CompletableFuture<>());
            (length.isPresent() ? extensions : renewals).add(sent);
            try {
                Renewal answer = sent.answer().join();
                return keys.stream().map(key -> answer).toList();
            } catch (CompletionException e) {
                throw (RuntimeException) e.getCause();
            }
        }

        @Override
        List<Release> releaseAll(List<LeaseKey> keys) {
            released.addAll(keys);
            return keys.stream().<Release>map(key -> new Release.Released()).toList();
        }
    };

    private final LeaseKeeper keeper = new LeaseKeeper(calls, calls, timing, notices, runtime);
    private final HeldLease lease = keeper.keep(
                    new LeaseKey("orders", UUID.randomUUID()),
                    TERMS,
                    new Grant(1, LENGTH, LENGTH, Duration.ZERO),
                    runtime.nanoTime())
            .orElseThrow();

    @AfterEach
    void close() {
        keeper.close();
    }

    private CompletableFuture<Void> extend(Duration length) {
        return CompletableFuture.runAsync(() -> lease.extend(length), task -> new Thread(task).start());
    }

    /** Lets the time of a beat pass, and returns the renewal that the heartbeat has sent. */
    private Sent renewal() throws InterruptedException {
        Duration interval = timing.interval();
        long before = runtime.nanoTime();
        runtime.pass(interval);
        // The heartbeat does not notice that time has passed. It is woken for a lease whose grant took that long.
        keeper.keep(
                new LeaseKey("other", UUID.randomUUID()), TERMS, new Grant(1, LENGTH, LENGTH, Duration.ZERO), before);
        return renewals.take();
    }

    private long safeUntil() {
        return Duration.ofNanos(lease.safeUntilNanos()).toMillis();
    }

    @Test
    void aRenewalThatIsAnsweredAfterAShorterExtensionDoesNotMakeTheLeaseSafeForLonger() throws Exception {
        Sent renewal = renewal();
        CompletableFuture<Void> extending = extend(SHORT);
        Sent extension = extensions.take();
        // The coordinator may carry the extension out from now on.
        assertThat(safeUntil()).isEqualTo(10_000 + 4_500);
        extension.answer(SHORT);
        extending.join();
        CompletableFuture<Void> renewed = keeper.nextRenewal();
        renewal.answer(LENGTH);
        renewed.join();
        assertThat(safeUntil()).isEqualTo(10_000 + 4_500);
    }

    @Test
    void aRenewalIsSentInTimeForAShorterLeaseWhileTheExtensionHangs() throws Exception {
        CompletableFuture<Void> extending = extend(SHORT);
        Sent extension = extensions.take();
        assertThat(timing.interval()).isEqualTo(SHORT.dividedBy(3));
        CompletableFuture<Void> renewed = keeper.nextRenewal();
        renewal().answer(LENGTH);
        renewed.join();
        // The answer counts for no more than the extension, which the coordinator may carry out later.
        assertThat(safeUntil()).isEqualTo(SHORT.dividedBy(3).toMillis() + 4_500);
        extension
                .answer()
                .completeExceptionally(
                        new CoordinatorUnavailableException("no answer", Optional.empty(), Optional.empty()));
        assertThatThrownBy(extending::join).hasCauseInstanceOf(CoordinatorUnavailableException.class);
        assertThat(lease.isSafe()).isTrue();
    }

    /** A fail-over has lost the extension, although it was confirmed. */
    @Test
    void aLeaseWhoseExtensionIsLostIsRenewedAsOftenAsItsLengthNeeds() throws Exception {
        CompletableFuture<Void> extending = extend(Duration.ofMinutes(10));
        extensions.take().answer(Duration.ofMinutes(10));
        extending.join();
        Sent renewal = renewal();
        CompletableFuture<Void> renewed = keeper.nextRenewal();
        renewal.answer(SHORT);
        renewed.join();
        assertThat(safeUntil()).isEqualTo(10_000 + 4_500);
        assertThat(lease.life().shortestLength()).isEqualTo(SHORT);
        assertThat(timing.interval()).isEqualTo(SHORT.dividedBy(3));
        // The watch for the end of the safe time has learned of it.
        await().until(() -> runtime.watchNanos <= Duration.ofMillis(4_500).toNanos());
    }

    @Test
    void aLeaseThatIsClosedDuringItsExtensionIsReleasedAndNotLost() throws Exception {
        CompletableFuture<Void> extending = extend(LENGTH);
        Sent extension = extensions.take();
        lease.close();
        assertThat(released).containsExactly(lease.key());
        extension.answer(LENGTH);
        assertThatThrownBy(extending::join).hasCauseInstanceOf(LeaseLostException.class);
        assertThat(lease.isSafe()).isFalse();
        assertThat(lease.loss()).isEmpty();
    }

    @Test
    void aLeaseThatIsClosedDuringItsExtensionIsNotLostByTheAnswerThatItIsReleased() throws Exception {
        CompletableFuture<Void> extending = extend(LENGTH);
        Sent extension = extensions.take();
        lease.close();
        extension.answer().complete(new LeaseCalls.Renewal.Lost(LossReason.RELEASED, Optional.empty()));
        assertThatThrownBy(extending::join).hasCauseInstanceOf(LeaseLostException.class);
        assertThat(lease.loss()).isEmpty();
    }

    @Test
    void anExtensionThatIsAnsweredTooLateDoesNotReviveTheLease() throws Exception {
        CompletableFuture<Void> extending = extend(SHORT);
        Sent extension = extensions.take();
        runtime.pass(SHORT);
        extension.answer(SHORT);
        assertThatThrownBy(extending::join).hasCauseInstanceOf(LeaseLostException.class);
        assertThat(lease.loss()).map(LeaseLoss::reason).contains(LossReason.UNCONFIRMED);
    }

    @Test
    void anExtensionWithTheTokenOfAnotherGrantIsALossAndReleased() throws Exception {
        CompletableFuture<Void> extending = extend(LENGTH);
        extensions.take().answer().complete(new LeaseCalls.Renewal.Renewed(2, LENGTH, 0));
        assertThatThrownBy(extending::join).hasCauseInstanceOf(LeaseLostException.class);
        assertThat(lease.loss()).map(LeaseLoss::reason).contains(LossReason.SUPERSEDED);
        await().until(() -> !released.isEmpty());
    }
}

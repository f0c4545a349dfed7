package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.client.LeaseCalls.Grant;
import io.streamlocks.client.LeaseCalls.LeaseKey;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests the threads of a client on a clock that only a test moves, so that a beat that comes late never comes. */
@Timeout(60)
class LeaseKeeperTest {

    private static final Duration LENGTH = Duration.ofSeconds(5);
    private static final LeaseTerms TERMS = new LeaseTerms(new Owner("test", Map.of()), Optional.empty(), true);

    private final ManualRuntime runtime = new ManualRuntime();
    private final Timing timing =
            new Timing(Optional.empty(), Optional.empty(), Optional.empty(), Duration.ofSeconds(5));
    private final Notices notices = new Notices(List.of(), Runnable::run, runtime);
    private final CompletableFuture<List<LeaseKey>> renewed = new CompletableFuture<>();
    private final CompletableFuture<List<LeaseKey>> released = new CompletableFuture<>();
    private final LeaseCalls calls = new NoAcquires(runtime) {
        @Override
        List<Renewal> renew(List<LeaseKey> keys, Optional<Duration> length) {
            renewed.complete(keys);
            return keys.stream()
                    .<Renewal>map(key -> new Renewal.Renewed(token, LENGTH, 0))
                    .toList();
        }

        @Override
        List<Release> releaseAll(List<LeaseKey> keys) {
            released.complete(keys);
            return keys.stream().<Release>map(key -> new Release.Released()).toList();
        }
    };
    private volatile long token = 1;
    private final LeaseKeeper keeper = new LeaseKeeper(calls, calls, timing, notices, runtime);

    @AfterEach
    void close() {
        keeper.close();
    }

    private HeldLease keep(LeaseKey key, Duration age) {
        long sentNanos = runtime.nanoTime();
        runtime.pass(age);
        return keeper.keep(key, TERMS, new Grant(1, LENGTH, LENGTH, Duration.ZERO), sentNanos)
                .orElseThrow();
    }

    private static LeaseKey key(String stream) {
        return new LeaseKey(stream, UUID.randomUUID());
    }

    @Test
    void theFirstLeaseIsRenewedAtOnceIfItsGrantTookLongerThanAnInterval() throws Exception {
        LeaseKey key = key("orders");
        keep(key, Duration.ofSeconds(4));
        assertThat(renewed.get()).containsExactly(key);
    }

    @Test
    void aLeaseAsLongAsThoseBeforeIsRenewedAtOnceIfItsGrantTookLongerThanAnInterval() throws Exception {
        timing.held(LENGTH);
        LeaseKey key = key("orders");
        keep(key, Duration.ofSeconds(4));
        assertThat(renewed.get()).containsExactly(key);
    }

    @Test
    void aLeaseOfBeforeThatARepeatedCallFindsIsRenewedAtOnce() throws Exception {
        timing.held(LENGTH);
        LeaseKey key = key("orders");
        long sentNanos = runtime.nanoTime();
        runtime.pass(Duration.ofMillis(1));
        Grant grant = new Grant(1, LENGTH, Duration.ofSeconds(2), Duration.ZERO);
        assertThat(keeper.keep(key, TERMS, grant, sentNanos)).isPresent();
        assertThat(renewed.get()).containsExactly(key);
    }

    @Test
    void aLeaseWhoseRenewalHasTheTokenOfAnotherGrantIsLostAndReleased() throws Exception {
        LeaseKey key = key("orders");
        token = 2;
        HeldLease lease = keep(key, Duration.ofSeconds(4));
        assertThat(released.get()).containsExactly(key);
        assertThat(lease.loss()).contains(new LeaseLoss("orders", 1, LossReason.SUPERSEDED, Optional.empty()));
        assertThat(lease.isSafe()).isFalse();
    }

    @Test
    void aLeaseThatIsClosedIsReleasedOnce() throws Exception {
        LeaseKey key = key("orders");
        HeldLease lease = keep(key, Duration.ZERO);
        keeper.release(List.of(lease));
        lease.close();
        assertThat(released.get()).containsExactly(key);
    }

    @Test
    void theClosingThreadSleepsUntilTheWorkUnderALeaseEnds() throws Exception {
        LeaseKey key = key("orders");
        HeldLease.Use use = keep(key, Duration.ZERO).use();
        Thread closing = new Thread(keeper::close);
        closing.start();
        await().until(() -> closing.getState() == Thread.State.WAITING);
        assertThat(released).isNotDone();
        use.close();
        assertThat(released.get()).containsExactly(key);
        closing.join();
    }

    @Test
    void aReleaseCountsAsUnderWayBeforeItEndsItsLeases() throws Exception {
        try (BackgroundReleases background = new BackgroundReleases(calls, timing, runtime)) {
            Releases releases = new Releases(calls, background, notices, runtime);
            CompletableFuture<Boolean> seen = new CompletableFuture<>();
            releases.release(
                    () -> {
                        seen.complete(seenByAnother(releases));
                        return List.of();
                    },
                    () -> {});
            assertThat(seen.get()).isTrue();
            assertThat(seenByAnother(releases)).isFalse();
        }
    }

    private static boolean seenByAnother(Releases releases) {
        return CompletableFuture.supplyAsync(releases::othersRelease).join();
    }
}

package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests how leases are acquired, reported and given back. */
class StreamLockClientTest extends ProxiedClient {

    @Test
    void anUnheldStreamGivesALeaseWithAToken() {
        HeldLease lease = acquire();
        assertThat(lease.fencingToken()).isPositive();
        assertThat(lease.streamId()).isEqualTo(streamId);
        assertThat(lease.isSafe()).isTrue();
        assertThat(lease.safeFor()).isBetween(Duration.ofMillis(1), Duration.ofMillis(1800));
        assertThat(storage.find(streamId).orElseThrow().ownerId()).isEqualTo(client.ownerId());
    }

    @Test
    void aStreamOfAnotherOwnerIsRefused() {
        acquire();
        assertThat(other().tryAcquire(streamId)).isEmpty();
    }

    @Test
    void aStreamThatThisClientHoldsIsRefusedToo() {
        acquire();
        assertThat(client.tryAcquire(streamId)).isEmpty();
    }

    /** The HTTP client gives no connection to such a thread, and the call could be that of other threads, too. */
    @Test
    void aThreadThatIsInterruptedAcquiresAndReleasesAndStaysInterrupted() {
        Thread.currentThread().interrupt();
        HeldLease lease = acquire();
        lease.close();
        client.release(List.of(
                client.tryAcquire(streamId + "a").orElseThrow(),
                client.tryAcquire(streamId + "b").orElseThrow()));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(heard.released).containsExactlyInAnyOrder(streamId, streamId + "a", streamId + "b");
        assertThat(heard.releaseUnknown).isEmpty();
    }

    @Test
    void ownersDifferPerClient() {
        assertThat(other().ownerId()).isNotEqualTo(client.ownerId());
    }

    /** The race is that a call that cannot be sent gets into the request of others. */
    @Test
    void aStreamIdThatCannotBeSentFailsNoOtherCall() throws Exception {
        List<Future<Integer>> others = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            String own = streamId + "/" + i + "/";
            others.add(threads.submit(() -> {
                int granted = 0;
                for (int n = 0; n < 50; n++) {
                    granted += client.tryAcquire(own + n).isPresent() ? 1 : 0;
                    for (String bad : List.of("\uD83D", "x".repeat(256))) {
                        assertThatIllegalArgumentException().isThrownBy(() -> client.tryAcquire(bad));
                    }
                }
                return granted;
            }));
        }
        for (Future<Integer> other : others) {
            assertThat(other.get(60, TimeUnit.SECONDS)).isEqualTo(50);
        }
    }

    @Test
    void releaseFreesTheStreamAndTheSecondDoesNothing() {
        HeldLease lease = acquire();
        lease.close();
        lease.close();
        assertThat(storage.releases()).hasSize(1);
        assertThat(heard.released).containsExactly(streamId);
        assertThat(lease.isSafe()).isFalse();
        assertThat(other().tryAcquire(streamId).orElseThrow().fencingToken()).isGreaterThan(lease.fencingToken());
        assertThat(heard.lost).isEmpty();
    }

    @Test
    void aReleaseOfALeaseThatAnotherTookReportsTheLoss() {
        HeldLease lease = acquire();
        List<LeaseLoss> losses = new CopyOnWriteArrayList<>();
        lease.onLost(losses::add);
        storage.takeOver(streamId);
        lease.close();
        await().until(() -> !losses.isEmpty());
        assertThat(lease.loss()).map(LeaseLoss::reason).contains(LossReason.SUPERSEDED);
        assertThat(heard.released).isEmpty();
    }

    @Test
    void manyLeasesAreReleasedInOneRequest() {
        List<HeldLease> leases = IntStream.range(0, 20)
                .mapToObj(i -> client.tryAcquire(streamId + i).orElseThrow())
                .toList();
        client.release(leases);
        assertThat(storage.releases()).hasSize(1);
        assertThat(storage.releases().get(0)).hasSize(20);
        client.release(leases);
        assertThat(storage.releases()).hasSize(1);
    }

    @Test
    void closeReleasesAllInOneRequest() {
        StreamLockClient closing = client(builder());
        IntStream.range(0, 20).forEach(i -> closing.tryAcquire(streamId + i).orElseThrow());
        closing.close();
        // On a busy machine the release can outlast close().
        await().untilAsserted(() -> assertThat(heard.released).hasSize(20));
        assertThat(storage.releases()).hasSize(1);
        assertThat(heard.lost).isEmpty();
    }

    @Test
    void closeReportsAReleaseWithoutAnAnswer() {
        StreamLockClient closing = client(builder());
        closing.tryAcquire(streamId).orElseThrow();
        storage.setAway(true);
        closing.close();
        assertThat(heard.releaseUnknown).containsExactly(streamId);
    }

    @Test
    void aReleaseWithoutAnAnswerIsReportedAndDoneInTheBackground() {
        StreamLockClient patient = client(builder().ttl(Duration.ofSeconds(20)).requestTimeout(Duration.ofSeconds(1)));
        HeldLease lease = patient.tryAcquire(streamId).orElseThrow();
        proxy.refuse();
        lease.close();
        assertThat(heard.releaseUnknown).containsExactly(streamId);
        proxy.pass();
        await().until(() -> storage.find(streamId).isEmpty());
    }

    @Test
    @Tag("slow")
    void aBeatCostsARequestForEachThousandLeases() throws Exception {
        // The beats are so far apart that all leases are acquired before the first.
        StreamLockClient many = client(StreamLockClient.builder(server.uri())
                .ttl(Duration.ofSeconds(60))
                .heartbeatInterval(Duration.ofSeconds(12))
                .listener(heard));
        Future<?> one = threads.submit(() -> acquireMany(many, 0, 1250));
        acquireMany(many, 1250, 2500);
        one.get();
        int before = storage.renews().size();
        await().atMost(Duration.ofSeconds(20)).until(() -> renewedSince(before) >= 2500);
        await().pollDelay(Duration.ofSeconds(1)).until(() -> true);
        assertThat(renewedSince(before)).isEqualTo(2500);
        assertThat(storage.renews().size() - before).isLessThanOrEqualTo(3);
    }

    private int renewedSince(int before) {
        return storage.renews().stream().skip(before).mapToInt(List::size).sum();
    }

    private void acquireMany(StreamLockClient by, int from, int to) {
        IntStream.range(from, to).forEach(i -> by.tryAcquire(streamId + i).orElseThrow());
    }

    @Test
    @Tag("slow")
    void aThousandStreamsWithLongNamesAreRenewedAlthoughABodyIsLimited() {
        StreamLockClient many = client(builder().ttl(Duration.ofSeconds(30)).heartbeatInterval(Duration.ofSeconds(6)));
        String longest = "\uD83D\uDE80".repeat(250);
        IntStream.range(0, 1000).forEach(i -> many.tryAcquire(longest + String.format(Locale.ROOT, "%05d", i))
                .orElseThrow());
        await().atMost(Duration.ofSeconds(15))
                .until(() -> heard.renewed.stream().mapToInt(i -> i).sum() >= 1000);
        assertThat(heard.renewalUnknown).isEmpty();
    }

    @Test
    void callbacksRunOnTheExecutorOfTheUser() throws Exception {
        ExecutorService own = Executors.newSingleThreadExecutor(task -> new Thread(task, "mine"));
        HeldLease lease =
                client(builder().callbackExecutor(own)).tryAcquire(streamId).orElseThrow();
        CompletableFuture<String> thread = new CompletableFuture<>();
        lease.onLost(loss -> thread.complete(Thread.currentThread().getName()));
        storage.end(streamId);
        assertThat(thread.get(5, TimeUnit.SECONDS)).isEqualTo("mine");
        own.shutdownNow();
    }

    @Test
    void aRejectingOrBrokenExecutorStillLeadsToEachCallback() {
        List<RuntimeException> refusals =
                List.of(new RejectedExecutionException("full"), new IllegalStateException("broken"));
        for (RuntimeException refusal : refusals) {
            StreamLockClient refused = client(builder().callbackExecutor(task -> {
                throw refusal;
            }));
            String stream = streamId + refusal.getMessage();
            HeldLease lease = refused.tryAcquire(stream).orElseThrow();
            List<String> told = new CopyOnWriteArrayList<>();
            lease.onLost(loss -> told.add("one"));
            lease.onLost(loss -> told.add("two"));
            storage.end(stream);
            await().untilAsserted(() -> assertThat(told).containsExactlyInAnyOrder("one", "two"));
        }
    }

    @Test
    void aCallbackAndAListenerThatThrowHarmNoOtherLease() {
        StreamLockClient brave = client(builder().listener(new StreamLockListener() {
            @Override
            public void lost(LeaseLoss loss) {
                throw new AssertionError("from the listener");
            }

            @Override
            public void renewed(int leases, Duration took) {
                throw new IllegalStateException("from the listener");
            }
        }));
        HeldLease lost = brave.tryAcquire(streamId).orElseThrow();
        HeldLease kept = brave.tryAcquire(streamId + "kept").orElseThrow();
        List<LeaseLoss> losses = new CopyOnWriteArrayList<>();
        lost.onLost(loss -> {
            throw new AssertionError("from the callback");
        });
        lost.onLost(losses::add);
        storage.end(streamId);
        await().until(() -> losses.size() == 1);
        long safeUntil = kept.safeUntilNanos();
        await().until(() -> kept.safeUntilNanos() - safeUntil > TTL.toNanos());
    }

    @Test
    void aCallbackThatIsAddedAfterTheLossIsCalledAtOnce() {
        HeldLease lease = acquire();
        storage.end(streamId);
        await().until(() -> lease.loss().isPresent());
        List<LeaseLoss> losses = new CopyOnWriteArrayList<>();
        lease.onLost(losses::add);
        await().until(() -> losses.size() == 1);
    }

    @Test
    void aLossIsReportedOnceHoweverManyThreadsNoticeIt() throws Exception {
        HeldLease lease = acquire();
        List<LeaseLoss> losses = new CopyOnWriteArrayList<>();
        lease.onLost(losses::add);
        proxy.refuse();
        List<Future<?>> looking = IntStream.range(0, 4)
                .<Future<?>>mapToObj(i -> threads.submit(() -> {
                    while (lease.isSafe()) {
                        Thread.onSpinWait();
                    }
                }))
                .toList();
        for (Future<?> one : looking) {
            one.get();
        }
        await().during(Duration.ofMillis(300)).until(() -> losses.size() == 1 && heard.lost.size() == 1);
    }

    @Test
    void aLeaseThatAnOperatorBreaksIsLostForTheReasonGiven() {
        HeldLease lease = acquire();
        Breaking breaking = new Breaking("it hangs", "operator", Duration.ofSeconds(30));
        storage.breakLeases(List.of(new BreakRequest(streamId, Optional.empty(), breaking)));
        await().until(() -> lease.loss().isPresent());
        assertThat(lease.loss())
                .contains(new LeaseLoss(streamId, lease.fencingToken(), LossReason.BROKEN, Optional.of("it hangs")));
        // The stream is closed for a while, for this client and for others.
        assertThat(other().tryAcquire(streamId)).isEmpty();
    }

    @Test
    void labelsAreShownToOperators() {
        StreamLockClient labelled = client(builder().labels(Map.of("pod", "worker-7")));
        labelled.tryAcquire(streamId).orElseThrow();
        assertThat(storage.find(streamId).orElseThrow().owner().labels()).isEqualTo(Map.of("pod", "worker-7"));
    }

    @Test
    void acquiresAndReleasesOfManyThreadsShareRequestsAndEachHasItsOwnLease() throws Exception {
        StreamLockClient busy = client(builder().ttl(Duration.ofSeconds(30)));
        Set<String> streams = ConcurrentHashMap.newKeySet();
        Map<String, Long> tokens = new ConcurrentHashMap<>();
        ExecutorService threads = Executors.newFixedThreadPool(32);
        try {
            List<Future<?>> workers = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                String own = streamId + "/" + i;
                workers.add(threads.submit(() -> {
                    HeldLease lease = busy.tryAcquire(own).orElseThrow();
                    tokens.put(own, lease.fencingToken());
                    if (storage.find(own).orElseThrow().fencingToken() == lease.fencingToken()) {
                        streams.add(own);
                    }
                    lease.close();
                }));
            }
            for (Future<?> worker : workers) {
                worker.get(60, TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(streams).hasSize(400);
        assertThat(tokens.values()).doesNotHaveDuplicates();
        assertThat(streams).allSatisfy(own -> assertThat(storage.find(own)).isEmpty());
    }

    @Test
    void aHeartbeatThatWouldComeTooLateIsRefused() {
        for (int ms : List.of(1800, 2000, 4000, 0, -1)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() ->
                            builder().heartbeatInterval(Duration.ofMillis(ms)).build())
                    .withMessageContaining("heartbeatInterval");
        }
    }

    @Test
    void anAcquireWhoseReplyIsLostIsRepeatedWithTheSameLeaseId() throws Exception {
        StreamLockClient hasty = client(builder().ttl(Duration.ofSeconds(20)).requestTimeout(Duration.ofMillis(500)));
        proxy.dropReplies();
        Future<Optional<HeldLease>> acquired = threads.submit(() -> hasty.tryAcquire(streamId));
        await().until(() -> storage.find(streamId).isPresent());
        long token = storage.find(streamId).orElseThrow().fencingToken();
        proxy.pass();
        assertThat(acquired.get(5, TimeUnit.SECONDS).orElseThrow().fencingToken())
                .isEqualTo(token);
        assertThat(storage.acquires()).hasSizeGreaterThan(1);
        assertThat(storage.acquires().stream().map(one -> one.get(0).leaseId()).distinct())
                .hasSize(1);
    }

    @Test
    void anAcquireThatStaysUnknownIsReleasedInTheBackground() {
        StreamLockClient hasty = client(builder()
                .ttl(Duration.ofSeconds(20))
                .requestTimeout(Duration.ofSeconds(1))
                .acquireTimeout(Duration.ofSeconds(1)));
        proxy.dropReplies();
        assertThatThrownBy(() -> hasty.tryAcquire(streamId)).isInstanceOf(CoordinatorUnavailableException.class);
        assertThat(storage.find(streamId)).isPresent();
        proxy.pass();
        await().until(() -> storage.find(streamId).isEmpty());
    }

    @Test
    void aLeaseGrantedWhileTheClientClosesDoesNotOutliveIt() throws Exception {
        StreamLockClient closing = client(builder().ttl(Duration.ofSeconds(20)).requestTimeout(Duration.ofMillis(300)));
        proxy.dropReplies();
        Future<Optional<HeldLease>> acquired = threads.submit(() -> closing.tryAcquire(streamId));
        await().until(() -> storage.find(streamId).isPresent());
        Future<?> close = threads.submit(closing::close);
        // The acquire under way has no answer; the release that follows it has one.
        assertThatThrownBy(() -> closing.tryAcquire("too late")).isInstanceOf(RuntimeException.class);
        proxy.pass();
        close.get(5, TimeUnit.SECONDS);
        assertThatThrownBy(() -> acquired.get(5, TimeUnit.SECONDS))
                .hasCauseInstanceOf(CoordinatorUnavailableException.class);
        assertThat(storage.find(streamId)).isEmpty();
    }

    @Test
    void failingAcquiresDoNotMakeTheClientBeatFaster() {
        StreamLockClient patient = client(builder()
                .ttl(Duration.ofSeconds(20))
                .requestTimeout(Duration.ofSeconds(4))
                .acquireTimeout(Duration.ofMillis(1)));
        patient.tryAcquire(streamId).orElseThrow();
        proxy.tooManyRequests();
        AtomicLong failed = new AtomicLong();
        await().until(() -> {
            assertThatThrownBy(() -> patient.tryAcquire(streamId + "x"))
                    .isInstanceOf(CoordinatorUnavailableException.class);
            return failed.incrementAndGet() == 20;
        });
        assertThat(storage.renews()).isEmpty();
        assertThat(heard.renewalUnknown).isEmpty();
    }

    @Test
    void aBadStreamIdIsRefusedAtOnce() {
        assertThatThrownBy(() -> client.tryAcquire(""))
                .isInstanceOfSatisfying(CoordinatorRefusedException.class, e -> assertThat(e.status())
                        .isEqualTo(400));
    }

    @Test
    void aClosedClientRefuses() {
        client.close();
        client.close();
        assertThatIllegalStateException().isThrownBy(() -> client.tryAcquire(streamId));
        assertThat(storage.acquires()).isEmpty();
    }

    @Test
    void noSecretShowsInALease() {
        HeldLease lease = acquire();
        AtomicReference<UUID> id = new AtomicReference<>();
        storage.acquires().forEach(requests -> id.set(requests.get(0).leaseId()));
        assertThat(lease.toString()).contains(streamId).doesNotContain(id.get().toString());
        assertThat(storage.acquires())
                .allSatisfy(requests ->
                        assertThat(requests).extracting(AcquireRequest::ownerId).containsExactly(client.ownerId()));
        lease.close();
        // On a busy machine the release can outlast close().
        await().until(() -> !storage.releases().isEmpty());
        assertThat(storage.releases().get(0))
                .extracting(ReleaseRequest::streamId)
                .containsExactly(streamId);
    }
}

package io.streamlocks.client.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.streamlocks.client.CoordinatorRefusedException;
import io.streamlocks.client.CountedLocks;
import io.streamlocks.client.HeldLease;
import io.streamlocks.client.LeaseLoss;
import io.streamlocks.client.LossReason;
import io.streamlocks.client.StreamLockClient;
import io.streamlocks.client.TestServer;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Timeout(60)
@Execution(ExecutionMode.CONCURRENT)
class SessionRegistryTest {

    private final CountedLocks storage = new CountedLocks(new MemoryLockManager(new MonotonicClock(), true));
    private final TestServer server = new TestServer(storage);
    private final StreamLockClient client = StreamLockClient.builder(server.uri())
            .ttl(Duration.ofSeconds(10))
            .heartbeatInterval(Duration.ofMillis(200))
            .build();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<SessionEnd<String>> ends = new CopyOnWriteArrayList<>();
    private final Map<String, HeldLease> opened = new ConcurrentHashMap<>();
    private final List<String> handled = new CopyOnWriteArrayList<>();
    private final CountDownLatch gate = new CountDownLatch(1);
    private final CountDownLatch ignoring = new CountDownLatch(1);
    private final AtomicInteger interruptions = new AtomicInteger();
    private final SessionRegistry<String> registry = registry(SessionRegistry.builder(client, this::open));
    private final String streamId = "stream-" + UUID.randomUUID();

    private SessionRegistry<String> registry(SessionRegistryBuilder<String> builder) {
        return builder.onEnd(ends::add)
                .maxConcurrentSessions(3)
                .queueCapacity(5)
                .idleTimeout(Duration.ZERO)
                .drainTimeout(Duration.ofMillis(500))
                .build();
    }

    /**
     * Opens a session that records its events, fails at "fail", waits at "wait" and ignores interruptions at "ignore".
     */
    private SessionHandler<String> open(HeldLease lease) {
        lease.requireSafe();
        opened.put(lease.streamId(), lease);
        return event -> {
            if (event.equals("fail")) {
                throw new IllegalStateException("as asked for");
            }
            if (event.equals("wait")) {
                try {
                    gate.await();
                } catch (InterruptedException e) {
                    interruptions.incrementAndGet();
                    throw e;
                }
            }
            if (event.equals("ignore")) {
                ignoring.countDown();
                while (gate.getCount() > 0) {
                    try {
                        gate.await();
                    } catch (InterruptedException ignored) {
                        // This handler ignores its interruption.
                    }
                }
            }
            handled.add(event);
        };
    }

    @AfterEach
    void stop() {
        gate.countDown();
        registry.close();
        client.close();
        threads.shutdownNow();
        server.close();
    }

    private SessionEnd<String> onlyEnd() {
        await().until(() -> !ends.isEmpty());
        assertThat(ends).hasSize(1);
        return ends.get(0);
    }

    private void awaitIdle(String stream) {
        await().until(() -> registry.sessions().get(stream) == SessionState.IDLE);
    }

    @Test
    void aSessionIsOpenedByItsFirstEventUnderAHeldLease() {
        assertThat(registry.sessions()).isEmpty();
        assertThat(registry.route(streamId, "one")).isEqualTo(RouteResult.ENQUEUED);
        await().until(() -> handled.equals(List.of("one")));
        assertThat(opened.get(streamId).fencingToken())
                .isEqualTo(storage.find(streamId).orElseThrow().fencingToken());
    }

    @Test
    void anExistingSessionTakesEventsWithoutACall() {
        for (int i = 0; i < 20; i++) {
            assertThat(registry.route(streamId, "event")).isEqualTo(RouteResult.ENQUEUED);
            awaitIdle(streamId);
        }
        assertThat(storage.acquires()).hasSize(1);
    }

    @Test
    void noCallIsMadeAtCapacity() {
        IntStream.range(0, 3).forEach(i -> registry.route("s" + i, "event"));
        assertThat(registry.route(streamId, "event")).isEqualTo(RouteResult.CAPACITY);
        assertThat(registry.route("s1", "event")).isEqualTo(RouteResult.ENQUEUED);
        assertThat(storage.acquires()).hasSize(3);
    }

    @Test
    void evictionFreesPlacesAndLeases() {
        IntStream.range(0, 3).forEach(i -> registry.route("s" + i, i == 0 ? "wait" : "event"));
        awaitIdle("s1");
        awaitIdle("s2");
        assertThat(registry.evictIdle()).isEqualTo(2);
        await().until(() -> registry.route(streamId, "event") == RouteResult.ENQUEUED);
        await().until(() -> storage.find("s1").isEmpty());
        assertThat(registry.sessions()).containsEntry("s0", SessionState.RUNNING);
    }

    @Test
    void aStreamOfAnotherWorkerIsLockedAndOpensNothing() {
        storage.acquire(List.of(new AcquireRequest(streamId, "other", UUID.randomUUID(), Duration.ofMinutes(1))));
        assertThat(registry.route(streamId, "event")).isEqualTo(RouteResult.LOCKED);
        assertThat(opened).isEmpty();
        assertThat(registry.sessions()).isEmpty();
        IntStream.range(0, 3)
                .forEach(i -> assertThat(registry.route("s" + i, "event")).isEqualTo(RouteResult.ENQUEUED));
    }

    @Test
    void concurrentRoutesShareOneAcquire() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        List<Future<RouteResult>> routes = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            routes.add(threads.submit(() -> {
                go.await();
                return registry.route(streamId, "event");
            }));
        }
        go.countDown();
        for (Future<RouteResult> route : routes) {
            assertThat(route.get()).isEqualTo(RouteResult.ENQUEUED);
        }
        assertThat(storage.acquires()).hasSize(1);
    }

    @Test
    void aStoppedStreamIsAcquiredAnewWithAHigherToken() {
        registry.route(streamId, "event");
        long token = opened.get(streamId).fencingToken();
        assertThat(registry.stop(streamId)).isTrue();
        assertThat(registry.stop("unheard of")).isFalse();
        await().until(() -> registry.route(streamId, "event") == RouteResult.ENQUEUED);
        assertThat(opened.get(streamId).fencingToken()).isGreaterThan(token);
        assertThat(onlyEnd().state()).isEqualTo(SessionState.STOPPED);
    }

    @Test
    void stopInterruptsTheHandlerAndHandsBackTheRest() {
        List.of("wait", "two", "three").forEach(event -> registry.route(streamId, event));
        await().until(() -> registry.sessions().get(streamId) == SessionState.RUNNING);
        registry.stop(streamId);
        SessionEnd<String> end = onlyEnd();
        assertThat(end.state()).isEqualTo(SessionState.STOPPED);
        assertThat(end.unhandled()).containsExactly("wait", "two", "three");
        assertThat(storage.find(streamId)).isEmpty();
    }

    @Test
    void eventsOfAStreamAreHandledInOrderAndOneAtATime() {
        AtomicInteger working = new AtomicInteger();
        List<Integer> seen = new CopyOnWriteArrayList<>();
        AtomicInteger overlaps = new AtomicInteger();
        try (SessionRegistry<Integer> numbers = SessionRegistry.<Integer>builder(client, lease -> event -> {
                    if (working.incrementAndGet() > 1) {
                        overlaps.incrementAndGet();
                    }
                    seen.add(event);
                    working.decrementAndGet();
                })
                .queueCapacity(2000)
                .build()) {
            IntStream.range(0, 2000).forEach(i -> numbers.route(streamId, i));
            numbers.drainAll();
        }
        assertThat(overlaps).hasValue(0);
        assertThat(seen)
                .containsExactlyElementsOf(IntStream.range(0, 2000).boxed().toList());
    }

    @Test
    void aFullQueueRejects() {
        registry.route(streamId, "wait");
        IntStream.range(0, 4)
                .forEach(i -> assertThat(registry.route(streamId, "event")).isEqualTo(RouteResult.ENQUEUED));
        assertThat(registry.route(streamId, "event")).isEqualTo(RouteResult.REJECTED);
    }

    @Test
    void aRegistryThatIsDrainedRejects() {
        registry.drainAll();
        assertThat(registry.route(streamId, "event")).isEqualTo(RouteResult.REJECTED);
        assertThat(storage.acquires()).isEmpty();
    }

    @Test
    void aLostLeaseFailsTheSessionInterruptsItsHandlerAndReportsTheReason() {
        List.of("one", "wait", "two").forEach(event -> registry.route(streamId, event));
        await().until(() -> handled.contains("one"));
        storage.takeOver(streamId);
        SessionEnd<String> end = onlyEnd();
        assertThat(end.state()).isEqualTo(SessionState.ERRORED);
        assertThat(end.loss()).map(LeaseLoss::reason).contains(LossReason.SUPERSEDED);
        assertThat(end.unhandled()).containsExactly("wait", "two");
        assertThat(interruptions).hasValue(1);
        assertThat(registry.sessions()).isEmpty();
        assertThat(storage.find(streamId)).map(Lock::ownerId).contains("other");
    }

    @Test
    void aLossInterruptsTheHandlerWhileTheUsersCallbackExecutorIsBusy() {
        try (StreamLockClient busy = StreamLockClient.builder(server.uri())
                        .ttl(Duration.ofSeconds(3))
                        .callbackExecutor(task -> {
                            // The handler never gets to this event.
                        })
                        .build();
                SessionRegistry<String> own = registry(SessionRegistry.builder(busy, this::open))) {
            own.route(streamId, "wait");
            storage.takeOver(streamId);
            assertThat(onlyEnd().state()).isEqualTo(SessionState.ERRORED);
        }
    }

    @Test
    void anIdleSessionWhoseLeaseIsLostIsErroredToo() {
        registry.route(streamId, "one");
        awaitIdle(streamId);
        storage.takeOver(streamId);
        assertThat(onlyEnd().state()).isEqualTo(SessionState.ERRORED);
        assertThat(onlyEnd().unhandled()).isEmpty();
    }

    @Test
    void aFailingHandlerEndsItsSessionAndHandsBackTheEvent() {
        List.of("one", "fail", "two").forEach(event -> registry.route(streamId, event));
        SessionEnd<String> end = onlyEnd();
        assertThat(end.state()).isEqualTo(SessionState.ERRORED);
        assertThat(end.failure()).hasValueSatisfying(e -> assertThat(e).hasMessage("as asked for"));
        assertThat(end.loss()).isEmpty();
        assertThat(end.unhandled()).startsWith("fail");
        assertThat(storage.find(streamId)).isEmpty();
    }

    @Test
    void aFailingFactoryReleasesTheLeaseWhateverItThrows() {
        for (Throwable failure : List.of(new java.io.IOException("io"), new AssertionError("error"))) {
            SessionRegistry<String> failing = registry(SessionRegistry.builder(client, lease -> {
                if (failure instanceof Error error) {
                    throw error;
                }
                throw (Exception) failure;
            }));
            assertThatThrownBy(() -> failing.route(streamId, "event"))
                    .isInstanceOf(SessionOpenException.class)
                    .hasCause(failure);
            assertThat(storage.find(streamId)).isEmpty();
            assertThat(failing.sessions()).isEmpty();
        }
    }

    @Test
    void aRefusedCallFreesThePlace() {
        for (int i = 0; i < 5; i++) {
            assertThatThrownBy(() -> registry.route("", "event")).isInstanceOf(CoordinatorRefusedException.class);
        }
    }

    @Test
    void drainAllHandlesTheEventsThereAreAndReleasesAllInOneRequest() {
        IntStream.range(0, 3).forEach(stream -> IntStream.range(0, 5).forEach(i -> registry.route("s" + stream, "e")));
        registry.drainAll();
        assertThat(handled).hasSize(15);
        assertThat(storage.releases()).hasSize(1);
        assertThat(storage.releases().get(0)).hasSize(3);
        assertThat(ends).hasSize(3).allMatch(end -> end.state() == SessionState.STOPPED);
        assertThat(registry.sessions()).isEmpty();
    }

    @Test
    void drainAllInterruptsHandlersThatTakeTooLong() {
        registry.route(streamId, "wait");
        registry.drainAll();
        assertThat(onlyEnd().state()).isEqualTo(SessionState.STOPPED);
        assertThat(onlyEnd().unhandled()).containsExactly("wait");
        assertThat(storage.find(streamId)).isEmpty();
    }

    @Test
    void drainAllLeavesTheLeaseToAHandlerThatIgnoresItsInterruptionUntilItReturns() {
        registry.route(streamId, "ignore");
        registry.route("s1", "event");
        registry.drainAll();
        assertThat(storage.find("s1")).isEmpty();
        assertThat(storage.find(streamId)).isPresent();
        assertThat(opened.get(streamId).isSafe()).isTrue();
        gate.countDown();
        await().until(() -> storage.find(streamId).isEmpty());
    }

    @Test
    void aClientThatClosesFirstReleasesTheStreamOfAnIdleSessionAndNotOfOneThatWorks() {
        StreamLockClient own = StreamLockClient.builder(server.uri())
                .requestTimeout(Duration.ofMillis(1500))
                .build();
        SessionRegistry<String> sessions = registry(SessionRegistry.builder(own, this::open));
        sessions.route("s1", "event");
        await().until(() -> sessions.sessions().get("s1") == SessionState.IDLE);
        sessions.route(streamId, "ignore");
        await().until(() -> ignoring.getCount() == 0);
        own.close();
        assertThat(storage.find("s1")).isEmpty();
        assertThat(storage.find(streamId)).isPresent();
        gate.countDown();
        sessions.close();
        assertThat(ends).hasSize(2);
        assertThat(storage.find(streamId)).isPresent();
    }

    @Test
    void aClientThatIsClosedWhileASessionIsOpenedReleasesItWhenItIsOpen() throws Exception {
        StreamLockClient own = StreamLockClient.builder(server.uri())
                .requestTimeout(Duration.ofSeconds(20))
                .build();
        CountDownLatch opening = new CountDownLatch(1);
        SessionRegistry<String> sessions = registry(SessionRegistry.builder(own, lease -> {
            opening.countDown();
            gate.await();
            return event -> handled.add(event);
        }));
        Future<RouteResult> route = threads.submit(() -> sessions.route(streamId, "event"));
        opening.await();
        Future<?> close = threads.submit(own::close);
        await().during(Duration.ofMillis(300))
                .until(() -> storage.find(streamId).isPresent());
        gate.countDown();
        close.get(10, TimeUnit.SECONDS);
        route.get(10, TimeUnit.SECONDS);
        assertThat(storage.find(streamId)).isEmpty();
        sessions.close();
        assertThat(handled).isEmpty();
    }

    @Test
    void aHandlerMayCloseTheClientAndDoesNotWaitForItself() {
        StreamLockClient own = StreamLockClient.builder(server.uri())
                .requestTimeout(Duration.ofSeconds(50))
                .build();
        SessionRegistry<String> sessions = registry(SessionRegistry.builder(own, lease -> event -> {
            own.close();
            handled.add(event);
        }));
        sessions.route(streamId, "event");
        await().until(() -> handled.contains("event"));
        sessions.close();
        assertThat(storage.find(streamId)).isPresent();
    }

    @Test
    void drainAllReturnsAfterAllEndsAreReported() {
        List<String> told = new CopyOnWriteArrayList<>();
        SessionRegistry<String> slow = SessionRegistry.builder(client, this::open)
                .onEnd(end -> {
                    await().pollDelay(200, TimeUnit.MILLISECONDS).until(() -> true);
                    told.add(end.streamId());
                })
                .build();
        slow.route(streamId, "event");
        slow.drainAll();
        assertThat(told).containsExactly(streamId);
    }

    @Test
    void aSessionThatIsOpenedWhileAllAreDrainedIsDrainedToo() throws Exception {
        CountDownLatch opening = new CountDownLatch(1);
        SessionRegistry<String> slow = registry(SessionRegistry.builder(client, lease -> {
            opening.countDown();
            gate.await();
            return open(lease);
        }));
        Future<RouteResult> route = threads.submit(() -> slow.route(streamId, "event"));
        opening.await();
        // This is longer than the time-outs.
        slow.drainAll();
        gate.countDown();
        assertThat(route.get()).isIn(RouteResult.REJECTED, RouteResult.ENQUEUED);
        await().until(() -> storage.find(streamId).isEmpty() && ends.size() == 1);
    }

    @Test
    void aListenerMayLookAtTheRegistryWhileALossIsNoticed() {
        CountDownLatch told = new CountDownLatch(1);
        List<SessionRegistry<String>> holder = new CopyOnWriteArrayList<>();
        try (StreamLockClient curious = StreamLockClient.builder(server.uri())
                .ttl(Duration.ofSeconds(3))
                .listener(new io.streamlocks.client.StreamLockListener() {
                    @Override
                    public void lost(LeaseLoss loss) {
                        holder.forEach(SessionRegistry::sessions);
                        told.countDown();
                    }
                })
                .build()) {
            SessionRegistry<String> own = registry(SessionRegistry.builder(curious, this::open));
            holder.add(own);
            own.route(streamId, "event");
            storage.takeOver(streamId);
            await().until(() -> told.getCount() == 0 && ends.size() == 1);
        }
    }
}

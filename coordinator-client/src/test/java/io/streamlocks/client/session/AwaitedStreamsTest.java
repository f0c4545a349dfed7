package io.streamlocks.client.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.client.CountedLocks;
import io.streamlocks.client.HeldLease;
import io.streamlocks.client.StreamLockClient;
import io.streamlocks.client.TestServer;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests workers whose streams are held by another worker. */
@Timeout(60)
class AwaitedStreamsTest {

    private static final Duration WANTED = Duration.ofMinutes(1);

    private final CountedLocks storage = new CountedLocks(new MemoryLockManager(new MonotonicClock(), true));
    private final TestServer server = new TestServer(storage);
    private final List<AutoCloseable> closed = new ArrayList<>();
    private final StreamLockClient holder = client();
    private final Set<String> handled = ConcurrentHashMap.newKeySet();
    private final String streamId = "stream-" + UUID.randomUUID();

    private StreamLockClient client() {
        StreamLockClient client = StreamLockClient.builder(server.uri())
                .ttl(Duration.ofSeconds(20))
                .build();
        closed.add(0, client);
        return client;
    }

    private SessionRegistry<String> registry(int sessions) {
        SessionRegistry<String> registry = SessionRegistry.<String>builder(
                        client(), lease -> event -> handled.add(lease.streamId()))
                .maxConcurrentSessions(sessions)
                .build();
        closed.add(0, registry);
        return registry;
    }

    /** Routes an event as a turn of a poll loop does. */
    private static RouteResult route(SessionRegistry<String> registry, String stream, String event, Duration wanted) {
        RouteResult result = registry.routePrepared(stream, event);
        if (result == RouteResult.LOCKED) {
            registry.want(List.of(stream), wanted);
        }
        return result;
    }

    private List<String> waiters(String stream) {
        return storage.reads().waiters(stream).stream()
                .map(waiter -> waiter.owner().id())
                .toList();
    }

    private void awaitPlaces(int count, String stream) {
        // A place that nobody gives up dies after five seconds.
        await().atMost(Duration.ofSeconds(4)).until(() -> waiters(stream).size() == count);
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : closed) {
            one.close();
        }
        server.close();
    }

    @Test
    void placesAreGivenUpWhenAGrantedLeaseIsAllThatIsLeft() {
        HeldLease granted = holder.tryAcquire(streamId + "/granted").orElseThrow();
        HeldLease unwanted = holder.tryAcquire(streamId + "/unwanted").orElseThrow();
        ExecutorService threads = Executors.newCachedThreadPool();
        closed.add(0, threads::shutdownNow);
        AwaitedStreams awaited =
                new AwaitedStreams(client(), () -> 10, () -> Duration.ofMillis(200), threads, SessionRuntime.JVM);
        closed.add(0, awaited::close);
        awaited.want(List.of(granted.streamId(), unwanted.streamId()), WANTED);
        awaitPlaces(1, granted.streamId());
        awaitPlaces(1, unwanted.streamId());
        granted.close();
        await().until(() -> awaited.isGranted(granted.streamId()));
        awaited.wantOnly(Set.of(), WANTED);
        awaitPlaces(0, unwanted.streamId());
        assertThat(awaited.isGranted(granted.streamId())).isTrue();
    }

    @Test
    void heldStreamsCostNoCallPerTurnAndAreProcessedWhenTheyAreReleased() {
        List<HeldLease> held = IntStream.range(0, 10)
                .mapToObj(i -> holder.tryAcquire(streamId + "/" + i).orElseThrow())
                .toList();
        List<String> streams = held.stream().map(HeldLease::streamId).toList();
        AtomicInteger turns = new AtomicInteger();
        for (int i = 0; i < 3; i++) {
            PollLoop<String> loop = PollLoop.builder(registry(32), () -> {
                        turns.incrementAndGet();
                        return streams.stream()
                                .flatMap(stream ->
                                        IntStream.range(0, 3).mapToObj(n -> new StreamEvent<>(stream, "event " + n)))
                                .toList();
                    })
                    .delay(Duration.ofMillis(5))
                    .build();
            closed.add(0, loop);
            loop.start();
        }
        streams.forEach(stream -> awaitPlaces(3, stream));
        int turnsBefore = turns.get();
        int callsBefore = storage.acquires().size();
        await().until(() -> turns.get() >= turnsBefore + 100);
        // Each worker may repeat its call meanwhile. Without the queue, there would be 1000 calls.
        assertThat(storage.acquires().size() - callsBefore).isLessThan(20);

        holder.release(held);
        await().until(() -> handled.containsAll(streams));
    }

    @Test
    void theNextEventOfAGrantedStreamOpensItsSession() {
        HeldLease held = holder.tryAcquire(streamId).orElseThrow();
        SessionRegistry<String> registry = registry(1);
        assertThat(route(registry, streamId, "one", WANTED)).isEqualTo(RouteResult.LOCKED);
        awaitPlaces(1, streamId);
        int calls = storage.acquires().size();
        assertThat(route(registry, streamId, "one", WANTED)).isEqualTo(RouteResult.LOCKED);
        held.close();
        await().until(() -> storage.find(streamId).isPresent());
        await().until(() -> route(registry, streamId, "one", WANTED) == RouteResult.ENQUEUED);
        await().until(() -> handled.contains(streamId));
        assertThat(storage.acquires()).hasSize(calls);
        assertThat(route(registry, streamId, "two", WANTED)).isEqualTo(RouteResult.ENQUEUED);
    }

    @Test
    void aRegistryThatIsClosedLeavesNeitherPlacesNorLeases() {
        HeldLease one = holder.tryAcquire(streamId).orElseThrow();
        HeldLease two = holder.tryAcquire(streamId + "/2").orElseThrow();
        SessionRegistry<String> registry = registry(5);
        for (String stream : List.of(streamId, streamId + "/2")) {
            route(registry, stream, "event", WANTED);
        }
        awaitPlaces(1, streamId);
        one.close();
        await().until(() -> storage.find(streamId).isPresent());
        registry.close();
        await().until(() -> storage.find(streamId).isEmpty());
        awaitPlaces(0, streamId + "/2");
        two.close();
        assertThat(storage.find(streamId + "/2")).isEmpty();
    }

    @Test
    void aRegistryWaitsForNoMoreStreamsThanItHasRoomFor() {
        List<String> streams =
                IntStream.range(0, 4).mapToObj(i -> streamId + "/" + i).toList();
        streams.forEach(stream -> holder.tryAcquire(stream).orElseThrow());
        SessionRegistry<String> registry = registry(2);
        assertThat(route(registry, streamId, "event", WANTED)).isEqualTo(RouteResult.ENQUEUED);
        streams.forEach(stream -> route(registry, stream, "event", WANTED));
        await().until(() ->
                streams.stream().filter(stream -> !waiters(stream).isEmpty()).count() == 1);
        await().during(Duration.ofMillis(300))
                .until(() -> streams.stream()
                                .filter(stream -> !waiters(stream).isEmpty())
                                .count()
                        == 1);
    }

    @Test
    @Tag("slow")
    void aStreamWithoutEventsIsNotWaitedForAnyMoreAndALeaseWithoutEventsIsReleased() {
        HeldLease one = holder.tryAcquire(streamId).orElseThrow();
        holder.tryAcquire(streamId + "/2").orElseThrow();
        SessionRegistry<String> registry = registry(5);
        Duration wanted = SessionRegistry.CALL.plusSeconds(1);
        route(registry, streamId, "event", wanted);
        route(registry, streamId + "/2", "event", wanted);
        awaitPlaces(1, streamId);
        one.close();
        await().until(() -> storage.find(streamId).isPresent());
        await().atMost(Duration.ofSeconds(20))
                .until(() -> storage.find(streamId).isEmpty());
        await().atMost(Duration.ofSeconds(20))
                .until(() -> waiters(streamId + "/2").isEmpty());
        // The registry waits again when there is an event again.
        route(registry, streamId + "/2", "event", wanted);
        awaitPlaces(1, streamId + "/2");
    }
}

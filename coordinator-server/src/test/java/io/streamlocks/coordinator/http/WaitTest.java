package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.TestServer.path;
import static io.streamlocks.coordinator.http.TestServer.randomStream;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.nullValue;

import io.restassured.response.Response;
import io.streamlocks.coordinator.limit.OwnerCap;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.Waiter;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Acquires that wait, over HTTP. */
@Execution(ExecutionMode.CONCURRENT)
class WaitTest {

    private static final int LONG_MS = 25_000;
    private static final int SHORT_MS = 1;

    private static final ExecutorService THREADS = Executors.newCachedThreadPool();
    private static TestServer server;
    private static LockManager locks;

    private final String stream = randomStream();
    private final UUID holder = UUID.randomUUID();

    @BeforeAll
    static void start() {
        TestServer.Clock clock = new TestServer.Clock();
        locks = new MemoryLockManager(clock, true);
        server = TestServer.of(locks, clock, Guards.NONE);
    }

    @AfterAll
    static void stop() {
        server.close();
        THREADS.shutdownNow();
    }

    private static Map<String, Object> body(String ownerId, UUID leaseId, int waitMs) {
        return Map.of("ownerId", ownerId, "leaseId", leaseId, "waitMs", waitMs);
    }

    private static Map<String, Object> item(String streamId, String ownerId, UUID leaseId) {
        return Map.of("streamId", streamId, "ownerId", ownerId, "leaseId", leaseId);
    }

    private static Response acquire(TestServer at, String streamId, String ownerId, UUID leaseId, int waitMs) {
        return at.post(path(streamId) + "/acquire", body(ownerId, leaseId, waitMs));
    }

    private static CompletableFuture<Response> inBackground(Supplier<Response> call) {
        return CompletableFuture.supplyAsync(call, THREADS);
    }

    /** Begins a call that waits, and returns when it has its place. */
    private static CompletableFuture<Response> begin(
            TestServer at, LockManager storage, String streamId, String ownerId, UUID leaseId) {
        CompletableFuture<Response> response = inBackground(() -> acquire(at, streamId, ownerId, leaseId, LONG_MS));
        awaitWaiter(storage, streamId, ownerId);
        return response;
    }

    private static void awaitWaiter(LockManager storage, String streamId, String ownerId) {
        await().pollInterval(Duration.ofMillis(5))
                .until(() -> waiting(storage, streamId).contains(ownerId));
    }

    private static List<String> waiting(LockManager storage, String streamId) {
        return storage.reads().waiters(streamId).stream()
                .map((Waiter waiter) -> waiter.owner().id())
                .toList();
    }

    private void hold() {
        server.acquire(stream, "holder", holder).then().statusCode(200);
    }

    private CompletableFuture<Response> begin(String ownerId, UUID leaseId) {
        return begin(server, locks, stream, ownerId, leaseId);
    }

    @Test
    void aFreeStreamIsGrantedAtOnce() {
        acquire(server, stream, "alice", holder, LONG_MS)
                .then()
                .statusCode(200)
                .body("leaseId", equalTo(holder.toString()))
                .body("waitedMs", nullValue())
                .body("waiting", nullValue());
    }

    @Test
    void waitersAreGrantedTheStreamInTheOrderOfTheirArrival() {
        hold();
        List<UUID> ids = IntStream.range(0, 3).mapToObj(i -> UUID.randomUUID()).toList();
        List<CompletableFuture<Response>> responses = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            responses.add(begin("waiter-" + i, ids.get(i)));
        }
        UUID last = holder;
        for (int i = 0; i < 3; i++) {
            server.release(stream, last).then().statusCode(204);
            responses
                    .get(i)
                    .join()
                    .then()
                    .statusCode(200)
                    .body("ownerId", equalTo("waiter-" + i))
                    .body("leaseId", equalTo(ids.get(i).toString()))
                    .body("waiting", i == 2 ? nullValue() : equalTo(2 - i));
            last = ids.get(i);
        }
        server.get(path(stream) + "/history")
                .then()
                .statusCode(200)
                .body("grants[0].waitedMs", equalTo(0))
                .body("grants[3].waitedMs", nullValue());
    }

    @Test
    void whenTheTimeIsUpTheCallerLearnsTheHolderAndItsPosition() {
        hold();
        UUID first = UUID.randomUUID();
        UUID second = UUID.randomUUID();
        acquire(server, stream, "bob", first, SHORT_MS)
                .then()
                .statusCode(409)
                .body("code", equalTo("lock-held"))
                .body("holder.ownerId", equalTo("holder"))
                .body("holder.waiting", equalTo(1))
                .body("position", equalTo(1));
        acquire(server, stream, "carol", second, SHORT_MS).then().body("position", equalTo(2));
        acquire(server, stream, "bob", first, SHORT_MS).then().body("position", equalTo(1));
        server.renew(stream, holder).then().statusCode(200).body("waiting", equalTo(2));
        server.get(path(stream)).then().statusCode(200).body("waiting", equalTo(2));
    }

    @Test
    void nobodyOvertakesACallerBetweenTwoCalls() {
        hold();
        UUID first = UUID.randomUUID();
        acquire(server, stream, "bob", first, SHORT_MS).then().statusCode(409);
        server.release(stream, holder).then().statusCode(204);
        server.acquire(stream, "dave", UUID.randomUUID())
                .then()
                .statusCode(409)
                .body("code", equalTo("lock-awaited"))
                .body("position", nullValue());
        acquire(server, stream, "dave", UUID.randomUUID(), SHORT_MS)
                .then()
                .statusCode(409)
                .body("code", equalTo("lock-awaited"))
                .body("position", equalTo(2));
        acquire(server, stream, "bob", first, LONG_MS).then().statusCode(200);
    }

    @Test
    void aReleaseWithTheLeaseIdOfAWaiterRemovesItsPlace() {
        hold();
        UUID first = UUID.randomUUID();
        acquire(server, stream, "bob", first, SHORT_MS).then().statusCode(409);
        server.release(stream, first).then().statusCode(204);
        server.get(path(stream) + "/waiters").then().statusCode(200).body("waiters", hasSize(0));
        server.release(stream, first).then().statusCode(410);
    }

    @Test
    void aCallerWithoutALeaseIdKeepsNoPlace() {
        hold();
        String single = "{\"ownerId\":\"bob\",\"waitMs\":1}";
        server.post(path(stream) + "/acquire", single).then().statusCode(409);
        String item = "{\"streamId\":\"" + stream + "\",\"ownerId\":\"carol\"}";
        server.post("/v1/batch/acquire", "{\"waitMs\":1,\"items\":[" + item + "]}")
                .then()
                .body("results[0].status", equalTo(409));
        await().pollInterval(Duration.ofMillis(5))
                .until(() -> waiting(locks, stream).isEmpty());
        server.release(stream, holder).then().statusCode(204);
        server.acquire(stream, "dave", UUID.randomUUID()).then().statusCode(200);
    }

    @Test
    void theQueueIsShownWithoutLeaseIds() {
        hold();
        UUID first = UUID.randomUUID();
        server.post(
                        path(stream) + "/acquire",
                        Map.of("ownerId", "bob", "leaseId", first, "waitMs", SHORT_MS, "labels", Map.of("pod", "b-1")))
                .then()
                .statusCode(409);
        Response shown = server.get(path(stream) + "/waiters");
        shown.then()
                .statusCode(200)
                .body("waiters", hasSize(1))
                .body("waiters[0].ownerId", equalTo("bob"))
                .body("waiters[0].position", equalTo(1))
                .body("waiters[0].waitingForMs", equalTo(0))
                .body("waiters[0].labels.pod", equalTo("b-1"));
        assertThat(shown.asString()).doesNotContain(first.toString());
    }

    @Test
    void aBatchReturnsWithItsFirstGrantAndKeepsTheOtherPlaces() {
        hold();
        String other = randomStream();
        server.acquire(other, "holder", holder).then().statusCode(200);
        UUID one = UUID.randomUUID();
        UUID two = UUID.randomUUID();
        CompletableFuture<Response> batch = inBackground(() -> server.post(
                "/v1/batch/acquire",
                Map.of("waitMs", LONG_MS, "items", List.of(item(stream, "bob", one), item(other, "bob", two)))));
        awaitWaiter(locks, stream, "bob");
        awaitWaiter(locks, other, "bob");
        server.release(other, holder).then().statusCode(204);
        batch.join()
                .then()
                .statusCode(200)
                .body("results[0].status", equalTo(409))
                .body("results[0].problem.code", equalTo("lock-held"))
                .body("results[0].problem.position", equalTo(1))
                .body("results[1].status", equalTo(200))
                .body("results[1].lease.leaseId", equalTo(two.toString()));
        acquire(server, stream, "carol", UUID.randomUUID(), SHORT_MS).then().body("position", equalTo(2));
    }

    @Test
    void aBatchThatIsGrantedAtOnceTakesPlacesForItsOtherItems() {
        hold();
        server.post(
                        "/v1/batch/acquire",
                        Map.of(
                                "items",
                                List.of(
                                        item(stream, "bob", UUID.randomUUID()),
                                        item(randomStream(), "bob", UUID.randomUUID())),
                                "waitMs",
                                LONG_MS))
                .then()
                .statusCode(200)
                .body("results[0].status", equalTo(409))
                .body("results[1].status", equalTo(200));
        assertThat(waiting(locks, stream)).containsExactly("bob");
    }

    @Test
    void whenTheTimeOfABatchIsUpEachItemHasItsOwnResult() {
        hold();
        server.post(
                        "/v1/batch/acquire",
                        Map.of("waitMs", SHORT_MS, "items", List.of(item(stream, "bob", UUID.randomUUID()))))
                .then()
                .statusCode(200)
                .body("results[0].status", equalTo(409))
                .body("results[0].problem.position", equalTo(1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "25001", "9223372036854775808", "1.5", "1e3", "\"5\"", "true", "[]", "{}"})
    void aWaitThatIsNotValidIsRejectedAndNamed(String waitMs) {
        String single = "{\"ownerId\":\"bob\",\"waitMs\":" + waitMs + "}";
        server.postBadItems(path(stream) + "/acquire", single)
                .then()
                .statusCode(400)
                .body("code", equalTo("invalid-field"))
                .body("field", equalTo("waitMs"));
        String batch = "{\"waitMs\":" + waitMs + ",\"items\":[{\"streamId\":\"" + stream + "\",\"ownerId\":\"bob\"}]}";
        server.postBadItems("/v1/batch/acquire", batch)
                .then()
                .statusCode(400)
                .body("code", equalTo("invalid-field"))
                .body("field", equalTo("waitMs"));
        assertThat(locks.find(stream)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"renew", "release"})
    void otherBatchesDoNotWait(String call) {
        server.postBadItems("/v1/batch/" + call, "{\"items\":[],\"waitMs\":1}")
                .then()
                .statusCode(400)
                .body("field", equalTo("waitMs"));
    }

    @Test
    void aCallerThatClosesItsConnectionIsNotGrantedTheStream() throws IOException {
        hold();
        UUID first = UUID.randomUUID();
        try (Socket socket = new Socket("127.0.0.1", server.port)) {
            socket.getOutputStream()
                    .write(RawHttp.request(
                            "POST",
                            path(stream) + "/acquire",
                            "{\"ownerId\":\"bob\",\"leaseId\":\"" + first + "\",\"waitMs\":" + LONG_MS + "}"));
            awaitWaiter(locks, stream, "bob");
        }
        await().until(() -> waiting(locks, stream).isEmpty());
        server.release(stream, holder).then().statusCode(204);
        assertThat(locks.find(stream)).isEmpty();
    }

    @Test
    void aServerThatDrainsEndsItsWaitersAtOnceAndKeepsTheirPlaces() {
        TestServer.Clock clock = new TestServer.Clock();
        LockManager storage = new MemoryLockManager(clock, true);
        try (TestServer draining = TestServer.of(storage, clock, Guards.NONE)) {
            draining.acquire(stream, "holder", holder).then().statusCode(200);
            CompletableFuture<Response> waiting = begin(draining, storage, stream, "bob", UUID.randomUUID());
            draining.gate.drain(Duration.ZERO);
            waiting.join().then().statusCode(503).body("code", equalTo("draining"));
            assertThat(waiting(storage, stream)).containsExactly("bob");
            assertThat(storage.release(List.of(new ReleaseRequest(stream, holder))))
                    .hasSize(1);
            assertThat(storage.find(stream)).as("bob is between two calls").isEmpty();
        }
    }

    @Test
    void anOwnerMayWaitForSoManyStreams() {
        TestServer.Clock clock = new TestServer.Clock();
        LockManager storage = new MemoryLockManager(clock, true);
        Guards guards =
                new Guards(Optional.empty(), Optional.empty(), Optional.empty(), OptionalInt.of(1), Optional.empty());
        String other = randomStream();
        try (TestServer limited = TestServer.of(storage, clock, guards)) {
            limited.acquire(stream, "holder", holder).then().statusCode(200);
            limited.acquire(other, "holder", holder).then().statusCode(200);
            CompletableFuture<Response> waiting = begin(limited, storage, stream, "bob", UUID.randomUUID());
            acquire(limited, other, "bob", UUID.randomUUID(), LONG_MS)
                    .then()
                    .statusCode(429)
                    .header("Retry-After", "1")
                    .body("code", equalTo("too-many-waiters"))
                    .body("field", equalTo("ownerId"));
            acquire(limited, other, "carol", UUID.randomUUID(), SHORT_MS).then().statusCode(409);
            limited.release(stream, holder).then().statusCode(204);
            waiting.join().then().statusCode(200);
        }
    }

    @Test
    void aWaiterDoesNotCountAsALease() {
        TestServer.Clock clock = new TestServer.Clock();
        LockManager storage = new MemoryLockManager(clock, true);
        OwnerCap cap = new OwnerCap(1, storage::liveLeases);
        Guards guards =
                new Guards(Optional.empty(), Optional.empty(), Optional.of(cap), OptionalInt.empty(), Optional.empty());
        try (TestServer capped = TestServer.of(storage, clock, guards)) {
            capped.acquire(stream, "holder", holder).then().statusCode(200);
            CompletableFuture<Response> waiting = begin(capped, storage, stream, "bob", UUID.randomUUID());
            UUID lease = UUID.randomUUID();
            String other = randomStream();
            capped.acquire(other, "bob", lease).then().statusCode(200);
            capped.release(other, lease).then().statusCode(204);
            capped.release(stream, holder).then().statusCode(204);
            waiting.join().then().statusCode(200);
            capped.acquire(randomStream(), "bob", UUID.randomUUID()).then().statusCode(429);
        }
    }
}

package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.function.Function;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.StatementKind;
import io.streamlocks.coordinator.lock.LockReads;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.streamlocks.coordinator.access.Principal;
import io.streamlocks.coordinator.access.Role;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.LockPage;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import io.streamlocks.coordinator.lock.postgres.PostgresLockManager;
import io.streamlocks.coordinator.telemetry.Scrape;
import io.streamlocks.testkit.contract.ForwardingLocks;
import io.streamlocks.testkit.rig.TestDatabase;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A caller that sends as much as it can does not affect the leases and calls of another caller. */
@Tag("postgres")
class GreedyCallerTest {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @TempDir
    private Path directory;

    private TestServer server;

    private CompletableFuture<HttpResponse<String>> call(String token, String path, Object body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port + path))
                .timeout(Duration.ofSeconds(30))
                .header("Authorization", "Bearer " + token);
        return client.sendAsync(
                body == null
                        ? request.GET().build()
                        : request.header("Content-Type", "application/json")
                                .POST(BodyPublishers.ofByteArray(Json.write(body)))
                                .build(),
                BodyHandlers.ofString());
    }

    private static JsonNode results(HttpResponse<String> response) throws Exception {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return MAPPER.readTree(response.body()).get("results");
    }

    @Test
    void repeatsOfAStreamWaitForStatementsOfTheirOwn() throws Exception {
        TestTokens tokens = new TestTokens(directory);
        String greedy = tokens.add(new Principal("greedy", Role.WORKER, List.of("greedy-"), ""));
        String modest = tokens.add(new Principal("modest", Role.WORKER, List.of("modest-"), ""));
        try (TestDatabase database = TestDatabase.migrated()) {
            SteppedRenewals locks = new SteppedRenewals(new PostgresLockManager(database.pool()));
            try (TestServer started = TestServer.of(locks, new TestServer.Clock(), tokens.guards())) {
                server = started;
                UUID lease = UUID.randomUUID();
                Map<String, ?> acquire = Map.of("ownerId", "me", "leaseId", lease, "ttlMs", 60_000);
                call(greedy, "/v1/locks/greedy-1/acquire", acquire).join();
                call(modest, "/v1/locks/modest-1/acquire", acquire).join();
                var repeats = call(
                        greedy,
                        "/v1/batch/renew",
                        Map.of(
                                "items",
                                List.of(
                                        Map.of("streamId", "greedy-1", "leaseId", lease, "ttlMs", 61_000),
                                        Map.of("streamId", "greedy-1", "leaseId", lease, "ttlMs", 62_000))));
                locks.go.release();
                // The second statement is under way, with the rest of the first one.
                await().until(() -> locks.begun.get() == 2);
                assertThat(repeats).isNotDone();
                var other = call(modest, "/v1/locks/modest-1/renew", Map.of("leaseId", lease));
                locks.go.release(100);
                assertThat(other.join().statusCode()).isEqualTo(200);
                results(repeats.join())
                        .forEach(result ->
                                assertThat(result.get("status").asInt()).isEqualTo(200));
            } finally {
                locks.go.release(100);
            }
        }
    }

    /** Each statement of renewals waits until a test lets it continue. */
    private static final class SteppedRenewals extends ForwardingLocks {
        private final LockManager locks;
        private final AtomicInteger begun = new AtomicInteger();
        private final Semaphore go = new Semaphore(0);

        SteppedRenewals(LockManager locks) {
            this.locks = locks;
        }

        @Override
        protected LockManager next() {
            return locks;
        }

        @Override
        public List<RenewOutcome> renew(List<RenewRequest> requests) {
            begun.incrementAndGet();
            go.acquireUninterruptibly();
            return super.renew(requests);
        }
    }

    /** Sends calls one after another, like on a connection. */
    @Test
    void renewalsOfOneStreamInOneBatchAreDecidedInTheirOrder() throws Exception {
        TestTokens tokens = new TestTokens(directory);
        String token = tokens.add(Role.OPERATOR);
        try (TestDatabase database = TestDatabase.migrated();
                TestServer started = TestServer.of(
                        new PostgresLockManager(database.pool()), new TestServer.Clock(), tokens.guards())) {
            server = started;
            UUID lease = UUID.randomUUID();
            call(token, "/v1/locks/s/acquire", Map.of("ownerId", "me", "leaseId", lease))
                    .join();
            JsonNode results = results(call(
                            token,
                            "/v1/batch/renew",
                            Map.of(
                                    "items",
                                    List.of(
                                            Map.of("streamId", "s", "leaseId", lease, "ttlMs", 40_000),
                                            Map.of("streamId", "s", "leaseId", UUID.randomUUID()),
                                            Map.of("streamId", "s", "leaseId", lease, "ttlMs", 50_000),
                                            Map.of("streamId", "s", "leaseId", lease, "ttlMs", 50_000))))
                    .join());
            List<Integer> statuses = new ArrayList<>();
            results.forEach(result -> statuses.add(result.get("status").asInt()));
            assertThat(statuses).containsExactly(200, 410, 200, 200);
            assertThat(results.at("/0/lease/ttlMs").asInt()).isEqualTo(40_000);
            assertThat(results.at("/2/lease/ttlMs").asInt()).isEqualTo(50_000);
            assertThat(results.at("/3/lease/ttlMs").asInt()).isEqualTo(50_000);
            Scrape metrics = Scrape.of(server.as(token).get("/metrics").asString());
            assertThat(metrics.value("streamlocks_renewals_total", Map.of("outcome", "renewed")))
                    .isEqualTo(3);
        }
    }

    @Test
    void listsOfOneCallerDelayNeitherOtherListsNorTheHealthCheck() throws Exception {
        TestTokens tokens = new TestTokens(directory);
        String greedy = tokens.add(Role.READER);
        String modest = tokens.add(Role.OPERATOR);
        SlowLists locks = new SlowLists();
        try (TestServer started = TestServer.of(locks, new TestServer.Clock(), tokens.guards())) {
            server = started;
            try {
                var lists = IntStream.range(0, 32)
                        .mapToObj(i -> call(greedy, "/v1/locks?prefix=slow", null))
                        .toList();
                await().until(() ->
                        lists.stream().filter(CompletableFuture::isDone).count() == 15);
                for (var list : lists) {
                    if (list.isDone()) {
                        assertProblem(MAPPER.readTree(list.join().body()), 503, "overloaded", null);
                    }
                }
                assertThat(locks.slow).hasValue(1);
                assertThat(server.get("/readyz").statusCode()).isEqualTo(200);
                assertThat(call(modest, "/v1/locks?prefix=fast", null).join().statusCode())
                        .isEqualTo(200);
                assertThat(call(greedy, "/v1/locks/one", null).join().statusCode())
                        .isEqualTo(404);
                Scrape metrics = Scrape.of(server.as(modest).get("/metrics").asString());
                assertThat(metrics.value("streamlocks_refusals_total", Map.of("reason", "caller_reads")))
                        .isEqualTo(15);
            } finally {
                locks.goOn.countDown();
            }
        }
    }

    /** Lists that contain the slow stream last until a test lets them continue. */
    private static final class SlowLists extends ForwardingLocks {
        private final LockManager locks = new MemoryLockManager(new MonotonicClock(), true);
        private final CountDownLatch goOn = new CountDownLatch(1);
        private final AtomicInteger slow = new AtomicInteger();

        SlowLists() {
            locks.acquire(List.of(new AcquireRequest("slow", "alice", UUID.randomUUID(), Duration.ofMinutes(5))));
        }

        @Override
        protected LockManager next() {
            return locks;
        }

        @Override
        public <T> T read(StatementKind kind, Function<LockReads, T> read) {
            T result = super.read(kind, read);
            if (result instanceof LockPage page && !page.locks().isEmpty()) {
                slow.incrementAndGet();
                try {
                    goOn.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            return result;
        }
    }
}

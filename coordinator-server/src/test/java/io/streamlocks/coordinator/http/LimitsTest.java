package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.assertProblem;
import static io.streamlocks.coordinator.http.ProblemAssertions.json;
import static org.assertj.core.api.Assertions.assertThat;

import io.restassured.response.Response;
import io.streamlocks.coordinator.access.Authenticator;
import io.streamlocks.coordinator.access.Role;
import io.streamlocks.coordinator.limit.OwnerCap;
import io.streamlocks.coordinator.limit.RateLimit;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the limits of callers and owners on the wire. */
class LimitsTest {

    private final AtomicLong nanos = new AtomicLong();

    @Test
    void aCallerThatCallsTooOftenGetsARetryAfterAndOthersAreServed(@TempDir Path directory) {
        TestTokens tokens = new TestTokens(directory);
        String busy = tokens.add(Role.READER);
        String other = tokens.add(Role.OPERATOR);
        try (TestServer server = TestServer.guarded(limited(Optional.of(tokens.authenticator()), 2))) {
            assertThat(server.as(busy).get("/v1/locks").statusCode()).isEqualTo(200);
            // A call that is forbidden or invalid counts, too.
            assertThat(server.as(busy).get("/v1/locks?x=y").statusCode()).isEqualTo(400);
            Response refused = server.as(busy).get("/v1/locks");
            assertProblem(refused, 429, "rate-limited", null);
            assertThat(refused.header("Retry-After")).isEqualTo("1");
            assertThat(server.as(other).get("/v1/locks").statusCode()).isEqualTo(200);

            nanos.addAndGet(Duration.ofMillis(500).toNanos());
            assertThat(server.as(busy).get("/v1/locks").statusCode()).isEqualTo(200);
            assertProblem(server.as(busy).get("/v1/locks"), 429, "rate-limited", null);
        }
    }

    @Test
    void withoutAccessControlAnAddressIsACallerAndProbesAreNotCounted() {
        try (TestServer server = TestServer.guarded(limited(Optional.empty(), 1))) {
            assertThat(server.get("/v1/locks").statusCode()).isEqualTo(200);
            assertProblem(server.get("/v1/locks"), 429, "rate-limited", null);
            for (String path : List.of("/livez", "/readyz", "/openapi.yaml", "/docs")) {
                assertThat(server.get(path).statusCode()).isEqualTo(200);
            }
        }
    }

    private Guards limited(Optional<Authenticator> authenticator, int perSecond) {
        return new Guards(
                authenticator,
                Optional.of(new RateLimit(perSecond, nanos::get)),
                Optional.empty(),
                OptionalInt.empty(),
                Optional.empty());
    }

    @Test
    void anOwnerWithTooManyLeasesIsRefusedUntilOneEnds() {
        try (Capped capped = new Capped(2)) {
            TestServer server = capped.server;
            List<UUID> leaseIds =
                    IntStream.range(0, 3).mapToObj(i -> UUID.randomUUID()).toList();
            assertThat(server.acquire("a", "me", leaseIds.get(0)).statusCode()).isEqualTo(200);
            assertThat(server.acquire("b", "me", leaseIds.get(1)).statusCode()).isEqualTo(200);

            Response refused = server.acquire("c", "me", leaseIds.get(2));
            assertProblem(refused, 429, "too-many-leases", "ownerId");
            assertThat(refused.header("Retry-After")).isEqualTo("5");
            assertThat(server.get("/v1/locks/c").statusCode()).isEqualTo(404);
            assertThat(server.acquire("c", "you", UUID.randomUUID()).statusCode())
                    .isEqualTo(200);

            // A call may be repeated after a lost response, and counts once.
            assertThat(server.acquire("b", "me", leaseIds.get(1)).statusCode()).isEqualTo(200);
            assertThat(server.release("a", leaseIds.get(0)).statusCode()).isEqualTo(204);
            assertThat(server.acquire("a", "me", leaseIds.get(2)).statusCode()).isEqualTo(200);
            assertProblem(server.acquire("d", "me", UUID.randomUUID()), 429, "too-many-leases", "ownerId");
        }
    }

    @Test
    void aRefusalDoesNotCount() {
        try (Capped capped = new Capped(1)) {
            TestServer server = capped.server;
            assertThat(server.acquire("a", "you", UUID.randomUUID()).statusCode())
                    .isEqualTo(200);
            assertThat(server.acquire("a", "me", UUID.randomUUID()).statusCode())
                    .isEqualTo(409);
            assertThat(server.acquire("b", "me", UUID.randomUUID()).statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void expiredLeasesEndAtTheNextCensus() {
        try (Capped capped = new Capped(1)) {
            TestServer server = capped.server;
            assertThat(server.acquire("a", "me", UUID.randomUUID()).statusCode())
                    .isEqualTo(200);
            capped.cap.refresh();
            assertThat(server.acquire("b", "me", UUID.randomUUID()).statusCode())
                    .isEqualTo(429);
            server.clock.advance(TestServer.DEFAULT_TTL);
            capped.cap.refresh();
            assertThat(server.acquire("b", "me", UUID.randomUUID()).statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void eachItemOfABatchBeyondTheCapIsRefusedAlone() {
        try (Capped capped = new Capped(2)) {
            Response response = capped.server.post(
                    "/v1/batch/acquire",
                    Map.of(
                            "items",
                            List.of(
                                    item("a", "me"),
                                    item("b", "you"),
                                    item("c", "me"),
                                    item("d", "me"),
                                    item("e", "you"))));
            assertThat(response.jsonPath().getList("results.status")).containsExactly(200, 200, 200, 429, 200);
            assertProblem(json(response).at("/results/3/problem"), 429, "too-many-leases", "items[3].ownerId");
        }
    }

    private static Map<String, String> item(String streamId, String ownerId) {
        return Map.of("streamId", streamId, "ownerId", ownerId);
    }

    /** Returns a server with a cap whose census a test takes itself. */
    private static final class Capped implements AutoCloseable {
        private final TestServer.Clock clock = new TestServer.Clock();
        private final MemoryLockManager locks = new MemoryLockManager(clock, true);
        private final OwnerCap cap;
        private final TestServer server;

        Capped(int max) {
            cap = new OwnerCap(max, locks::liveLeases);
            server = TestServer.of(
                    locks,
                    clock,
                    new Guards(
                            Optional.empty(),
                            Optional.empty(),
                            Optional.of(cap),
                            OptionalInt.empty(),
                            Optional.empty()));
        }

        @Override
        public void close() {
            server.close();
        }
    }
}

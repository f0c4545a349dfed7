package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.assertProblem;
import static io.streamlocks.coordinator.http.ProblemAssertions.json;
import static org.assertj.core.api.Assertions.assertThat;

import io.restassured.response.Response;
import io.streamlocks.coordinator.access.Principal;
import io.streamlocks.coordinator.access.Role;
import io.streamlocks.coordinator.limit.RateLimit;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.swagger.v3.oas.models.PathItem.HttpMethod;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Some call gets each status of the contract. The statuses are read from the contract, so a new one fails here until
 * there is a call that gets it. {@link OpenApiFilter} checks that no other status is returned.
 */
class StatusesTest {

    private static TestServer server;
    private static TestServer withoutStorage;
    private static TestServer broken;
    private static TestServer guarded;
    private static TestServer busy;
    private static String limited;
    private static String reader;
    private static String worker;

    @BeforeAll
    static void start(@TempDir Path directory) {
        server = TestServer.open();
        withoutStorage = TestServer.of(new FailingLockManager(() -> new StorageUnavailableException(
                "Failed to reach secret-host", new IOException("secret-host: SELECT secret"))));
        broken = TestServer.of(new FailingLockManager(() -> new IllegalStateException("secret")));
        TestTokens tokens = new TestTokens(directory);
        limited = tokens.add(new Principal("limited", Role.OPERATOR, List.of("no-stream-of-this-test/"), ""));
        reader = tokens.add(Role.READER);
        worker = tokens.add(Role.WORKER);
        guarded = TestServer.guarded(tokens.guards());
        // Its clock stands still, so it accepts only the first call.
        busy = TestServer.guarded(new Guards(
                Optional.empty(),
                Optional.of(new RateLimit(1, () -> 0)),
                Optional.empty(),
                OptionalInt.empty(),
                Optional.empty()));
        busy.get("/v1/locks");
    }

    @AfterAll
    static void stop() {
        server.close();
        withoutStorage.close();
        broken.close();
        guarded.close();
        busy.close();
    }

    static Stream<Arguments> everyDocumentedStatusIsReturned() {
        return OpenApiFilter.SPEC.getPaths().entrySet().stream()
                .flatMap(path -> path.getValue().readOperationsMap().entrySet().stream()
                        .flatMap(operation -> operation.getValue().getResponses().keySet().stream()
                                .map(status -> Arguments.of(operation.getKey(), path.getKey(), status))));
    }

    @ParameterizedTest
    @MethodSource
    void everyDocumentedStatusIsReturned(HttpMethod method, String path, int status) {
        UUID leaseId = UUID.randomUUID();
        String held = TestServer.randomStream();
        server.acquire(held, "me", leaseId);
        report(server, "/v1/groups/" + held + "/members/nobody");
        String free = TestServer.randomStream();
        Response response =
                switch (status) {
                    // The contract is for programs, which request text.
                    case 303 ->
                        server.request(OpenApiFilter.ofResponses())
                                .accept("text/html")
                                .get(path);
                    case 200, 204 -> call(server, method, path, held, leaseId);
                    case 400 -> badCall(method, path);
                    case 401 -> call(guarded, method, path, free, leaseId);
                    case 403 -> {
                        // Any reader may see the metrics. The other calls name streams that are not for this token.
                        String forbidden = path.equals("/metrics") ? worker : limited;
                        yield call(
                                guarded.as(method == HttpMethod.GET ? forbidden : reader), method, path, free, leaseId);
                    }
                    case 404, 410 -> call(server, method, path, free, leaseId);
                    case 412 ->
                        server.post(path.replace("{streamId}", held), Map.of("reason", "x", "expectedFencingToken", 1));
                    case 409 -> call(server, method, path, held, UUID.randomUUID());
                    case 413 ->
                        server.request()
                                .contentType("application/json")
                                .body(new byte[Limits.MAX_BATCH_BYTES + 1])
                                .request(method.name(), named(path, "s"));
                    case 415 ->
                        server.request().contentType("text/plain").body("x").request(method.name(), named(path, "s"));
                    case 429 -> call(busy, method, path, free, leaseId);
                    case 500 -> call(broken, method, path, free, leaseId);
                    case 503 -> call(withoutStorage, method, path, free, leaseId);
                    default -> throw new AssertionError("How does one get a " + status + "?");
                };
        assertThat(response.statusCode()).as(response.asString()).isEqualTo(status);
        if (status >= 400) {
            assertThat(json(response).path("status").asInt()).isEqualTo(status);
            assertThat(response.asString()).doesNotContain("secret", "Exception", "at io.", "\\n");
        }
        if (status == 503) {
            assertThat(response.header("Retry-After")).isEqualTo("1");
        }
    }

    private static Response call(TestServer server, HttpMethod method, String path, String streamId, UUID leaseId) {
        String named = named(path, streamId);
        if (method == HttpMethod.GET || method == HttpMethod.DELETE) {
            return server.request().request(method.name(), named);
        }
        if (method == HttpMethod.PUT) {
            return report(server, named);
        }
        if (path.endsWith("/break")) {
            return server.post(named, Map.of("reason", "it hangs"));
        }
        Map<String, Object> body = new HashMap<>(Map.of("leaseId", leaseId));
        if (path.endsWith("/acquire")) {
            body.put("ownerId", "me");
        }
        if (!path.startsWith("/v1/batch/")) {
            return server.post(named, body);
        }
        body.put("streamId", streamId);
        return server.post(path, Map.of("items", List.of(body)));
    }

    private static String named(String path, String id) {
        return path.replace("{streamId}", id).replace("{groupId}", id).replace("{ownerId}", "nobody");
    }

    private static Response report(TestServer server, String path) {
        return server.request()
                .contentType("application/json")
                .body(Json.write(Map.of("held", 1, "wanted", 2)))
                .put(path);
    }

    private static Response badCall(HttpMethod method, String path) {
        if (path.contains("{streamId}") || path.contains("{groupId}")) {
            return call(server, method, path, "%0A", UUID.randomUUID());
        }
        if (path.contains("{ownerId}")) {
            String bad = path.replace("{ownerId}", "%0A");
            return method == HttpMethod.GET ? server.get(bad) : server.post(bad, "{\"reason\": \"it hangs\"}");
        }
        return method == HttpMethod.GET ? server.get(path + "?pageSize=0") : server.post(path, "{}");
    }

    @Test
    void aStorageProblemMeansThatTheOutcomeIsUnknown() {
        Response response = withoutStorage.acquire("s", "me", UUID.randomUUID());
        assertProblem(response, 503, "storage-unavailable", null);
        assertThat(response.header("Retry-After")).isEqualTo("1");
    }

    @Test
    void aServerErrorRevealsNothing() {
        assertProblem(broken.acquire("s", "me", UUID.randomUUID()), 500, "internal-error", null);
        assertProblem(broken.get("/readyz"), 500, "internal-error", null);
    }
}

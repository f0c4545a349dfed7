package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.json;
import static io.streamlocks.coordinator.http.TestServer.path;
import static io.streamlocks.coordinator.http.TestServer.randomStream;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.restassured.response.Response;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the ids of calls. {@link OpenApiFilter} checks that every response contains one. */
class RequestIdTest {

    @AutoClose
    private static final TestServer SERVER = TestServer.open();

    @ParameterizedTest
    @ValueSource(strings = {"a", "0", "worker-7.beat_42", "5f0c1c5e-5a0a-4f5e-9d57-3f8f1f8f6f10"})
    void theClientsIdIsKept(String id) {
        assertThat(idOf(id)).isEqualTo(id);
    }

    @Test
    void anIdOf128CharactersIsKeptAndALongerOneIsReplaced() {
        assertThat(idOf("x".repeat(128))).isEqualTo("x".repeat(128));
        assertThat(idOf("x".repeat(129))).matches("[a-z0-9-]{3,30}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a b", "a,b", "a\"b", "a/b", "a\tb", "ä", "{}", "${jndi:x}", "a;b", "a%0Ab"})
    void anIdThatCouldHarmALogIsReplaced(String id) {
        assertThat(idOf(id)).isNotEqualTo(id).matches("[a-z0-9-]{3,30}");
    }

    @Test
    void callsWithoutAnIdGetOneEach() {
        Set<String> ids = new HashSet<>();
        for (int i = 0; i < 20; i++) {
            ids.add(SERVER.get("/livez").header("X-Request-Id"));
        }
        assertThat(ids).hasSize(20);
    }

    @Test
    void aProblemHasTheIdOnTheThreadThatDecidedIt() {
        Response refused = request("refused").get("/v1/locks?pageSize=0");
        assertThat(json(refused).path("requestId").asText()).isEqualTo("refused");
        Response notLocked = request("not-locked").get(path(randomStream()));
        assertThat(json(notLocked).path("requestId").asText()).isEqualTo("not-locked");
        Response nowhere = request("nowhere").get("/nowhere");
        assertThat(json(nowhere).path("requestId").asText()).isEqualTo("nowhere");
        try (TestServer away = TestServer.of(new FailingLockManager(() -> new StorageUnavailableException("away")))) {
            Response unavailable = away.request().header("X-Request-Id", "away").get("/v1/locks");
            assertThat(unavailable.statusCode()).isEqualTo(503);
            assertThat(json(unavailable).path("requestId").asText()).isEqualTo("away");
        }
    }

    @Test
    void theProblemOfAnItemHasNoId() {
        String stream = randomStream();
        SERVER.acquire(stream, "me", UUID.randomUUID());
        Response batch = SERVER.post(
                "/v1/batch/acquire", Map.of("items", List.of(Map.of("streamId", stream, "ownerId", "you"))));
        JsonNode problem = json(batch).path("results").path(0).path("problem");
        assertThat(problem.path("code").asText()).isEqualTo("lock-held");
        assertThat(problem.has("requestId")).isFalse();
    }

    private static String idOf(String given) {
        return request(given).get("/livez").header("X-Request-Id");
    }

    private static io.restassured.specification.RequestSpecification request(String id) {
        return SERVER.request().header("X-Request-Id", id);
    }
}

package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.assertProblem;
import static io.streamlocks.coordinator.http.ProblemAssertions.json;
import static io.streamlocks.coordinator.http.TestServer.encoded;
import static io.streamlocks.coordinator.http.TestServer.path;
import static io.streamlocks.coordinator.http.TestServer.randomStream;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.restassured.response.Response;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the calls of operators on the wire: break, history, labels, and the table for a terminal. */
class BreakAndHistoryTest {

    @AutoClose
    private static final TestServer SERVER = TestServer.open();

    private final String stream = randomStream();
    private final UUID leaseId = UUID.randomUUID();

    @Test
    void breakReturnsTheGrantWithItsEnd() {
        JsonNode lease = json(SERVER.acquire(stream, "me", leaseId));
        SERVER.clock.advance(Duration.ofSeconds(3));
        Response response = SERVER.post(path(stream) + "/break", "{\"reason\": \"it hangs\"}");
        assertThat(response.statusCode()).isEqualTo(200);
        JsonNode grant = json(response);
        assertThat(grant.fieldNames())
                .toIterable()
                .containsExactly(
                        "streamId",
                        "ownerId",
                        "fencingToken",
                        "acquiredAt",
                        "endedAt",
                        "endReason",
                        "endedBy",
                        "breakReason");
        assertThat(grant.get("fencingToken")).isEqualTo(lease.get("fencingToken"));
        assertThat(Instant.parse(grant.get("endedAt").asText()))
                .isEqualTo(Instant.parse(lease.get("acquiredAt").asText()).plusSeconds(3));
        assertThat(grant.get("endReason").asText()).isEqualTo("broken");
        assertThat(grant.get("endedBy").asText()).isEqualTo("anonymous");
    }

    @Test
    void theHolderOfABrokenLeaseGetsTheReasonAtItsNextRenewal() {
        SERVER.acquire(stream, "me", leaseId);
        SERVER.post(path(stream) + "/break", "{\"reason\": \"it hangs\"}");
        for (Response response : List.of(SERVER.renew(stream, leaseId), SERVER.release(stream, leaseId))) {
            assertProblem(response, 410, "lease-lost", null);
            assertThat(json(response).get("reason").asText()).isEqualTo("broken");
            assertThat(json(response).get("breakReason").asText()).isEqualTo("it hangs");
        }
    }

    @Test
    void aBreakWithADelayKeepsTheStreamClosed() {
        SERVER.acquire(stream, "me", leaseId);
        SERVER.post(path(stream) + "/break", "{\"reason\": \"it hangs\", \"delayMs\": 60000}");
        SERVER.clock.advance(Duration.ofMillis(1500));
        Response response = SERVER.acquire(stream, "you", UUID.randomUUID());
        assertProblem(response, 409, "lock-delayed", null);
        assertThat(json(response).get("opensInMs").asLong()).isEqualTo(58_500);
        assertThat(response.header("Retry-After")).isEqualTo("59");
        SERVER.clock.advance(Duration.ofMillis(58_500));
        assertThat(SERVER.acquire(stream, "you", UUID.randomUUID()).statusCode())
                .isEqualTo(200);
    }

    @Test
    void aLeaseThatWasGrantedSinceThenIsNotBroken() {
        long first =
                json(SERVER.acquire(stream, "me", leaseId)).get("fencingToken").asLong();
        SERVER.release(stream, leaseId);
        UUID second = UUID.randomUUID();
        SERVER.acquire(stream, "you", second);
        Response response =
                SERVER.post(path(stream) + "/break", Map.of("reason", "hangs", "expectedFencingToken", first));
        assertProblem(response, 412, "fencing-token-changed", "expectedFencingToken");
        assertThat(json(response).at("/holder/ownerId").asText()).isEqualTo("you");
        assertThat(response.header("Retry-After")).isNull();
        assertThat(response.asString()).doesNotContain(second.toString());
        assertThat(SERVER.renew(stream, second).statusCode()).isEqualTo(200);
    }

    @Test
    void breakReturns404WithoutALiveLease() {
        assertProblem(SERVER.post(path(stream) + "/break", "{\"reason\": \"x\"}"), 404, "not-locked", null);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {}                                                | reason
            {"reason": ""}                                    | reason
            {"reason": "a\\u0007"}                            | reason
            {"reason": 1}                                     | reason
            {"reason": "x", "delayMs": -1}                    | delayMs
            {"reason": "x", "delayMs": 60001}                 | delayMs
            {"reason": "x", "expectedFencingToken": 0}        | expectedFencingToken
            {"reason": "x", "expectedFencingToken": "1"}      | expectedFencingToken
            {"reason": "x", "leaseId": "1"}                   | leaseId
            """)
    void whatIsWrongWithABreakIsNamed(String body, String field) {
        Response response = SERVER.request()
                .contentType("application/json")
                .body(body.getBytes(java.nio.charset.StandardCharsets.UTF_8))
                .post(path(stream) + "/break");
        assertProblem(response, 400, "invalid-field", field);
    }

    @Test
    void breakingAnOwnerEndsAllItsLeases() {
        String owner = "pod/" + UUID.randomUUID() + " \uD83D\uDE00";
        List<String> streams =
                IntStream.range(0, 3).mapToObj(i -> stream + "/" + i).toList();
        streams.forEach(id -> SERVER.acquire(id, owner, UUID.randomUUID()));
        SERVER.acquire(stream, "me", leaseId);
        Response response = SERVER.post("/v1/owners/" + encoded(owner) + "/break", "{\"reason\": \"node lost\"}");
        assertThat(response.asString()).isEqualTo("{\"brokenCount\":3}");
        assertThat(SERVER.renew(stream, leaseId).statusCode()).isEqualTo(200);
        assertThat(streams)
                .allSatisfy(id -> assertThat(SERVER.get(path(id)).statusCode()).isEqualTo(404));
    }

    @Test
    void anEmptyOwnerIdIsNamed() {
        assertProblem(
                SERVER.request(OpenApiFilter.ofResponses())
                        .contentType("application/json")
                        .body("{\"reason\": \"x\"}")
                        .post("/v1/owners//break"),
                400,
                "invalid-field",
                "ownerId");
    }

    @Test
    void historyContainsEachGrantAndHowItEnded() {
        SERVER.acquire(stream, "me", leaseId);
        SERVER.clock.advance(Duration.ofSeconds(31));
        UUID second = UUID.randomUUID();
        SERVER.acquire(stream, "you", second);
        SERVER.clock.advance(Duration.ofSeconds(1));
        SERVER.release(stream, second);
        SERVER.acquire(stream, "them", UUID.randomUUID());
        Response response = SERVER.get(path(stream) + "/history");
        assertThat(response.asString()).doesNotContain(leaseId.toString()).doesNotContain(second.toString());
        JsonNode grants = json(response).get("grants");
        assertThat(grants)
                .extracting(grant -> grant.path("endReason").asText("live"))
                .containsExactly("live", "released", "superseded");
        assertThat(grants)
                .extracting(grant -> grant.path("endedBy").asText("nobody"))
                .containsExactly("nobody", "you", "you");
        assertThat(json(response).has("nextPageToken")).isFalse();
    }

    @Test
    void theHolderAtATimeIsFoundWithOneCall() {
        Instant began = Instant.parse(
                json(SERVER.acquire(stream, "me", leaseId)).get("acquiredAt").asText());
        SERVER.clock.advance(Duration.ofSeconds(10));
        SERVER.release(stream, leaseId);
        SERVER.clock.advance(Duration.ofSeconds(10));
        SERVER.acquire(stream, "you", UUID.randomUUID());
        assertThat(heldAt(began.plusSeconds(5).toString())).isEqualTo("me");
        assertThat(heldAt(began.plusSeconds(15).toString())).isEqualTo("nobody");
        assertThat(heldAt("2026-12-31T12:00:00%2B01:00")).isEqualTo("you");
    }

    private String heldAt(String time) {
        JsonNode grants = json(SERVER.get(path(stream) + "/history?at=" + time)).get("grants");
        return grants.isEmpty() ? "nobody" : grants.get(0).get("ownerId").asText();
    }

    @Test
    void historyOfAllStreamsIsFilteredAndPaged() {
        String owner = "owner-" + UUID.randomUUID();
        for (int i = 0; i < 3; i++) {
            UUID lease = UUID.randomUUID();
            SERVER.acquire(stream + "/" + i, owner, lease);
            SERVER.release(stream + "/" + i, lease);
        }
        String query = "/v1/history?ownerId=" + owner + "&prefix=" + encoded(stream)
                + "&since=2026-01-01T00:00:00Z&until=2027-01-01T00:00:00Z&endReason=released&pageSize=2";
        JsonNode first = json(SERVER.get(query));
        JsonNode second = json(
                SERVER.get(query + "&pageToken=" + first.get("nextPageToken").asText()));
        assertThat(first.get("grants"))
                .extracting(grant -> grant.get("streamId").asText())
                .containsExactly(stream + "/2", stream + "/1");
        assertThat(second.get("grants"))
                .extracting(grant -> grant.get("streamId").asText())
                .containsExactly(stream + "/0");
        assertThat(second.has("nextPageToken")).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/history?since=yesterday, since",
        "/v1/history?until=1969-12-31T23:59:59Z, until",
        "/v1/history?until=%2B10000-01-01T00:00:00Z, until",
        "/v1/history?endReason=RELEASED, endReason",
        "/v1/history?endReason=live, endReason",
        "/v1/history?pageToken=NDcxMQ, pageToken",
        "/v1/history?pageToken=x, pageToken",
        "/v1/history?pageSize=0, pageSize",
        "/v1/history?at=2026-01-01T00:00:00Z, at",
        "/v1/locks/a/history?at=, at",
        "/v1/locks/a/history?pageToken=MS4x, pageToken",
        "/v1/locks/a/history?ownerId=x, ownerId"
    })
    void whatIsWrongWithAQueryIsNamed(String path, String field) {
        assertProblem(SERVER.request(OpenApiFilter.ofResponses()).get(path), 400, "invalid-field", field);
    }

    @Test
    void labelsAreReturnedToTheHolderAndToRefusedCallers() {
        Map<String, String> labels = Map.of("pod", "worker-7");
        JsonNode lease = json(
                SERVER.post(path(stream) + "/acquire", Map.of("ownerId", "me", "leaseId", leaseId, "labels", labels)));
        assertThat(lease.at("/labels/pod").asText()).isEqualTo("worker-7");
        JsonNode refused = json(SERVER.acquire(stream, "you", UUID.randomUUID()));
        assertThat(refused.at("/holder/labels/pod").asText()).isEqualTo("worker-7");
        assertThat(json(SERVER.get(path(stream))).at("/labels/pod").asText()).isEqualTo("worker-7");
    }

    @Test
    void labelsHaveBounds() {
        assertLabelProblem(many(17), "labels");
        assertLabelProblem(Map.of("", "x"), "labels.");
        assertLabelProblem(Map.of("n".repeat(64), "x"), "labels." + "n".repeat(64));
        assertLabelProblem(Map.of("n", "v".repeat(256)), "labels.n");
        assertLabelProblem(Map.of("n", "a\u0000"), "labels.n");
        assertLabelProblem(Map.of("n", 1), "labels.n");
        assertThat(SERVER.post(path(stream) + "/acquire", Map.of("ownerId", "me", "labels", many(16)))
                        .statusCode())
                .isEqualTo(200);
    }

    private static Map<String, String> many(int count) {
        return IntStream.range(0, count).boxed().collect(Collectors.toMap(i -> "n" + i, i -> "v".repeat(255)));
    }

    private void assertLabelProblem(Map<String, ?> labels, String field) {
        Response response = SERVER.request(OpenApiFilter.ofResponses())
                .contentType("application/json")
                .body(Json.write(Map.of("ownerId", "me", "labels", labels)))
                .post(path(stream) + "/acquire");
        assertProblem(response, 400, "invalid-field", field);
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/plain", "text/plain; charset=utf-8", "TEXT/PLAIN, */*;q=0.1"})
    void theListIsATableForATerminalThatAsksForText(String accept) {
        SERVER.post(
                path(stream + "/a") + "/acquire",
                Map.of("ownerId", "me", "labels", Map.of("pod", "worker-7"), "ttlMs", 5000));
        SERVER.acquire(stream + "/longer", "somebody-else", UUID.randomUUID());
        // The call is granted its second item, and keeps its place in the queue of the first one.
        SERVER.post(
                "/v1/batch/acquire",
                Map.of(
                        "waitMs",
                        1000,
                        "items",
                        List.of(
                                Map.of(
                                        "streamId",
                                        stream + "/longer",
                                        "ownerId",
                                        "waiter",
                                        "leaseId",
                                        UUID.randomUUID()),
                                Map.of("streamId", TestServer.randomStream(), "ownerId", "waiter"))));
        SERVER.clock.advance(Duration.ofMillis(1200));
        Response response = SERVER.request().header("Accept", accept).get("/v1/locks?pageSize=2&prefix=" + stream);
        assertThat(response.contentType()).isEqualTo("text/plain;charset=utf-8");
        List<String> lines = response.asString().lines().toList();
        assertThat(lines).hasSize(3);
        assertThat(lines.get(0)).matches("STREAM +OWNER +TOKEN +HELD FOR +TIME LEFT +WAITING +LABELS");
        assertThat(lines.get(1)).startsWith(stream + "/a ").endsWith("1.2 s     3.8 s               pod=worker-7");
        assertThat(lines.get(2)).endsWith("1.2 s     28.8 s     1");
        assertThat(lines.get(2).indexOf("somebody-else"))
                .isEqualTo(lines.get(1).indexOf("me"))
                .isEqualTo(lines.get(0).indexOf("OWNER"));
    }

    @Test
    void unprintableCharactersAreEscapedInTheTable() {
        SERVER.post(
                path(stream + "/\u202eue/sredro") + "/acquire",
                Map.of("ownerId", "me\u200b", "labels", Map.of("p\u2066", "x\ufeff")));
        String table = SERVER.request()
                .header("Accept", "text/plain")
                .get("/v1/locks?prefix=" + stream)
                .asString();
        assertThat(table).contains(stream + "/\\u202eue/sredro  me\\u200b  ").contains("  p\\u2066=x\\ufeff\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"*/*", "application/json", "application/json, text/plain"})
    void theListIsJsonForEverybodyElse(String accept) {
        Response response = SERVER.request().header("Accept", accept).get("/v1/locks?prefix=" + stream);
        assertThat(response.contentType()).isEqualTo("application/json");
    }
}

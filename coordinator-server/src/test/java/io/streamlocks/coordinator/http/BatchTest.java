package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.assertProblem;
import static io.streamlocks.coordinator.http.ProblemAssertions.json;
import static io.streamlocks.coordinator.http.TestServer.randomStream;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import io.restassured.response.Response;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A batch returns one result per item, in order, and no item fails another. */
class BatchTest {

    private static final String LEASE_ID = "5f0c1c5e-5a0a-4f5e-9d57-3f8f1f8f6f10";

    @AutoClose
    private static final TestServer SERVER = TestServer.open();

    @Test
    void theResultsAreInTheOrderOfTheItems() {
        List<Map<String, ?>> items = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            items.add(Map.of("streamId", randomStream(), "ownerId", "me", "leaseId", UUID.randomUUID()));
        }
        JsonNode acquired = results("acquire", items);
        items.replaceAll(item -> Map.of("streamId", item.get("streamId"), "leaseId", item.get("leaseId")));
        Collections.shuffle(items);
        JsonNode renewed = results("renew", items);
        assertThat(acquired)
                .hasSize(1000)
                .allMatch(result -> result.get("status").asInt() == 200);
        assertThat(renewed).hasSize(1000);
        for (int i = 0; i < 1000; i++) {
            assertThat(renewed.get(i).at("/lease/streamId").asText())
                    .isEqualTo(items.get(i).get("streamId"));
        }
        JsonNode released = results("release", items);
        assertThat(released).hasSize(1000);
        for (int i = 0; i < 1000; i++) {
            assertThat(released.get(i).toString())
                    .isEqualTo("{\"status\":204,\"streamId\":\"" + items.get(i).get("streamId") + "\"}");
        }
    }

    @Test
    void eachItemHasTheOutcomeOfASingleCall() {
        String held = randomStream();
        UUID heldBy = UUID.randomUUID();
        SERVER.acquire(held, "first", heldBy);
        String used = randomStream();
        UUID usedId = UUID.randomUUID();
        SERVER.acquire(used, "me", usedId);
        SERVER.release(used, usedId);
        String free = randomStream();
        UUID freeId = UUID.randomUUID();

        JsonNode acquired = results(
                "acquire",
                List.of(
                        Map.of("streamId", held, "ownerId", "me"),
                        Map.of("streamId", used, "ownerId", "me", "leaseId", usedId),
                        Map.of("streamId", held, "ownerId", "first", "leaseId", heldBy),
                        Map.of("streamId", free, "ownerId", "me", "leaseId", freeId, "ttlMs", 5000)));
        assertThat(statuses(acquired)).containsExactly(409, 409, 200, 200);
        assertProblem(acquired.get(0).get("problem"), 409, "lock-held", null);
        assertThat(acquired.get(0).toString())
                .contains("\"holder\":{\"ownerId\":\"first\"")
                .doesNotContain(heldBy.toString());
        assertProblem(acquired.get(1).get("problem"), 409, "lease-id-used", "items[1].leaseId");
        assertThat(acquired.at("/3/lease/ttlMs").asLong()).isEqualTo(5000);

        List<Map<String, ?>> leases = List.of(
                Map.of("streamId", used, "leaseId", usedId),
                Map.of("streamId", free, "leaseId", freeId),
                Map.of("streamId", held, "leaseId", freeId));
        JsonNode renewed = results("renew", leases);
        assertThat(statuses(renewed)).containsExactly(410, 200, 410);
        assertProblem(renewed.get(0).get("problem"), 410, "lease-lost", null);
        assertThat(renewed.at("/0/problem/reason").asText()).isEqualTo("released");
        assertThat(renewed.at("/2/problem/reason").asText()).isEqualTo("unknown");

        JsonNode released = results("release", leases);
        assertThat(statuses(released)).containsExactly(204, 204, 410);

        // A lease contains the stream id.
        assertThat(List.of(acquired, renewed, released))
                .allSatisfy(results -> results.forEach(
                        result -> assertThat(result.has("streamId")).isNotEqualTo(result.has("lease"))));
        assertThat(List.of(
                        acquired.at("/0/streamId").asText(),
                        acquired.at("/1/streamId").asText(),
                        renewed.at("/0/streamId").asText(),
                        renewed.at("/2/streamId").asText(),
                        released.at("/2/streamId").asText()))
                .containsExactly(held, used, used, held, held);
    }

    @Test
    void ofTwoAcquiresOfOneStreamTheFirstWins() {
        String stream = randomStream();
        JsonNode results = results(
                "acquire",
                List.of(
                        Map.of("streamId", stream, "ownerId", "first"),
                        Map.of("streamId", stream, "ownerId", "second")));
        assertThat(statuses(results)).containsExactly(200, 409);
        assertThat(results.at("/0/lease/ownerId").asText()).isEqualTo("first");
        assertThat(results.at("/1/problem/holder/ownerId").asText()).isEqualTo("first");
    }

    static Stream<Arguments> aBadItemFailsAloneAndItsFieldIsNamed() {
        return Stream.of(
                arguments("acquire", "{'ownerId': 'me'}", ".streamId"),
                arguments("acquire", "{'streamId': null, 'ownerId': 'me'}", ".streamId"),
                arguments("acquire", "{'streamId': '', 'ownerId': 'me'}", ".streamId"),
                arguments("acquire", "{'streamId': 7, 'ownerId': 'me'}", ".streamId"),
                arguments("acquire", "{'streamId': '\\u0000', 'ownerId': 'me'}", ".streamId"),
                arguments("acquire", "{'streamId': '" + "x".repeat(256) + "', 'ownerId': 'me'}", ".streamId"),
                arguments("acquire", "{'streamId': 's'}", ".ownerId"),
                arguments("acquire", "{'streamId': 's', 'ownerId': ['me']}", ".ownerId"),
                arguments("acquire", "{'streamId': 's', 'ownerId': 'me', 'leaseId': '1-1-1-1-1'}", ".leaseId"),
                arguments("acquire", "{'streamId': 's', 'ownerId': 'me', 'ttlMs': 999}", ".ttlMs"),
                arguments("acquire", "{'streamId': 's', 'ownerId': 'me', 'ttlMs': 30000.0}", ".ttlMs"),
                arguments("acquire", "{'streamId': 's', 'ownerId': 'me', 'ttlMs': '30000'}", ".ttlMs"),
                arguments("acquire", "{'streamId': 's', 'ownerId': 'me', 'ttlMs': 9223372036854775808}", ".ttlMs"),
                arguments("acquire", "{'streamId': 's', 'ownerId': 'me', 'ttl': 30000}", ".ttl"),
                arguments("acquire", "null", ""),
                arguments("acquire", "7", ""),
                arguments("acquire", "'s'", ""),
                arguments("acquire", "[]", ""),
                arguments("acquire", "{}", ".streamId"),
                arguments("renew", "{'streamId': 's'}", ".leaseId"),
                arguments("renew", "{'streamId': 's', 'leaseId': 'x'}", ".leaseId"),
                arguments("renew", "{'streamId': 's', 'leaseId': '" + LEASE_ID + "', 'ttlMs': 1}", ".ttlMs"),
                arguments("renew", "{'streamId': 's', 'leaseId': '" + LEASE_ID + "', 'ownerId': 'me'}", ".ownerId"),
                arguments("renew", "null", ""),
                arguments("release", "{'leaseId': '" + LEASE_ID + "'}", ".streamId"),
                arguments("release", "{'streamId': 's', 'leaseId': null}", ".leaseId"),
                arguments("release", "{'streamId': 's', 'leaseId': '" + LEASE_ID + "', 'ttlMs': 1000}", ".ttlMs"),
                arguments("release", "null", ""));
    }

    @ParameterizedTest
    @MethodSource
    void aBadItemFailsAloneAndItsFieldIsNamed(String call, String item, String field) {
        String before = randomStream();
        String after = randomStream();
        UUID leaseId = UUID.randomUUID();
        if (!call.equals("acquire")) {
            SERVER.acquire(before, "me", leaseId);
            SERVER.acquire(after, "me", leaseId);
        }
        String good =
                "{'streamId': '%s', " + (call.equals("acquire") ? "'ownerId': 'me'}" : "'leaseId': '" + leaseId + "'}");
        String items = String.join(
                ", ", String.format(Locale.ROOT, good, before), item, String.format(Locale.ROOT, good, after));
        JsonNode results = resultsOfBadItems(call, items.replace('\'', '"'));
        assertThat(results).hasSize(3);
        int success = call.equals("release") ? 204 : 200;
        assertThat(statuses(results)).containsExactly(success, 400, success);
        assertProblem(results.get(1).get("problem"), 400, "invalid-field", "items[1]" + field);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{} | items",
                "{'items': null} | items",
                "{'items': {}} | items",
                "{'items': 'x'} | items",
                "{'items': 7} | items",
                "{'items': [], 'more': 1} | more",
                "{'item': []} | item",
                "[] | body",
                "null | body",
            },
            quoteCharacter = '"')
    void aBodyWithoutItemsIsRefused(String body, String field) {
        for (String call : List.of("acquire", "renew", "release")) {
            assertProblem(SERVER.post("/v1/batch/" + call, body.replace('\'', '"')), 400, "invalid-field", field);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"acquire", "renew", "release"})
    void moreThan1000ItemsAreRefusedAsAWhole(String call) {
        List<Map<String, String>> items = IntStream.range(0, 1001)
                .mapToObj(i -> Map.of("streamId", "many-" + i, "ownerId", "me"))
                .toList();
        assertProblem(SERVER.post("/v1/batch/" + call, Map.of("items", items)), 400, "invalid-field", "items");
        assertThat(SERVER.get("/v1/locks?prefix=many-").jsonPath().getList("locks"))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"acquire", "renew", "release"})
    void aBatchWithoutItemsHasNoResults(String call) {
        assertThat(SERVER.post("/v1/batch/" + call, "{\"items\": []}").asString())
                .isEqualTo("{\"results\":[]}");
    }

    @Test
    void aBatchOfBadItemsOnlyHasResults() {
        assertThat(statuses(resultsOfBadItems("acquire", "null, null"))).containsExactly(400, 400);
    }

    private static JsonNode resultsOfBadItems(String call, String items) {
        Response response = SERVER.postBadItems("/v1/batch/" + call, "{\"items\": [" + items + "]}");
        assertThat(response.statusCode()).as(response.asString()).isEqualTo(200);
        return json(response).get("results");
    }

    private static JsonNode results(String call, List<? extends Map<String, ?>> items) {
        Response response = SERVER.post("/v1/batch/" + call, Map.of("items", items));
        assertThat(response.statusCode()).as(response.asString()).isEqualTo(200);
        return json(response).get("results");
    }

    private static List<Integer> statuses(JsonNode results) {
        List<Integer> statuses = new ArrayList<>();
        results.forEach(result -> statuses.add(result.get("status").asInt()));
        return statuses;
    }
}

package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.json;
import static io.streamlocks.coordinator.http.TestServer.encoded;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.restassured.path.json.JsonPath;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Any printable text is a stream id, and is the same one in a path, a query and a body. */
class StreamIdTest {

    @AutoClose
    private static final TestServer SERVER = TestServer.open();

    static List<String> streamIds() {
        return List.of(
                "a/b",
                "a%2Fb",
                "a%252Fb",
                "/",
                "//",
                "a//b",
                "/a",
                "a/",
                "..",
                ".",
                "../..",
                "a/../b",
                "%2E%2E",
                "acquire",
                "x/acquire",
                "locks",
                "{streamId}",
                "*",
                "%",
                "%%",
                "%2B",
                "%zz",
                "+",
                "a+b",
                "a b",
                "  a ",
                ";",
                "a;b=c",
                "?",
                "a?b=c",
                "#",
                "a#b",
                "&",
                "=",
                "\\",
                "a\\b",
                "\"",
                "'",
                "<x>",
                "|",
                "^",
                "`",
                "~",
                "@",
                ":",
                "a:b",
                "http://x/y",
                "null",
                "\u00e9",
                "e\u0301",
                "\u00a0",
                "\u4e2d\u6587",
                "\uD83D\uDE00",
                "\uD83D\uDC69\u200D\uD83D\uDCBB",
                "\u202E",
                "\uFEFF",
                "x".repeat(255),
                "\uD83D\uDE00".repeat(255));
    }

    @ParameterizedTest
    @MethodSource("streamIds")
    void anIdMakesTheRoundTripThroughPathQueryAndBody(String streamId) {
        UUID leaseId = UUID.randomUUID();
        assertThat(json(SERVER.acquire(streamId, streamId, leaseId))
                        .path("streamId")
                        .asText())
                .isEqualTo(streamId);
        assertThat(json(SERVER.get(TestServer.path(streamId))).path("ownerId").asText())
                .isEqualTo(streamId);
        assertThat(SERVER.renew(streamId, leaseId).statusCode()).isEqualTo(200);
        String query = "?prefix=" + encoded(streamId) + "&ownerId=" + encoded(streamId);
        JsonNode listed = json(SERVER.get("/v1/locks" + query)).path("locks");
        assertThat(listed).hasSize(1);
        assertThat(listed.path(0).path("streamId").asText()).isEqualTo(streamId);
        Map<String, ?> item = Map.of("streamId", streamId, "leaseId", leaseId);
        JsonNode renewed = json(SERVER.post("/v1/batch/renew", Map.of("items", List.of(item))))
                .path("results");
        assertThat(renewed).hasSize(1);
        assertThat(renewed.at("/0/lease/streamId").asText()).isEqualTo(streamId);
        assertThat(SERVER.release(streamId, leaseId).statusCode()).isEqualTo(204);
        assertThat(json(SERVER.get("/v1/locks" + query)).get("locks")).isEmpty();
    }

    @Test
    void differentIdsNeverCollide() {
        List<String> ids = streamIds();
        List<Map<String, String>> items = ids.stream()
                .map(id -> Map.of("streamId", id, "ownerId", "one of many"))
                .toList();
        try (TestServer ofItsOwn = TestServer.open()) {
            assertThat(ofItsOwn.post("/v1/batch/acquire", Map.of("items", items))
                            .jsonPath()
                            .getList("results.status"))
                    .containsOnly(200);
            List<String> listed = new ArrayList<>();
            String pageToken = "";
            while (pageToken != null) {
                JsonPath page = ofItsOwn.get("/v1/locks?pageSize=7" + pageToken).jsonPath();
                listed.addAll(page.getList("locks.streamId"));
                String next = page.getString("nextPageToken");
                pageToken = next == null ? null : "&pageToken=" + next;
            }
            assertThat(listed).containsExactlyInAnyOrderElementsOf(ids);
        }
    }

    @Test
    void optionalPercentEncodingIsAccepted() {
        SERVER.acquire("b-z", "me", UUID.randomUUID());
        for (String path : List.of("b-z", "%62-z", "b%2Dz", "b%2dz")) {
            assertThat(SERVER.get("/v1/locks/" + path).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aPlusSignInAPathIsItself() {
        SERVER.acquire("b+c", "me", UUID.randomUUID());
        assertThat(SERVER.get("/v1/locks/b+c").statusCode()).isEqualTo(200);
        assertThat(SERVER.get("/v1/locks/b%20c").statusCode()).isEqualTo(404);
    }

    @Test
    void unencodedDotsAreIdsToo() {
        for (String dots : List.of(".", "..")) {
            UUID leaseId = UUID.randomUUID();
            SERVER.acquire(dots, "me", leaseId);
            RawHttp.Answer answer = RawHttp.send(SERVER.port, "GET", "/v1/locks/" + dots, Map.of(), new byte[0]);
            assertThat(answer.status()).as(answer.body()).isEqualTo(200);
            assertThat(answer.json().path("streamId").asText()).isEqualTo(dots);
            SERVER.release(dots, leaseId);
        }
    }

    @Test
    void aPathParameterIsPartOfTheId() {
        SERVER.acquire("b;c", "me", UUID.randomUUID());
        assertThat(SERVER.get("/v1/locks/b;c").statusCode()).isEqualTo(200);
        assertThat(SERVER.get("/v1/locks/b").statusCode()).isEqualTo(404);
    }

    @Test
    void aPathThatIsUtf8WithoutPercentEncodingIsTheSameId() {
        SERVER.acquire("caf\u00e9 \uD83D\uDE00", "me", UUID.randomUUID());
        RawHttp.Answer answer =
                RawHttp.send(SERVER.port, RawHttp.request("GET", "/v1/locks/caf\u00e9%20\uD83D\uDE00", ""));
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.json().path("streamId").asText()).isEqualTo("caf\u00e9 \uD83D\uDE00");
    }
}

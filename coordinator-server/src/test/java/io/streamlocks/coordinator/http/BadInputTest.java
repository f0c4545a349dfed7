package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.restassured.response.Response;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Any bad input is refused with the field at fault, and never with a 5xx. */
class BadInputTest {

    private static final String EMOJI = "\uD83D\uDE00";
    private static final String LEASE_ID = "5f0c1c5e-5a0a-4f5e-9d57-3f8f1f8f6f10";
    private static final byte[] ACQUIRE = "{\"ownerId\": \"me\"}".getBytes(StandardCharsets.UTF_8);

    @AutoClose
    private static final TestServer SERVER = TestServer.open();

    @ParameterizedTest
    @MethodSource
    void aFieldThatIsNotValidIsNamed(String call, String json, String field) {
        assertProblem(SERVER.post("/v1/locks/s/" + call, json), 400, "invalid-field", field);
    }

    static Stream<Arguments> aFieldThatIsNotValidIsNamed() {
        return Stream.of(
                        arguments("acquire", "{}", "ownerId"),
                        arguments("acquire", "{'ownerId': null}", "ownerId"),
                        arguments("acquire", "{'ownerId': ''}", "ownerId"),
                        arguments("acquire", "{'ownerId': 7}", "ownerId"),
                        arguments("acquire", "{'ownerId': 7.5}", "ownerId"),
                        arguments("acquire", "{'ownerId': true}", "ownerId"),
                        arguments("acquire", "{'ownerId': ['me']}", "ownerId"),
                        arguments("acquire", "{'ownerId': {'name': 'me'}}", "ownerId"),
                        arguments("acquire", "{'ownerId': '" + "x".repeat(256) + "'}", "ownerId"),
                        arguments("acquire", "{'ownerId': '" + EMOJI.repeat(256) + "'}", "ownerId"),
                        arguments("acquire", "{'ownerId': '\\u0000'}", "ownerId"),
                        arguments("acquire", "{'ownerId': 'a\\nb'}", "ownerId"),
                        arguments("acquire", "{'ownerId': '\\u007f'}", "ownerId"),
                        arguments("acquire", "{'ownerId': '\\u0085'}", "ownerId"),
                        arguments("acquire", "{'ownerId': '\\u2028'}", "ownerId"),
                        arguments("acquire", "{'ownerId': '\u2029'}", "ownerId"),
                        arguments("acquire", "{'ownerId': '\\ud83d'}", "ownerId"),
                        arguments("acquire", "{'ownerId': '\\ude00\\ud83d'}", "ownerId"),
                        arguments("acquire", "{'ownerId': '\\uffff'}", "ownerId"),
                        arguments("acquire", "{'ownerId': 'me', 'leaseId': ''}", "leaseId"),
                        arguments("acquire", "{'ownerId': 'me', 'leaseId': 'mine'}", "leaseId"),
                        arguments("acquire", "{'ownerId': 'me', 'leaseId': '1-1-1-1-1'}", "leaseId"),
                        arguments("acquire", "{'ownerId': 'me', 'leaseId': '" + LEASE_ID + " '}", "leaseId"),
                        arguments("acquire", "{'ownerId': 'me', 'leaseId': '{" + LEASE_ID + "}'}", "leaseId"),
                        arguments(
                                "acquire",
                                "{'ownerId': 'me', 'leaseId': '" + LEASE_ID.replace("-", "") + "'}",
                                "leaseId"),
                        arguments("acquire", "{'ownerId': 'me', 'leaseId': 1}", "leaseId"),
                        arguments("acquire", "{'ownerId': 'me', 'ttlMs': 999}", "ttlMs"),
                        arguments("acquire", "{'ownerId': 'me', 'ttlMs': 0}", "ttlMs"),
                        arguments("acquire", "{'ownerId': 'me', 'ttlMs': -30000}", "ttlMs"),
                        arguments("acquire", "{'ownerId': 'me', 'ttlMs': 3600001}", "ttlMs"),
                        arguments("acquire", "{'ownerId': 'me', 'ttlMs': 9223372036854775807}", "ttlMs"),
                        arguments("acquire", "{'ownerId': 'me', 'ttlMs': 9223372036854775808}", "ttlMs"),
                        arguments("acquire", "{'ownerId': 'me', 'ttlMs': 1e400}", "ttlMs"),
                        arguments("acquire", "{'ownerId': 'me', 'ttlMs': 30000.5}", "ttlMs"),
                        arguments("acquire", "{'ownerId': 'me', 'ttlMs': 30000.0}", "ttlMs"),
                        arguments("acquire", "{'ownerId': 'me', 'ttlMs': '30000'}", "ttlMs"),
                        arguments("acquire", "{'ownerId': 'me', 'ttlMs': ''}", "ttlMs"),
                        arguments("acquire", "{'ownerId': 'me', 'ttlMs': true}", "ttlMs"),
                        arguments("acquire", "{'ownerId': 'me', 'ttlMs': [30000]}", "ttlMs"),
                        arguments("acquire", "{'ownerId': 'me', 'ttlMs': {}}", "ttlMs"),
                        arguments("acquire", "{'ownerId': 'me', 'ttl': 30000}", "ttl"),
                        arguments("acquire", "{'ownerId': 'me', 'ownerID': 'me'}", "ownerID"),
                        arguments("acquire", "{'ownerId': 'me', 'streamId': 's'}", "streamId"),
                        arguments("renew", "{}", "leaseId"),
                        arguments("renew", "{'leaseId': null}", "leaseId"),
                        arguments("renew", "{'leaseId': '" + LEASE_ID + "', 'ttlMs': 999}", "ttlMs"),
                        arguments("renew", "{'leaseId': '" + LEASE_ID + "', 'ttlMs': 3600001}", "ttlMs"),
                        arguments("renew", "{'leaseId': '" + LEASE_ID + "', 'ownerId': 'me'}", "ownerId"),
                        arguments("release", "{}", "leaseId"),
                        arguments("release", "{'leaseId': null}", "leaseId"),
                        arguments("release", "{'leaseId': '1-1-1-1-1'}", "leaseId"),
                        arguments("release", "{'leaseId': '" + LEASE_ID + "', 'ttlMs': 30000}", "ttlMs"),
                        arguments("acquire", "null", "body"),
                        arguments("acquire", "[]", "body"),
                        arguments("acquire", "[{'ownerId': 'me'}]", "body"),
                        arguments("acquire", "'me'", "body"),
                        arguments("acquire", "''", "body"),
                        arguments("acquire", "7", "body"),
                        arguments("acquire", "true", "body"))
                .map(row -> arguments(row.get()[0], row.get()[1].toString().replace('\'', '"'), row.get()[2]));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "}",
                "{\"ownerId\"",
                "{\"ownerId\": \"me\"",
                "{\"ownerId\": \"me\",}",
                "{ownerId: \"me\"}",
                "{'ownerId': 'me'}",
                "{\"ownerId\": \"me\"} {}",
                "{\"ownerId\": \"me\"}x",
                "{\"ownerId\": \"me\"}]",
                "{\"ownerId\": \"me\", \"ownerId\": \"me\"}",
                "{\"ownerId\": \"me\", \"ownerId\": \"you\"}",
                "{\"\\ud83d\": 1}",
                "{\"a\\ude00b\": 1}",
                "{\"ownerId\": me}",
                "{\"ownerId\": \"a\nb\"}",
                "{\"ownerId\": \"\\x\"}",
                "{\"ownerId\": \"me\", \"ttlMs\": 030000}",
                "{\"ownerId\": \"me\", \"ttlMs\": +30000}",
                "{\"ownerId\": \"me\", \"ttlMs\": NaN}",
                "{\"ownerId\": \"me\"} // no comments"
            })
    void aBodyThatIsNotJsonIsMalformed(String body) {
        assertProblem(SERVER.post("/v1/locks/s/acquire", body), 400, "malformed-json", null);
        assertProblem(
                SERVER.post("/v1/batch/acquire", body.isBlank() ? body : "{\"items\": [" + body + "]}"),
                400,
                "malformed-json",
                null);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\\u0000", "\\u2028", "a.b", "", "items[0]"})
    void aFieldWithAnOddNameIsRefusedLikeAnyOther(String name) {
        String json = "{\"" + name + "\": 1}";
        for (String call : new String[] {"/v1/locks/s/acquire", "/v1/batch/acquire"}) {
            Response response = SERVER.post(call, json);
            assertThat(response.statusCode()).as(response.asString()).isEqualTo(400);
            assertThat(response.jsonPath().getString("code")).isEqualTo("invalid-field");
        }
        Response batch = SERVER.postBadItems("/v1/batch/acquire", "{\"items\": [" + json + "]}");
        assertThat(batch.statusCode()).as(batch.asString()).isEqualTo(200);
        assertThat(batch.jsonPath().getString("results[0].problem.code")).isEqualTo("invalid-field");
    }

    @Test
    void aLongNameIsNotCutInTheMiddleOfACharacter() {
        String name = "x".repeat(63) + EMOJI + EMOJI;
        String json = "{\"" + name + "\": 1}";
        String shown = "x".repeat(63) + EMOJI + "...";
        assertProblem(SERVER.post("/v1/locks/s/acquire", json), 400, "invalid-field", shown);
        assertProblem(SERVER.post("/v1/batch/acquire", json), 400, "invalid-field", shown);
        assertProblem(SERVER.get("/v1/locks?" + TestServer.encoded(name) + "=1"), 400, "invalid-field", shown);
    }

    @Test
    void aBodyInAnotherCharsetIsMalformed() {
        String json = "{\"ownerId\": \"%s\"}";
        byte[] latin1 = String.format(Locale.ROOT, json, "\u00e9").getBytes(StandardCharsets.ISO_8859_1);
        byte[] utf16 = String.format(Locale.ROOT, json, "me").getBytes(StandardCharsets.UTF_16);
        byte[] utf16WithoutMark = String.format(Locale.ROOT, json, "me").getBytes(StandardCharsets.UTF_16LE);
        for (byte[] body : new byte[][] {latin1, utf16, utf16WithoutMark}) {
            assertProblem(SERVER.post("/v1/locks/s/acquire", body), 400, "malformed-json", null);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "FF",
                "C3",
                "E2 82",
                "C0 80",
                "C1 A1",
                "E0 80 AF",
                "ED A0 BD ED B8 80",
                "F5 80 80 80",
                "F0 82 82 AC"
            })
    void bytesThatAreNotUtf8AreMalformed(String hex) {
        byte[] body = String.format(Locale.ROOT, "{\"ownerId\": \"?%s\"}", "_".repeat(hex.split(" ").length))
                .getBytes(StandardCharsets.UTF_8);
        int at = 14;
        for (String octet : hex.split(" ")) {
            body[at++] = (byte) Integer.parseInt(octet, 16);
        }
        assertProblem(SERVER.post("/v1/locks/s/acquire", body), 400, "malformed-json", null);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"ownerId\": %s}",
                "{\"unknown\": %s}",
                "{\"items\": %s}",
                "{\"items\": [%s]}",
                "{\"items\": [{\"streamId\": %s}]}",
                "%s"
            })
    void nestingWithoutEndIsRefused(String template) {
        for (String nested : new String[] {
            "[".repeat(10_000) + "]".repeat(10_000), "{\"a\":".repeat(10_000) + "1" + "}".repeat(10_000)
        }) {
            for (String path : new String[] {"/v1/locks/s/acquire", "/v1/batch/acquire"}) {
                Response response = SERVER.post(path, String.format(Locale.ROOT, template, nested));
                assertThat(response.statusCode()).as(response.asString()).isEqualTo(400);
            }
        }
    }

    @Test
    void anIdOf255EmojiIsAccepted() {
        String id = EMOJI.repeat(255);
        assertThat(SERVER.acquire(id, id, UUID.randomUUID()).statusCode()).isEqualTo(200);
    }

    @Test
    void theLongestAndTheShortestTtlAreAccepted() {
        for (long ttlMs : new long[] {1000, TestServer.MAX_TTL.toMillis()}) {
            Response response = SERVER.post(
                    TestServer.path(TestServer.randomStream()) + "/acquire", Map.of("ownerId", "me", "ttlMs", ttlMs));
            assertThat(response.jsonPath().getLong("ttlMs")).isEqualTo(ttlMs);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain",
                "application/x-www-form-urlencoded",
                "application/jsonp",
                "application/problem+json",
                "*/*",
                "json",
                "text/plain; application/json"
            })
    void anotherContentTypeIsRefused(String contentType) {
        Map<String, String> headers = Map.of("Content-Type", contentType);
        RawHttp.Answer answer = RawHttp.send(SERVER.port, "POST", "/v1/locks/s/acquire", headers, ACQUIRE);
        assertProblem(answer, 415, "unsupported-media-type", "Content-Type");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1/locks/s/acquire", "/v1/batch/acquire", "/v1/locks/s/break"})
    void aBodyThatIsCompressedIsRefused(String path) {
        Map<String, String> headers = Map.of("Content-Type", "application/json", "Content-Encoding", "gzip");
        RawHttp.Answer answer = RawHttp.send(SERVER.port, "POST", path, headers, ACQUIRE);
        assertProblem(answer, 415, "unsupported-media-type", "Content-Encoding");
        assertThat(answer.json().path("detail").asText()).contains("gzip");
    }

    @Test
    void aBodyWithTheIdentityEncodingIsAccepted() {
        Map<String, String> headers = Map.of("Content-Type", "application/json", "Content-Encoding", "identity");
        assertThat(RawHttp.send(SERVER.port, "POST", "/v1/locks/plain/acquire", headers, ACQUIRE)
                        .status())
                .isEqualTo(200);
    }

    @Test
    void aMissingContentTypeIsRefused() {
        RawHttp.Answer answer = RawHttp.send(SERVER.port, "POST", "/v1/locks/s/acquire", Map.of(), ACQUIRE);
        assertProblem(answer, 415, "unsupported-media-type", "Content-Type");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/json",
                "application/json; charset=utf-8",
                "application/json;charset=UTF-8",
                "Application/JSON"
            })
    void jsonIsTakenWithCharsetAndInAnyCase(String contentType) {
        Response response = SERVER.request()
                .contentType(contentType)
                .body(ACQUIRE)
                .post(TestServer.path(TestServer.randomStream()) + "/acquire");
        assertThat(response.statusCode()).as(response.asString()).isEqualTo(200);
    }

    /** JSON is UTF-8, whatever the content type declares. */
    @ParameterizedTest
    @ValueSource(
            strings = {"charset=", "charset=\"", "charset=no-such-charset", "charset=utf-16", "charset=;;=", "charset"})
    void anUnknownCharsetIsNotLookedUp(String parameter) {
        String request = "POST " + TestServer.path(TestServer.randomStream()) + "/acquire HTTP/1.1\r\nHost: test\r\n"
                + "Connection: close\r\nContent-Type: application/json;" + parameter + "\r\nContent-Length: "
                + ACQUIRE.length + "\r\n\r\n" + new String(ACQUIRE, StandardCharsets.UTF_8);
        RawHttp.Answer answer = RawHttp.send(SERVER.port, request.getBytes(StandardCharsets.UTF_8));
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    }

    @Test
    void aBodyThatIsTooLargeIsRefused() {
        assertProblem(SERVER.post("/v1/locks/s/acquire", padded(64 * 1024 + 1)), 413, "body-too-large", null);
        assertProblem(SERVER.post("/v1/batch/acquire", padded(1024 * 1024 + 1)), 413, "body-too-large", null);
        assertProblem(SERVER.post("/v1/batch/acquire", padded(5 * 1024 * 1024)), 413, "body-too-large", null);
    }

    @Test
    void aBodyAnnouncedAsTooLargeIsRefusedBeforeItIsSent() {
        Map<String, String> headers = Map.of("Content-Type", "application/json", "Expect", "100-continue");
        RawHttp.Answer answer =
                RawHttp.send(SERVER.port, "POST", "/v1/batch/acquire", headers, 1024 * 1024 + 1, new byte[0]);
        assertProblem(answer, 413, "body-too-large", null);
        answer = RawHttp.send(SERVER.port, "POST", "/v1/locks/s/acquire", headers, 64 * 1024 + 1, new byte[0]);
        assertProblem(answer, 413, "body-too-large", null);
    }

    @Test
    void aChunkedBodyThatIsTooLargeIsRefused() {
        Response response = SERVER.request()
                .contentType("application/json")
                .body(new ByteArrayInputStream(padded(1024 * 1024 + 1)) {})
                .post("/v1/locks/s/acquire");
        assertProblem(response, 413, "body-too-large", null);
    }

    @Test
    void aBodyOfTheMaximumSizeIsAccepted() {
        Response response = SERVER.post(TestServer.path(TestServer.randomStream()) + "/acquire", padded(64 * 1024));
        assertThat(response.statusCode()).as(response.asString()).isEqualTo(200);
        byte[] batch = ("{\"items\":[]" + " ".repeat(1024 * 1024 - 12) + "}").getBytes(StandardCharsets.UTF_8);
        assertThat(batch).hasSize(1024 * 1024);
        assertThat(SERVER.post("/v1/batch/acquire", batch).statusCode()).isEqualTo(200);
    }

    /** Each character of a name or a value may take twelve bytes, as two escapes. */
    @Test
    void theLongestValidBodyIsAccepted() {
        String character = "\\ud83d\\ude00";
        String labels = IntStream.range(0, 16)
                .mapToObj(i ->
                        String.format(Locale.ROOT, "\"%s%02d\":\"%s\"", character.repeat(61), i, character.repeat(255)))
                .collect(Collectors.joining(","));
        String body = String.format(
                Locale.ROOT,
                "{\"ownerId\":\"%s\",\"ttlMs\":30000,\"leaseId\":\"%s\",\"labels\":{%s}}",
                character.repeat(255),
                UUID.randomUUID(),
                labels);
        Response response = SERVER.post(
                TestServer.path(TestServer.randomStream()) + "/acquire", body.getBytes(StandardCharsets.UTF_8));
        assertThat(response.statusCode()).as(response.asString()).isEqualTo(200);
    }

    /** The rest of the body may be long, and is not read: here it is not JSON. */
    @Test
    void readingEndsAtTheFirstLabelAboveTheLimit() {
        String labels =
                IntStream.range(0, 17).mapToObj(i -> "\"l" + i + "\":\"x\"").collect(Collectors.joining(","));
        String acquire = "{\"ownerId\":\"me\",\"labels\":{" + labels + "NO JSON";
        assertProblem(
                SERVER.post("/v1/locks/s/acquire", acquire.getBytes(StandardCharsets.UTF_8)),
                400,
                "invalid-field",
                "labels");
    }

    @Test
    void tooManyLabelsAffectOnlyTheirItem() {
        Map<String, String> labels = IntStream.range(0, 17).boxed().collect(Collectors.toMap(i -> "l" + i, i -> "x"));
        Map<String, ?> batch = Map.of(
                "items",
                List.of(
                        Map.of("streamId", TestServer.randomStream(), "ownerId", "me", "labels", labels),
                        Map.of("streamId", TestServer.randomStream(), "ownerId", "me")));
        Response response =
                SERVER.postBadItems("/v1/batch/acquire", new String(Json.write(batch), StandardCharsets.UTF_8));
        assertThat(response.jsonPath().getList("results.status")).containsExactly(400, 200);
        assertThat(response.jsonPath().getString("results[0].problem.field")).isEqualTo("items[0].labels");
    }

    @Test
    void readingABatchEndsAtTheFirstItemAboveTheLimitAndAtTheFirstUnknownField() {
        String items = "{\"items\":[" + "{},".repeat(1001) + "NO JSON";
        assertProblem(
                SERVER.post("/v1/batch/acquire", items.getBytes(StandardCharsets.UTF_8)),
                400,
                "invalid-field",
                "items");
        String field = "{\"items\":[],\"x\":[NO JSON";
        assertProblem(
                SERVER.post("/v1/batch/acquire", field.getBytes(StandardCharsets.UTF_8)), 400, "invalid-field", "x");
    }

    /** Returns an acquire of this many bytes. */
    private static byte[] padded(int length) {
        String json = new String(ACQUIRE, StandardCharsets.UTF_8);
        return (json + " ".repeat(length - json.length())).getBytes(StandardCharsets.UTF_8);
    }
}

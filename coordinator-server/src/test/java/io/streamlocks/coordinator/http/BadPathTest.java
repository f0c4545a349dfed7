package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import io.restassured.response.Response;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Does the same as {@link BadInputTest} for methods, paths and queries. */
class BadPathTest {

    private static final String EMOJI = "\uD83D\uDE00";
    private static final byte[] ACQUIRE = "{\"ownerId\": \"me\"}".getBytes(StandardCharsets.UTF_8);

    @AutoClose
    private static final TestServer SERVER = TestServer.open();

    @ParameterizedTest
    @CsvSource({
        "GET,    /v1/locks/s/acquire, POST",
        "PUT,    /v1/locks/s/acquire, POST",
        "DELETE, /v1/locks/s/renew,   POST",
        "PATCH,  /v1/locks/s/release, POST",
        "GET,    /v1/batch/acquire,   POST",
        "POST,   /v1/locks, 'GET, HEAD'",
        "POST,   /v1/locks/s, 'GET, HEAD'",
        "DELETE, /v1/locks/s, 'GET, HEAD'",
        "POST,   /v1/groups, 'GET, HEAD'",
        "PUT,    /v1/groups/g, 'GET, HEAD'",
        "GET,    /v1/groups/g/members/o, 'PUT, DELETE'",
        "POST,   /v1/groups/g/members/o, 'PUT, DELETE'",
        "POST,   /livez, 'GET, HEAD'",
        "POST,   /readyz, 'GET, HEAD'",
        "PUT,    /openapi.yaml, 'GET, HEAD'",
        "DELETE, /docs, 'GET, HEAD'",
        "POST,   /console, 'GET, HEAD'",
        "OPTIONS, /v1/locks, 'GET, HEAD'",
    })
    void anotherMethodIsRefusedWithTheOnesAllowed(String method, String path, String allowed) {
        Response response = SERVER.request().request(method, path);
        assertProblem(response, 405, "method-not-allowed", null);
        assertThat(response.header("Allow")).isEqualTo(allowed);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1",
                "/v1/",
                "/v2/locks",
                "/v1/locks/s/",
                "/v1/locks/s/steal",
                "/v1/locks/a/b/acquire",
                "/v1/locks/s/acquire/",
                "/v1/owners/",
                "/v1/groups/g/",
                "/v1/groups/g/members",
                "/v1/groups/g/h/members/o",
                "/v1/batch",
                "/v1/batch/steal",
                "/livez/",
                "/docs/",
                "/docs/index.html",
                "/docs/unknown.js",
                "/docs/..%2Fopenapi.yaml",
                "/docs/%2E%2E/openapi.yaml",
                "/docs/../docs/docs.js",
                "/console/",
                "/console/index.html",
                "/console/unknown.js",
                "/console/..%2Fdocs%2Fdocs.js",
                "/console/../docs/docs.js",
                "/db/migration/V1__stream_locks.sql",
                "/WEB-INF/web.xml"
            })
    void anUnknownPathIsNotFound(String path) {
        Response answer = SERVER.get(path);
        assertProblem(answer, 404, "not-found", null);
        if (Stream.of("/v1/locks/", "/v1/owners/", "/v1/groups/").anyMatch(path::startsWith)) {
            assertThat(answer.path("detail").toString()).contains("%2F", "proxy");
        }
    }

    @Test
    void anEmptyStreamIdIsNamed() {
        for (String call : new String[] {"acquire", "renew", "release"}) {
            assertProblem(SERVER.post("/v1/locks//" + call, ACQUIRE), 400, "invalid-field", "streamId");
        }
        assertProblem(SERVER.get("/v1/locks/"), 400, "invalid-field", "streamId");
    }

    @ParameterizedTest
    @ValueSource(strings = {"%FF", "%C3", "%C0%80", "%ED%A0%BD", "%0A", "%7F", "%E2%80%A8", "%EF%BF%BF"})
    void aStreamIdThatIsNotTextIsNamed(String streamId) {
        String path = "/v1/locks/" + streamId;
        assertProblem(raw("GET", path), 400, "invalid-field", "streamId");
        assertProblem(raw("POST", path + "/acquire"), 400, "invalid-field", "streamId");
    }

    @ParameterizedTest
    @ValueSource(strings = {"%", "%2", "%zz", "a%", "a%2", "%%", "%+1", "%-1", "%00", "%u0041", "%uD83D%uDE00"})
    void aPathThatIsNotPercentEncodedIsNotHttp(String streamId) {
        String path = "/v1/locks/" + streamId;
        assertProblem(raw("GET", path), 400, "bad-request", null);
        assertProblem(raw("POST", path + "/acquire"), 400, "bad-request", null);
    }

    /** Otherwise the calls for two streams would be for one. */
    @ParameterizedTest
    @ValueSource(strings = {"/v1/locks/a#b", "/v1/locks/a%20#", "http://user:password@test/v1/locks/a"})
    void aPathDoesNotEndAtANumberSign(String target) {
        byte[] request = ("GET " + target + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        assertProblem(RawHttp.send(SERVER.port, request), 400, "bad-request", null);
    }

    @Test
    void aStreamIdOver255CharactersIsNamed() {
        assertProblem(SERVER.get(TestServer.path(EMOJI.repeat(256))), 400, "invalid-field", "streamId");
        assertProblem(SERVER.acquire("x".repeat(256), "me", UUID.randomUUID()), 400, "invalid-field", "streamId");
    }

    @ParameterizedTest
    @CsvSource({
        "pageSize=0,                  pageSize",
        "pageSize=-1,                 pageSize",
        "pageSize=1001,               pageSize",
        "pageSize=abc,                pageSize",
        "pageSize=1.0,                pageSize",
        "pageSize=%2B5,               pageSize",
        "pageSize=99999999999,        pageSize",
        "pageSize=,                   pageSize",
        "pageSize,                    pageSize",
        "pageSize=%D9%A1,             pageSize",
        "pageToken=,                  pageToken",
        "pageToken=*,                 pageToken",
        "pageToken=a,                 pageToken",
        "pageToken=%C3%A9,            pageToken",
        "pageToken=_w,                pageToken",
        "pageToken=AA,                pageToken",
        "ownerId=,                    ownerId",
        "ownerId=%0A,                 ownerId",
        "prefix=,                     prefix",
        "prefix=%00,                  prefix",
        "owner=me,                    owner",
        "OwnerId=me,                  OwnerId",
        "ownerId=a&ownerId=a,         ownerId",
        "ownerId=a&prefix=b&prefix=c, prefix",
        "%6FwnerId=a&ownerId=b,       ownerId",
        "ownerId=%,                   ownerId",
        "ownerId=%zz,                 ownerId",
        "prefix=%FF,                  prefix",
        "prefix=%C3,                  prefix",
        "%FF=a,                       query",
    })
    void aQueryParameterThatIsNotValidIsNamed(String query, String field) {
        assertProblem(raw("GET", "/v1/locks?" + query), 400, "invalid-field", field);
    }

    /** The text of a decoder for malformed bytes is refused, too: it would make two streams one. */
    @ParameterizedTest
    @CsvSource({
        "GET /v1/locks/a\u00ff,                 streamId",
        "GET /v1/locks/a\u00c3,                 streamId",
        "GET /v1/locks/a\u00c0\u00af,           streamId",
        "GET /v1/locks/a\u00ed\u00a0\u0080,     streamId",
        "POST /v1/locks/\u00ff/acquire,         streamId",
        "GET /v1/locks?prefix=a\u00ff,          prefix",
        "GET /v1/locks?ownerId=\u00e2\u0082,    ownerId",
        "GET /v1/locks?\u00ff=a,                query"
    })
    void anUnescapedByteThatIsNotUtf8IsRefused(String line, String field) {
        String body = line.startsWith("POST") ? "{\"ownerId\": \"me\"}" : "";
        String request = line + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
                + "Content-Length: " + body.length() + "\r\n\r\n" + body;
        assertProblem(
                RawHttp.send(SERVER.port, request.getBytes(StandardCharsets.ISO_8859_1)), 400, "invalid-field", field);
    }

    private static RawHttp.Answer raw(String method, String target) {
        Map<String, String> headers = Map.of("Content-Type", "application/json");
        return RawHttp.send(SERVER.port, method, target, headers, method.equals("GET") ? new byte[0] : ACQUIRE);
    }
}

package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.restassured.RestAssured;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tests the faults that the filter must find. The responses come from a server that a test controls. */
class OpenApiFilterTest {

    private static final String JSON = "application/json";
    private static final String PROBLEM_JSON = "application/problem+json";
    private static final String LOCK = """
            {"streamId": "s", "ownerId": "o", "fencingToken": 1, "ttlMs": 30000, "expiresInMs": 1,
             "acquiredAt": "2026-01-31T12:00:00.123456789Z", "expiresAt": "2026-01-31T12:00:30Z"}""";
    private static final String PROBLEM = """
            {"type": "urn:problem-type:stream-locks:x", "title": "x", "status": 404, "code": "x", "detail": "x",
             "requestId": "r-1"}""";

    private HttpServer server;
    private int status = 200;
    private String contentType = JSON;
    private String body = LOCK;
    private final Map<String, String> headers = new TreeMap<>(Map.of("X-Request-Id", "r-1"));

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            headers.forEach(exchange.getResponseHeaders()::set);
            if (contentType != null) {
                exchange.getResponseHeaders().set("Content-Type", contentType);
            }
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void passesADocumentedExchange() {
        assertThatCode(() -> get("/v1/locks/a%2Fb")).doesNotThrowAnyException();
        answer(404, PROBLEM_JSON, PROBLEM);
        assertThatCode(() -> get("/v1/locks/s")).doesNotThrowAnyException();
    }

    @Test
    void failsOnAnUndocumentedPath() {
        assertThatThrownBy(() -> get("/v1/lock/s"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("No API path");
    }

    @Test
    void failsOnAnUndocumentedTrailingSlash() {
        assertThatThrownBy(() -> get("/v1/locks/s/"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("No API path");
    }

    @Test
    void failsOnAnUndocumentedMethod() {
        assertThatThrownBy(() -> RestAssured.given()
                        .port(server.getAddress().getPort())
                        .filter(OpenApiFilter.ofExchanges())
                        .delete("/v1/locks/s"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("DELETE operation not allowed");
    }

    @Test
    void passesTheRefusalOfAnUndocumentedPathIfItIsAProblem() {
        answer(404, PROBLEM_JSON, PROBLEM);
        assertThatCode(() -> get("/v1/lock/s")).doesNotThrowAnyException();
        answer(404, JSON, PROBLEM);
        assertThatThrownBy(() -> get("/v1/lock/s")).isInstanceOf(AssertionError.class);
        answer(404, PROBLEM_JSON, "{}");
        assertThatThrownBy(() -> get("/v1/lock/s"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("code");
    }

    @Test
    void failsOnAnUndocumentedStatus() {
        answer(202, JSON, LOCK);
        assertThatThrownBy(() -> get("/v1/locks/s"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("-> 202 is not as openapi.yaml has it")
                .hasMessageContaining("not defined for path '/v1/locks/{streamId}'");
    }

    @Test
    void failsOnAnUndocumentedContentType() {
        answer(200, "text/plain", LOCK);
        assertThatThrownBy(() -> get("/v1/locks/s"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("text/plain");
        answer(404, JSON, PROBLEM);
        assertThatThrownBy(() -> get("/v1/locks/s"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("does not match any allowed types");
    }

    @Test
    void failsOnABodyWithoutContentType() {
        answer(200, null, LOCK);
        assertThatThrownBy(() -> get("/v1/locks/s"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("no Content-Type");
    }

    @Test
    void failsOnAMissingBody() {
        answer(200, JSON, "");
        assertThatThrownBy(() -> get("/v1/locks/s")).isInstanceOf(AssertionError.class);
    }

    @Test
    void failsOnABodyWhereNoneIsDocumented() {
        answer(200, "application/yaml", "x");
        assertThatCode(() -> get("/openapi.yaml")).doesNotThrowAnyException();
        answer(200, "application/x-unknown", "x");
        assertThatThrownBy(() -> get("/openapi.yaml")).isInstanceOf(AssertionError.class);
    }

    @Test
    void failsOnAnUndocumentedField() {
        answer(200, JSON, LOCK.replace("{", "{\"leaseId\": \"5f0c1c5e-5a0a-4f5e-9d57-3f8f1f8f6f10\", "));
        assertThatThrownBy(() -> get("/v1/locks/s"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("leaseId");
    }

    @Test
    void failsOnAnUndocumentedFieldDeepInside() {
        answer(200, JSON, "{\"locks\": [" + LOCK.replace("{", "{\"extra\": 1, ") + "]}");
        assertThatThrownBy(() -> get("/v1/locks"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("extra");
    }

    @Test
    void failsOnAnUndocumentedFieldOfAProblem() {
        answer(404, PROBLEM_JSON, PROBLEM.replace("{", "{\"stackTrace\": \"x\", "));
        assertThatThrownBy(() -> get("/v1/locks/s"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("stackTrace");
    }

    @Test
    void failsOnAMissingField() {
        answer(200, JSON, LOCK.replace("\"ownerId\": \"o\", ", ""));
        assertThatThrownBy(() -> get("/v1/locks/s"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("ownerId");
    }

    @Test
    void failsOnAFieldOfAnotherTypeOrForm() {
        answer(200, JSON, LOCK.replace("30000", "\"30000\""));
        assertThatThrownBy(() -> get("/v1/locks/s")).isInstanceOf(AssertionError.class);
        answer(200, JSON, LOCK.replace("2026-01-31T12:00:30Z", "31 January"));
        assertThatThrownBy(() -> get("/v1/locks/s")).isInstanceOf(AssertionError.class);
        answer(200, JSON, LOCK.replace("\"o\"", "null"));
        assertThatThrownBy(() -> get("/v1/locks/s")).isInstanceOf(AssertionError.class);
    }

    @Test
    void failsOnAMissingHeader() {
        answer(503, PROBLEM_JSON, PROBLEM);
        assertThatThrownBy(() -> get("/v1/locks/s"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("Retry-After");
        headers.put("Retry-After", "1");
        assertThatCode(() -> get("/v1/locks/s")).doesNotThrowAnyException();
        headers.put("Retry-After", "soon");
        assertThatThrownBy(() -> get("/v1/locks/s")).isInstanceOf(AssertionError.class);
    }

    @Test
    void failsOnARequestIdThatIsMissingOrNotTheSame() {
        headers.remove("X-Request-Id");
        assertThatThrownBy(() -> get("/v1/locks/s"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("X-Request-Id");
        headers.put("X-Request-Id", "r-2");
        assertThatCode(() -> get("/v1/locks/s")).doesNotThrowAnyException();
        answer(404, PROBLEM_JSON, PROBLEM);
        assertThatThrownBy(() -> get("/v1/locks/s"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("request id");
        answer(404, PROBLEM_JSON, PROBLEM.replace(",\n \"requestId\": \"r-1\"", ""));
        assertThatThrownBy(() -> get("/v1/locks/s"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("request id");
    }

    @Test
    void failsOnAnUndocumentedRequestThatIsAccepted() {
        answer(204, null, "");
        assertThatCode(() -> release("{\"leaseId\": \"5f0c1c5e-5a0a-4f5e-9d57-3f8f1f8f6f10\"}"))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> release("{}"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("leaseId");
        assertThatThrownBy(() -> release("{\"leaseId\": \"5f0c1c5e-5a0a-4f5e-9d57-3f8f1f8f6f10\", \"force\": true}"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("force");
        answer(200, JSON, "{\"locks\": []}");
        assertThatThrownBy(() -> get("/v1/locks?stream=s"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("stream");
        assertThatThrownBy(() -> get("/v1/locks?pageSize=0")).isInstanceOf(AssertionError.class);
    }

    @Test
    void passesAnUndocumentedRequestThatIsRefused() {
        answer(400, PROBLEM_JSON, PROBLEM);
        assertThatCode(() -> release("{}")).doesNotThrowAnyException();
        assertThatCode(() -> get("/v1/locks?stream=s")).doesNotThrowAnyException();
    }

    private void answer(int newStatus, String newContentType, String newBody) {
        status = newStatus;
        contentType = newContentType;
        body = newBody;
    }

    private void get(String path) {
        RestAssured.given()
                .port(server.getAddress().getPort())
                .urlEncodingEnabled(false)
                .filter(OpenApiFilter.ofExchanges())
                .get(path);
    }

    private void release(String json) {
        RestAssured.given()
                .port(server.getAddress().getPort())
                .contentType(JSON)
                .body(json.getBytes(StandardCharsets.UTF_8))
                .filter(OpenApiFilter.ofExchanges())
                .post("/v1/locks/s/release");
    }
}

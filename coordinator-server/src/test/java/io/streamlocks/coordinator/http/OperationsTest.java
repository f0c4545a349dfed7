package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.assertProblem;
import static io.streamlocks.coordinator.http.TestServer.randomStream;
import static org.assertj.core.api.Assertions.assertThat;

import io.restassured.response.Response;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Probes, the gate, the document and its page. */
class OperationsTest {

    @Test
    void anOpenServerIsLiveAndReady() {
        try (TestServer server = TestServer.open()) {
            assertThat(server.get("/livez").asString()).isEqualTo("{\"status\":\"live\"}");
            assertThat(server.get("/readyz").asString()).isEqualTo("{\"status\":\"ready\"}");
        }
    }

    @Test
    void aServerThatStartsIsLiveAndServesNothingYet() {
        try (TestServer server = TestServer.closed()) {
            assertRefused(server, "storage-unavailable");
            server.gate.open();
            assertThat(server.get("/readyz").statusCode()).isEqualTo(200);
            assertThat(server.get("/v1/locks").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aServerThatDrainsIsLiveAndServesNothingMore() {
        try (TestServer server = TestServer.open()) {
            server.gate.drain();
            assertRefused(server, "draining");
            server.gate.open();
            assertRefused(server, "draining");
        }
    }

    @Test
    void aServerThatDrainsSendsItsClientsElsewhereAndOneThatStartsDoesNot() throws Exception {
        try (TestServer server = TestServer.closed()) {
            assertThat(connectionOf(server)).isEmpty();
            server.gate.drain();
            assertThat(connectionOf(server)).contains("close");
        }
    }

    /** What the server says of the connection to a client that would keep it. */
    private static Optional<String> connectionOf(TestServer server) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port + "/v1/locks"))
                .timeout(Duration.ofSeconds(20))
                .build();
        HttpResponse<String> response = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .build()
                .send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(503);
        return response.headers().firstValue("Connection");
    }

    private static void assertRefused(TestServer server, String code) {
        assertThat(server.get("/livez").statusCode()).isEqualTo(200);
        String stream = randomStream();
        List<Response> refused = List.of(
                server.get("/readyz"),
                server.get("/v1/locks"),
                server.get(TestServer.path(stream)),
                server.acquire(stream, "me", UUID.randomUUID()),
                server.renew(stream, UUID.randomUUID()),
                server.release(stream, UUID.randomUUID()),
                server.post("/v1/batch/acquire", Map.of("items", List.of())));
        for (Response response : refused) {
            assertProblem(response, 503, code, null);
            assertThat(response.header("Retry-After")).isEqualTo("1");
        }
    }

    @Test
    void theDocumentIsTheFile() throws IOException {
        try (TestServer server = TestServer.open()) {
            Response response = server.get("/openapi.yaml");
            assertThat(response.contentType()).startsWith("application/yaml");
            assertThat(response.asByteArray()).isEqualTo(Files.readAllBytes(Path.of("..", "openapi.yaml")));
        }
    }

    @Test
    void theDocsLoadAllTheyNeedFromThisServer() {
        try (TestServer server = TestServer.open()) {
            Response page = server.get("/docs");
            assertThat(page.statusCode()).isEqualTo(200);
            assertThat(page.contentType()).startsWith("text/html");
            String html = page.asString();
            assertThat(html).doesNotContain("//");
            List<String> assets = matches("(?:src|href)=\"([^\":]+)\"", html);
            assertThat(assets).hasSize(3);
            for (String asset : assets) {
                Response response = server.get("/" + asset);
                assertThat(response.statusCode()).as(asset).isEqualTo(200);
                assertThat(response.contentType()).startsWith(asset.endsWith(".css") ? "text/css" : "text/javascript");
                assertThat(response.asByteArray()).isNotEmpty();
            }
            String script = server.get("/docs/docs.js").asString();
            assertThat(script).contains("'openapi.yaml'").doesNotContain("//cdn", "http:", "https:");
        }
    }

    @Test
    void theConsoleLoadsAllItNeedsFromThisServerAndNobodyElseFramesIt() {
        try (TestServer server = TestServer.open()) {
            Response page = server.get("/console");
            assertThat(page.contentType()).startsWith("text/html");
            assertThat(page.header("Content-Security-Policy").split("; "))
                    .containsExactlyInAnyOrder(
                            "default-src 'none'",
                            "script-src 'self'",
                            "style-src 'self'",
                            "connect-src 'self'",
                            "img-src 'self' data:",
                            "frame-ancestors 'none'",
                            "base-uri 'none'",
                            "form-action 'none'");
            String html = page.asString();
            assertThat(html).doesNotContain("style=", " onclick", "<style", "javascript:");
            List<String> assets = new ArrayList<>(matches("(?:src|href)=\"([^\":]+)\"", html));
            for (int i = 0; i < assets.size(); i++) {
                String asset = assets.get(i);
                Response response = server.get("/" + asset);
                assertThat(response.statusCode()).as(asset).isEqualTo(200);
                assertThat(response.contentType()).startsWith(asset.endsWith(".css") ? "text/css" : "text/javascript");
                assertThat(response.header("X-Content-Type-Options")).isEqualTo("nosniff");
                assertThat(response.asString())
                        .doesNotContain("http:", "https:", "innerHTML", "localStorage", "cookie");
                matches("from '\\./([^']+)'", response.asString()).stream()
                        .map(name -> "console/" + name)
                        .filter(name -> !assets.contains(name))
                        .forEach(assets::add);
            }
            assertThat(assets).hasSize(7);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/livez", "/readyz", "/openapi.yaml", "/docs", "/console", "/v1/locks"})
    void headAnswersAsGetWithoutTheBody(String path) {
        try (TestServer server = TestServer.open()) {
            RawHttp.Answer answer = RawHttp.send(server.port, RawHttp.request("HEAD", path, ""));
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.body()).isEmpty();
        }
    }

    @Test
    void headOfWhatIsNotReadyOrNotLockedIsNoSuccess() {
        try (TestServer server = TestServer.open()) {
            assertThat(head(server, TestServer.path(randomStream()))).isEqualTo(404);
            server.gate.drain();
            assertThat(head(server, "/readyz")).isEqualTo(503);
        }
    }

    private static List<String> matches(String regex, String text) {
        return Pattern.compile(regex)
                .matcher(text)
                .results()
                .map(match -> match.group(1))
                .toList();
    }

    private static int head(TestServer server, String path) {
        return RawHttp.send(server.port, RawHttp.request("HEAD", path, "")).status();
    }
}

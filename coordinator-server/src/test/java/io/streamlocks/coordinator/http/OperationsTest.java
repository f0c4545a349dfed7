package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.assertProblem;
import static io.streamlocks.coordinator.http.TestServer.randomStream;
import static org.assertj.core.api.Assertions.assertThat;

import io.restassured.response.Response;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the probes, the gate, the contract and its page. */
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
    void aServerThatStopsBeforeItIsReadyServesNothing() {
        try (TestServer server = TestServer.closed()) {
            assertThat(server.gate.beginDraining()).isFalse();
            assertRefused(server, "draining");
            server.gate.open();
            assertRefused(server, "draining");
        }
    }

    @Test
    void aDrainingServerIsNotReadyAndServesAllCalls() {
        try (TestServer server = TestServer.open()) {
            UUID leaseId = UUID.randomUUID();
            server.acquire("held", "me", leaseId);
            assertThat(server.gate.beginDraining()).isTrue();
            server.gate.open();

            assertProblem(server.get("/readyz"), 503, "draining", null);
            assertThat(server.get("/livez").statusCode()).isEqualTo(200);
            assertThat(server.acquire(randomStream(), "me", UUID.randomUUID()).statusCode())
                    .isEqualTo(200);
            assertThat(server.get("/v1/locks").statusCode()).isEqualTo(200);
            assertThat(server.renew("held", leaseId).statusCode()).isEqualTo(200);
            assertThat(server.release("held", leaseId).statusCode()).isEqualTo(204);
        }
    }

    @Test
    void aStoppingServerFinallyRefusesAcquiresOnly() {
        try (TestServer server = TestServer.open()) {
            UUID leaseId = UUID.randomUUID();
            server.acquire("acquire", "me", leaseId);
            server.gate.beginDraining();
            server.gate.grantNothing();

            assertProblem(server.get("/readyz"), 503, "draining", null);
            Response refused = server.acquire(randomStream(), "me", UUID.randomUUID());
            assertProblem(refused, 503, "draining", null);
            assertThat(refused.header("Retry-After")).isEqualTo("1");
            assertProblem(server.post("/v1/batch/acquire", Map.of("items", List.of())), 503, "draining", null);
            assertThat(server.get("/v1/locks").statusCode()).isEqualTo(200);
            assertThat(server.get(TestServer.path("acquire")).statusCode()).isEqualTo(200);
            assertThat(server.renew("acquire", leaseId).statusCode()).isEqualTo(200);
            assertThat(server.release("acquire", leaseId).statusCode()).isEqualTo(204);
        }
    }

    @Test
    void theRootSendsABrowserToTheConsoleAndShowsOthersAllPaths() {
        try (TestServer server = TestServer.open()) {
            Response browser = server.request()
                    .header("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
                    .get("/");
            assertThat(browser.statusCode()).isEqualTo(303);
            assertThat(browser.header("Location")).isEqualTo("console");
            Response curl = server.request().header("Accept", "*/*").get("/");
            assertThat(curl.statusCode()).isEqualTo(200);
            assertThat(curl.asString()).contains("/console", "/docs", "/openapi.yaml", "/v1/locks", "/readyz");
        }
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
    void theDocsLoadEverythingFromThisServer() {
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
    void theConsoleLoadsEverythingFromThisServerAndCannotBeFramed() {
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
            assertThat(assets).hasSize(8);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/livez", "/readyz", "/openapi.yaml", "/docs", "/console", "/v1/locks"})
    void headReturnsTheSameAsGetWithoutTheBody(String path) {
        try (TestServer server = TestServer.open()) {
            RawHttp.Answer answer = RawHttp.send(server.port, RawHttp.request("HEAD", path, ""));
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.body()).isEmpty();
        }
    }

    @Test
    void headFailsIfNotReadyOrNotLocked() {
        try (TestServer server = TestServer.open()) {
            assertThat(head(server, TestServer.path(randomStream()))).isEqualTo(404);
            server.gate.beginDraining();
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

package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests what any scanner of web servers checks first. */
class WebBasicsTest {

    @AutoClose
    private static final TestServer SERVER = TestServer.open();

    private static RawHttp.Answer send(String method, String target, String... headers) {
        String head = method + " " + target + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
                + String.join(
                        "", Stream.of(headers).map(header -> header + "\r\n").toList()) + "\r\n";
        return RawHttp.send(SERVER.port, head.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Returns an existing path for each route with GET. */
    static List<String> readPaths() {
        return OpenApiFilter.SPEC.getPaths().entrySet().stream()
                .filter(path -> path.getValue().getGet() != null)
                .map(path -> path.getKey().replaceAll("\\{[^}]*}", "s"))
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://elsewhere.example", "null", "http://127.0.0.1:8080", "http://localhost", "*", "x"})
    void noOtherOriginIsAllowed(String origin) {
        for (String path : readPaths()) {
            assertLetsNobodyIn(send("GET", path, "Origin: " + origin));
        }
        assertLetsNobodyIn(send("POST", "/v1/locks/s/acquire", "Origin: " + origin));
        RawHttp.Answer preflight = send(
                "OPTIONS",
                "/v1/locks/s/acquire",
                "Origin: " + origin,
                "Access-Control-Request-Method: POST",
                "Access-Control-Request-Headers: content-type,authorization",
                "Access-Control-Request-Private-Network: true");
        assertProblem(preflight, 405, "method-not-allowed", null);
        assertLetsNobodyIn(preflight);
    }

    /** The HTTP client of Java requests HTTP/2 first, and accepts HTTP/1.1. */
    @Test
    void aRequestForHttp2GetsHttp1() throws Exception {
        var answer = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_2)
                .build()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + SERVER.port + "/livez"))
                                .build(),
                        BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_1_1);
    }

    private static void assertLetsNobodyIn(RawHttp.Answer answer) {
        assertThat(answer.headers().keySet())
                .noneMatch(name -> name.toLowerCase(java.util.Locale.ROOT).startsWith("access-control-"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/docs/",
                "/console/",
                "/docs/..%2f",
                "/docs/%2e%2e/",
                "/docs/..%2f..%2f",
                "/docs/.%2e%2fdocs.js",
                "/docs/./docs.js",
                "/docs//docs.js",
                "/docs/docs.js/",
                "/docs/docs.js%00.css",
                "/docs/%5c..%5cdocs.js",
                "/console/..%2f",
                "/console/..%2f..%2fopenapi.yaml",
                "/static/",
                "/assets/",
                "/META-INF/",
                "/META-INF/MANIFEST.MF",
                "/WEB-INF/",
                "/io/streamlocks/coordinator/Main.class",
                "/logback.xml",
                "/db/migration/",
                "/docs/index.html",
                "/docs/LICENSE",
                "/.git/HEAD",
                "/.env",
                "/%2e%2e/%2e%2e/etc/passwd"
            })
    void nothingIsListedAndNothingElseServed(String path) {
        RawHttp.Answer answer = send("GET", path);
        assertThat(answer.status()).isIn(400, 404);
        assertThat(answer.headers()).containsEntry("Content-Type", Problem.CONTENT_TYPE);
        assertThat(answer.body()).doesNotContain("docs.js", "swagger", "index", "..");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "TRACE",
                "TRACK",
                "OPTIONS",
                "CONNECT",
                "PUT",
                "PATCH",
                "DELETE",
                "PROPFIND",
                "DEBUG",
                "FOO",
                "get"
            })
    void noOtherMethodIsTaken(String method) {
        for (String path : List.of("/v1/locks", "/v1/locks/s", "/v1/locks/s/acquire", "/livez", "/docs", "/nowhere")) {
            RawHttp.Answer answer = send(method, path, "X-Secret: to-be-echoed");
            assertThat(answer.status()).as(method + " " + path).isIn(400, 404, 405, 501);
            assertThat(answer.status()).isNotEqualTo(501);
            assertThat(answer.headers()).containsEntry("Content-Type", Problem.CONTENT_TYPE);
            assertThat(answer.body()).doesNotContain("to-be-echoed");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"X-HTTP-Method-Override", "x-http-method-override"})
    void noHeaderChangesTheMethod(String header) {
        String stream = TestServer.randomStream();
        assertThat(SERVER.acquire(stream, "me", UUID.randomUUID()).statusCode()).isEqualTo(200);
        assertThat(send("GET", "/v1/locks/" + stream, header + ": DELETE").status())
                .isEqualTo(200);
    }

    @Test
    void noResponseNamesTheServerSoftware() {
        Stream<RawHttp.Answer> answers = Stream.concat(
                readPaths().stream().map(path -> send("GET", path)),
                Stream.of(
                        send("GET", "/nowhere"),
                        send("POST", "/livez"),
                        send("GET", "/v1/locks/%zz"),
                        send("GET", "/livez", "Host: other"),
                        send("POST", "/v1/locks/s/acquire")));
        assertThat(answers).allSatisfy(answer -> assertThat(answer.headers())
                .doesNotContainKeys("Server", "X-Powered-By", "Via", "Date", "Set-Cookie"));
    }

    @ParameterizedTest
    @MethodSource("readPaths")
    void headIsGetWithoutABody(String path) {
        RawHttp.Answer get = send("GET", path);
        RawHttp.Answer head = send("HEAD", path);
        assertThat(head.status()).isEqualTo(get.status());
        assertThat(head.headers()).containsEntry("Content-Type", get.headers().get("Content-Type"));
        assertThat(head.headers()).containsKey("Content-Length");
        assertThat(head.body()).isEmpty();
        assertThat(get.body()).isNotEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "GET /v1/locks/%zz HTTP/1.1|Host: x, 400",
        "GET /nowhere HTTP/1.1|Host: x, 404",
        "DELETE /v1/locks HTTP/1.1|Host: x, 405",
        "POST /v1/locks/s/acquire HTTP/1.1|Host: x|Content-Type: application/json|Content-Length: 2000000|Expect: 100-continue, 413",
        "GET /LONG HTTP/1.1|Host: x, 414",
        "POST /v1/locks/s/acquire HTTP/1.1|Host: x, 415",
        "GET /livez HTTP/1.1|Host: x|Expect: miracles, 417",
        "GET /livez HTTP/1.1|Host: x|X-Large: LONG, 431",
        "GET /livez HTTP/3.0|Host: x, 505",
    })
    void everyErrorIsAProblem(String request, int status) throws IOException {
        String head = request.replace("|", "\r\n").replace("LONG", "x".repeat(9000)) + "\r\nConnection: close\r\n\r\n";
        RawHttp.Answer answer = RawHttp.send(SERVER.port, head.getBytes(StandardCharsets.US_ASCII));
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.headers()).containsEntry("Content-Type", Problem.CONTENT_TYPE);
        assertThat(OpenApiFilter.isProblem(answer.body())).as(answer.body()).isTrue();
        assertThat(answer.json().path("status").asInt()).isEqualTo(status);
    }
}

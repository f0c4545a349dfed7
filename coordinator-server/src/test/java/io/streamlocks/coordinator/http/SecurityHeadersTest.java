package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every response has the security headers, whichever part of the server made it. */
class SecurityHeadersTest {

    @AutoClose
    private static final TestServer SERVER = TestServer.open();

    @ParameterizedTest
    @CsvSource({
        "GET, /v1/locks",
        "GET, /v1/locks/free",
        "POST, /v1/locks/s/acquire",
        "PUT, /v1/locks",
        "OPTIONS, /v1/locks",
        "GET, /nowhere",
        "GET, /livez",
        "GET, /readyz",
        "GET, /openapi.yaml",
        "HEAD, /livez",
        "GET, /documents",
        "GET, /v1/locks/%zz"
    })
    void ofTheApiThereIsNothingToKeepToFrameOrToRun(String method, String path) {
        assertHeaders(send(method, path).headers(), "no-store", "default-src 'none'; frame-ancestors 'none'");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/docs", "/docs/docs.js", "/docs/swagger-ui.css", "/docs/nowhere", "/console", "/console/x"})
    void aPageMayLoadFromThisServerOnly(String path) {
        Map<String, String> headers = send("GET", path).headers();
        String style = path.startsWith("/docs") ? "'self' 'unsafe-inline'" : "'self'";
        assertHeaders(
                headers,
                "no-cache",
                "default-src 'none'; script-src 'self'; style-src " + style + "; img-src 'self' data:;"
                        + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    }

    @Test
    void aResponseToARequestThatIsNotHttpHasThemToo() {
        byte[] request = "no HTTP at all\r\n\r\n".getBytes(StandardCharsets.UTF_8);
        assertHeaders(
                RawHttp.send(SERVER.port, request).headers(), "no-store", "default-src 'none'; frame-ancestors 'none'");
    }

    private static RawHttp.Answer send(String method, String path) {
        String head = method + " " + path + " HTTP/1.1\r\nHost: test\r\nOrigin: https://evil.example\r\n"
                + "Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n";
        return RawHttp.send(SERVER.port, head.getBytes(StandardCharsets.UTF_8));
    }

    private static void assertHeaders(Map<String, String> headers, String cacheControl, String policy) {
        assertThat(headers)
                .containsEntry("X-Content-Type-Options", "nosniff")
                .containsEntry("Referrer-Policy", "no-referrer")
                .containsEntry("X-Frame-Options", "DENY")
                .containsEntry("Cache-Control", cacheControl)
                .containsEntry("Content-Security-Policy", policy)
                .doesNotContainKeys("Server", "X-Powered-By", "Set-Cookie");
        // A page of another site can read nothing.
        assertThat(headers.keySet()).noneMatch(name -> name.toLowerCase().startsWith("access-control-"));
    }
}

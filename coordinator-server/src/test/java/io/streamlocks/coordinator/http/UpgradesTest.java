package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import io.streamlocks.coordinator.access.Role;
import io.streamlocks.coordinator.log.CapturedLog;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A request for a WebSocket is a request like any other. */
@Isolated
class UpgradesTest {

    private static final String KEY = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    private static final String VERSION = "Sec-WebSocket-Version: 13\r\n";
    private static final String UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\n";

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {KEY, VERSION, KEY + VERSION, KEY + VERSION + UPGRADE, VERSION + "Origin: http://x\r\n"})
    void aWebSocketRequestIsAuthenticatedAndNotLogged(String headers) {
        TestTokens tokens = new TestTokens(directory);
        String reader = tokens.add(Role.READER);
        try (TestServer server = TestServer.guarded(tokens.guards());
                CapturedLog log = new CapturedLog()) {
            for (String path : List.of("/v1/locks", "/v1/locks/s", "/metrics", "/nowhere")) {
                assertProblem(get(server, path, headers), 401, "unauthenticated", null);
            }
            assertThat(get(server, "/livez", headers).status()).isEqualTo(200);
            String authorized = headers + "Authorization: Bearer " + reader + "\r\n";
            assertThat(get(server, "/v1/locks", authorized).status()).isEqualTo(200);
            assertProblem(get(server, "/nowhere", authorized), 404, "not-found", null);
            assertThat(log.from(Level.INFO)).isEmpty();
        }
    }

    @Test
    void noWebSocketClassIsPresent() {
        assertThat(List.of(
                        "org.eclipse.jetty.ee10.websocket.server.JettyWebSocketServlet",
                        "org.eclipse.jetty.websocket.api.Session",
                        "org.eclipse.jetty.websocket.core.CloseStatus"))
                .allSatisfy(name -> assertThat(getClass().getResource("/" + name.replace('.', '/') + ".class"))
                        .isNull());
    }

    private static RawHttp.Answer get(TestServer server, String path, String headers) {
        // Otherwise a connection that is to be upgraded would stay.
        String close = headers.contains("Connection:")
                ? headers.replace("Upgrade\r\n", "Upgrade, close\r\n")
                : headers + "Connection: close\r\n";
        return RawHttp.send(
                server.port,
                ("GET " + path + " HTTP/1.1\r\nHost: x\r\n" + close + "\r\n").getBytes(StandardCharsets.US_ASCII));
    }
}

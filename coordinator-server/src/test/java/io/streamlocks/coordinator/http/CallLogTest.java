package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.TestServer.path;
import static io.streamlocks.coordinator.http.TestServer.randomStream;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import io.streamlocks.coordinator.access.Role;
import io.streamlocks.coordinator.log.CapturedLog;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Tests which calls the server logs, and how often. */
@Isolated
class CallLogTest {

    @Test
    void aRefusedTokenIsLoggedWithItsAddressOnceInAWhile(@TempDir Path directory) throws IOException {
        TestTokens tokens = new TestTokens(directory);
        tokens.add(Role.READER);
        try (TestServer guarded = TestServer.guarded(tokens.guards());
                CapturedLog log = new CapturedLog()) {
            for (String address : List.of("127.0.0.1", "127.0.0.2", "127.0.0.1", "127.0.0.2")) {
                String request = "GET /v1/locks HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                        + "Authorization: Bearer no-such-token\r\n\r\n";
                try (Socket socket = new Socket(
                        InetAddress.getByName("127.0.0.1"), guarded.port, InetAddress.getByName(address), 0)) {
                    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
                    assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                            .startsWith("HTTP/1.1 401 ");
                }
            }
            assertThat(log.from(Level.INFO))
                    .hasSize(2)
                    .anyMatch(line -> line.contains("Rejected a call from 127.0.0.1 with 401: its token is unknown"))
                    .anyMatch(line -> line.contains("Rejected a call from 127.0.0.2 with 401: its token is unknown"));
        }
    }

    @Test
    void theLogNamesWhoBrokeWhatAndWhy() {
        String stream = randomStream();
        String owner = "owner-of-" + stream;
        try (TestServer server = TestServer.open();
                CapturedLog log = new CapturedLog()) {
            server.acquire(stream, owner, UUID.randomUUID());
            assertThat(server.post(path(stream) + "/break", Map.of("reason", "stuck", "delayMs", 1000))
                            .statusCode())
                    .isEqualTo(200);
            assertThat(server.post(path(stream) + "/break", Map.of("reason", "again"))
                            .statusCode())
                    .isEqualTo(404);
            assertThat(server.post("/v1/owners/" + owner + "/break", Map.of("reason", "gone"))
                            .statusCode())
                    .isEqualTo(200);
            assertThat(log.from(Level.INFO))
                    .hasSize(2)
                    .anySatisfy(line -> assertThat(line)
                            .contains(
                                    "anonymous broke the lease of " + stream + ", held by " + owner + " with token ",
                                    ", and closed the streams for 1000 ms: stuck"))
                    .anySatisfy(line ->
                            assertThat(line).contains("anonymous broke all 0 leases of the owner " + owner + ": gone"));
        }
    }
}

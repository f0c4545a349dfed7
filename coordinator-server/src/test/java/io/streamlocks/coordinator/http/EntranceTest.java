package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.access.Role;
import io.streamlocks.coordinator.http.jetty.Listening;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the management port, and a server that is only for its own machine. */
class EntranceTest {

    private static Listening listening(OptionalInt managementPort, boolean isForLoopbackNames) {
        return new Listening(
                "127.0.0.1",
                0,
                managementPort,
                Listening.CONNECTIONS_PER_ADDRESS,
                Listening.IDLE_TIMEOUT,
                Listening.MAX_HEAD_BYTES,
                isForLoopbackNames);
    }

    private static RawHttp.Answer get(int port, String target, String host) {
        return RawHttp.send(
                port,
                ("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "localhost:8080",
                "LOCALHOST:80",
                "locks.localhost",
                "127.0.0.1",
                "127.0.0.1:9999",
                "127.1.2.3",
                "[::1]",
                "[::1]:8080"
            })
    void aServerForItsOwnMachineTakesRequestsForIt(String host) {
        try (TestServer server = TestServer.listening(Guards.NONE, listening(OptionalInt.empty(), true))) {
            assertThat(get(server.port, "/v1/locks", host).status()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "rebound.example",
                "rebound.example:8080",
                "localhost.example",
                "notlocalhost",
                "127.0.0.1.example",
                "192.0.2.1",
                "[2001:db8::1]"
            })
    void andRefusesThoseForOthersThatAWebPageSends(String host) {
        try (TestServer server = TestServer.listening(Guards.NONE, listening(OptionalInt.of(0), true))) {
            RawHttp.Answer refused = get(server.port, "/v1/locks", host);
            assertProblem(refused, 421, "misdirected", null);
            assertThat(refused.json().path("detail").asText()).contains("localhost", "AUTH=none");
            assertProblem(get(server.port, "/console", host), 421, "misdirected", null);
            assertProblem(get(server.managementPort(), "/metrics", host), 421, "misdirected", null);
            assertProblem(get(server.port, "http://" + host + "/v1/locks", host), 421, "misdirected", null);
        }
    }

    @Test
    void anyOtherServerAcceptsRequestsForAnyHost() {
        try (TestServer server = TestServer.listening(Guards.NONE, listening(OptionalInt.empty(), false))) {
            assertThat(get(server.port, "/v1/locks", "locks.example").status()).isEqualTo(200);
        }
    }

    @Test
    void theManagementPortServesProbesAndMetricsAndNothingElse() {
        try (TestServer server = TestServer.listening(Guards.NONE, listening(OptionalInt.of(0), false))) {
            for (String path : new String[] {"/livez", "/readyz", "/metrics"}) {
                assertThat(get(server.managementPort(), path, "10.0.0.1").status())
                        .isEqualTo(200);
                assertThat(get(server.port, path, "10.0.0.1").status()).isEqualTo(200);
            }
            for (String path : new String[] {
                "/v1/locks", "/v1/locks/s", "/console", "/docs", "/openapi.yaml", "/", "/livez/", "//livez", "/%6civez"
            }) {
                assertProblem(get(server.managementPort(), path, "10.0.0.1"), 404, "not-found", null);
            }
            assertProblem(
                    RawHttp.send(
                            server.managementPort(),
                            RawHttp.request("POST", "/v1/locks/s/acquire", "{\"ownerId\":\"me\"}")),
                    404,
                    "not-found",
                    null);
            assertThat(server.get("/v1/locks/s").statusCode()).isEqualTo(404);
        }
    }

    @Test
    void theManagementPortRequiresTheSamePermissions(@TempDir Path directory) {
        TestTokens tokens = new TestTokens(directory);
        String reader = tokens.add(Role.READER);
        String worker = tokens.add(Role.WORKER);
        try (TestServer server = TestServer.listening(tokens.guards(), listening(OptionalInt.of(0), false))) {
            int port = server.managementPort();
            assertThat(get(port, "/livez", "x").status()).isEqualTo(200);
            assertProblem(get(port, "/metrics", "x"), 401, "unauthenticated", null);
            String bearer = "x\r\nAuthorization: Bearer ";
            assertProblem(get(port, "/metrics", bearer + worker), 403, "forbidden", null);
            assertThat(get(port, "/metrics", bearer + reader).status()).isEqualTo(200);
        }
    }
}

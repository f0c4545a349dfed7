package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import io.streamlocks.coordinator.http.jetty.Listening;
import io.streamlocks.coordinator.log.CapturedLog;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that end before a route sees them get a problem, too, which reveals nothing about the server. */
@Isolated
class BeforeRoutingTest {

    @AutoClose
    private static final TestServer SERVER = TestServer.open();

    @Test
    void headersThatAreTooLargeAreRefused() {
        RawHttp.Answer refused =
                assertRefused("GET /livez HTTP/1.1\r\nHost: x\r\nX-Large: " + "x".repeat(20_000) + "\r\n\r\n", 431);
        assertThat(refused.json().path("detail").asText()).contains("8192 bytes", "HTTP_MAX_HEAD_BYTES", "32768");
    }

    @Test
    void aSettingAllowsHeadersOf32KiB() {
        Listening large =
                new Listening("127.0.0.1", 0, OptionalInt.empty(), 100, Listening.IDLE_TIMEOUT, 32 * 1024, false);
        try (TestServer server = TestServer.listening(Guards.NONE, large)) {
            assertThat(withHeaders(server, 32_000).status()).isEqualTo(200);
            RawHttp.Answer refused = withHeaders(server, 33_000);
            assertProblem(refused, 431, "bad-request", null);
            assertThat(refused.json().path("detail").asText()).contains("32768 bytes");
        }
    }

    private static RawHttp.Answer withHeaders(TestServer server, int bytes) {
        String request = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Large: " + "x".repeat(bytes - 100)
                + "\r\n\r\n";
        return RawHttp.send(server.port, request.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aPathThatIsTooLongIsRefused() {
        assertRefused("GET /v1/locks/" + "x".repeat(20_000) + " HTTP/1.1\r\nHost: x\r\n\r\n", 414);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "no HTTP at all\r\n\r\n",
                "GET\r\n\r\n",
                "GET /livez HTTP/1.1\r\n\r\n",
                "GET /livez HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
                "GET /livez HTTP/1.1\r\nHost: x\r\nno header\r\n\r\n",
                "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /v1/locks/%zz HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /v1/locks/a\u0000b HTTP/1.1\r\nHost: x\r\n\r\n",
                "POST /v1/locks/s/acquire HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
                "POST /v1/locks/s/acquire HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                "POST /v1/locks/s/acquire HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            })
    void whatIsNotHttpIsRefused(String request) {
        assertRefused(request, 400);
    }

    @Test
    void anotherVersionOfHttpIsRefused() {
        assertRefused("GET /livez HTTP/7.5\r\nHost: x\r\n\r\n", 505);
    }

    @Test
    void aBodyThatIsBrokenIsRefused() {
        assertRefused(
                "POST /v1/locks/s/acquire HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                        + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\nno chunk\r\n",
                400);
    }

    @Test
    void noResponseNamesTheServerSoftware() {
        for (String path : new String[] {"/livez", "/nowhere", "/v1/locks", "/docs"}) {
            RawHttp.Answer answer = RawHttp.send(SERVER.port, RawHttp.request("GET", path, ""));
            assertThat(answer.headers()).doesNotContainKeys("Server", "X-Powered-By");
        }
    }

    @Test
    void nobodyCanFillTheLogWithOddHosts() {
        try (CapturedLog log = new CapturedLog()) {
            assertRefused("GET /livez HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400);
            assertRefused("GET http://a:b:c/livez HTTP/1.1\r\nHost: a:b:c\r\n\r\n", 400);
            assertRefused("GET http:///livez HTTP/1.1\r\nHost: x\r\n\r\n", 400);
            assertRefused("CONNECT /livez HTTP/1.1\r\nHost: x\r\n\r\n", 400);
            assertThat(log.from(Level.INFO)).isEmpty();
        }
    }

    private static RawHttp.Answer assertRefused(String request, int status) {
        RawHttp.Answer answer = RawHttp.send(SERVER.port, request.getBytes(StandardCharsets.UTF_8));
        assertProblem(answer, status, "bad-request", null);
        assertThat(answer.headers().get("X-Request-Id"))
                .isNotBlank()
                .isEqualTo(answer.json().path("requestId").asText());
        assertThat(answer.headers()).containsEntry("Connection", "close");
        assertThat(answer.headers()).doesNotContainKeys("Server", "X-Powered-By");
        assertThat(answer.body()).doesNotContainIgnoringCase("jetty", "javalin", "exception", "org.");
        return answer;
    }

    /** Nobody would read the response, and each client of a crowd that leaves would take a new thread. */
    @Test
    void aHeadThatEndsInItsMiddleGetsNoResponse() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), SERVER.port)) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write("GET /livez HTTP/1.1\r\nHost: lo".getBytes(StandardCharsets.US_ASCII));
            socket.shutdownOutput();
            assertThat(socket.getInputStream().readAllBytes()).isEmpty();
        }
    }
}

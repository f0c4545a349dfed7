package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.assertProblem;

import io.streamlocks.coordinator.http.jetty.Listening;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A client that sends its whole request before it reads gets the refusal, and not a broken connection. */
class RefusedBodiesTest {

    private static final int MEGABYTE = 1024 * 1024;

    @AutoClose
    private static final TestServer SERVER = TestServer.listening(
            Guards.NONE,
            new Listening(
                    "127.0.0.1",
                    0,
                    OptionalInt.of(0),
                    Listening.CONNECTIONS_PER_ADDRESS,
                    Listening.IDLE_TIMEOUT,
                    Listening.MAX_HEAD_BYTES,
                    true));

    private static RawHttp.Answer post(int port, String host, int bytes) {
        String head = "POST /v1/batch/acquire HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: application/json\r\n"
                + "Connection: close\r\nContent-Length: " + bytes + "\r\n\r\n";
        return RawHttp.send(port, (head + " ".repeat(bytes)).getBytes(StandardCharsets.US_ASCII));
    }

    @ParameterizedTest
    @ValueSource(ints = {MEGABYTE + 1, 10 * MEGABYTE})
    void aBodyThatIsTooLargeGetsItsRefusal(int bytes) {
        assertProblem(post(SERVER.port, "localhost", bytes), 413, "body-too-large", null);
    }

    @ParameterizedTest
    @ValueSource(ints = {100, MEGABYTE, 10 * MEGABYTE})
    void aBodyForAnotherHostGetsItsRefusal(int bytes) {
        assertProblem(post(SERVER.port, "elsewhere.example", bytes), 421, "misdirected", null);
    }

    @ParameterizedTest
    @ValueSource(ints = {100, MEGABYTE, 10 * MEGABYTE})
    void aBodyForTheManagementPortGetsItsRefusal(int bytes) {
        assertProblem(post(SERVER.managementPort(), "localhost", bytes), 404, "not-found", null);
    }

    @Test
    void aHeadThatIsTooLargeGetsItsRefusal() {
        String request = "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Large: " + "x".repeat(100_000) + "\r\n\r\n";
        assertProblem(RawHttp.send(SERVER.port, request.getBytes(StandardCharsets.US_ASCII)), 431, "bad-request", null);
    }
}

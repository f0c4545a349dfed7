package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A few threads read the requests of all clients. A client that sends without pause what is refused must not keep
 * one.
 */
class RefusedWithoutPauseTest {

    private static final int CALLS_OF_OTHERS = 5;

    @AutoClose("shutdownNow")
    private final ExecutorService threads = Executors.newFixedThreadPool(2);

    @AutoClose
    private final TestServer server = TestServer.open();

    @ParameterizedTest
    @CsvSource({
        "/v1/locks/a/release, 2",
        "/v1/batch/release, 2",
        "/v1/locks//release, 2",
        "/v1/nothing, 2",
        "/v1/locks/a/release, 100000"
    })
    void aClientThatSendsWithoutPauseKeepsNobodyOut(String path, int bodyBytes) throws Exception {
        byte[] calls = ("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        + "Content-Length: " + bodyBytes + "\r\n\r\n{}" + " ".repeat(bodyBytes - 2))
                .repeat(100)
                .getBytes(StandardCharsets.US_ASCII);
        CountDownLatch answered = new CountDownLatch(1);
        CompletableFuture<Void> reading;
        CompletableFuture<Void> sending;
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port)) {
            reading = CompletableFuture.runAsync(() -> read(socket, answered), threads);
            sending = CompletableFuture.runAsync(() -> send(socket, calls), threads);
            assertThat(answered.await(10, TimeUnit.SECONDS)).isTrue();
            for (int i = 0; i < CALLS_OF_OTHERS; i++) {
                assertThat(RawHttp.send(server.port, RawHttp.request("GET", "/livez", ""))
                                .status())
                        .isEqualTo(200);
            }
            assertThat(sending).as("it still sends").isNotDone();
        }
        CompletableFuture.allOf(reading, sending).get(10, TimeUnit.SECONDS);
    }

    private static void send(Socket socket, byte[] calls) {
        try {
            OutputStream out = socket.getOutputStream();
            while (!socket.isClosed()) {
                out.write(calls);
            }
        } catch (IOException e) {
            // The test has closed the connection.
        }
    }

    private static void read(Socket socket, CountDownLatch answered) {
        byte[] buffer = new byte[64 * 1024];
        try {
            InputStream in = socket.getInputStream();
            while (in.read(buffer) > 0) {
                answered.countDown();
            }
        } catch (IOException e) {
            // The test has closed the connection.
        }
    }
}

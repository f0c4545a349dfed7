package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Stops a server whose clients connect anew for each call, as a stopping server makes them do. */
@Execution(ExecutionMode.CONCURRENT)
class StopTest {

    private static final int CLIENTS = 2;
    private static final int TIMEOUT_MS = 30_000;

    /** Has a body, which is read before the request is handled. */
    private static final byte[] RELEASE =
            RawHttp.request("POST", "/v1/locks/s/release", "{\"leaseId\":\"0f8fad5b-d9cb-469f-a165-70867728950e\"}");

    @RepeatedTest(30)
    void anAcceptedConnectionIsServed() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        TestServer server = TestServer.open();
        try {
            CountDownLatch busy = new CountDownLatch(20 * CLIENTS);
            List<Future<List<String>>> answers = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                answers.add(threads.submit(() -> callUntilItRefuses(server.port, busy)));
            }
            busy.await();
            server.close();
            for (Future<List<String>> answer : answers) {
                assertThat(answer.get())
                        .filteredOn(text -> !text.startsWith("HTTP/1.1 410"))
                        .isEmpty();
            }
        } finally {
            server.close();
            threads.shutdownNow();
        }
    }

    private static List<String> callUntilItRefuses(int port, CountDownLatch busy) throws IOException {
        List<String> answers = new ArrayList<>();
        while (true) {
            try (Socket socket = new Socket()) {
                socket.setSoTimeout(TIMEOUT_MS);
                socket.connect(new InetSocketAddress("127.0.0.1", port), TIMEOUT_MS);
                socket.getOutputStream().write(RELEASE);
                answers.add(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
            } catch (ConnectException e) {
                return answers;
            } catch (SocketException e) {
                // The system resets connections that the server has not seen when it closes its port.
                continue;
            } finally {
                busy.countDown();
            }
        }
    }
}

package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.ForwardingLocks;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** Stops a server whose clients connect anew for each call, as a stopping server makes them do. */
class StopTest {

    private static final int CLIENTS = 2;
    private static final int TIMEOUT_MS = 30_000;

    /** Has a body, which is read before the request is handled. */
    private static final byte[] RELEASE =
            RawHttp.request("POST", "/v1/locks/s/release", "{\"leaseId\":\"0f8fad5b-d9cb-469f-a165-70867728950e\"}");

    @RepeatedTest(30)
    void aConnectionThatWasAcceptedIsServed() throws Exception {
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

    /** With a call under way that lasts until the end of the stop, an acceptor would otherwise try again all the time. */
    @Test
    void acceptorsOfAClosedPortTakeNoProcessorTime() throws Exception {
        CountDownLatch called = new CountDownLatch(1);
        CountDownLatch mayReturn = new CountDownLatch(1);
        LockManager slow = new ForwardingLocks() {
            @Override
            protected LockManager next() {
                called.countDown();
                try {
                    mayReturn.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                throw new StorageUnavailableException("too late", null);
            }
        };
        ExecutorService stopping = Executors.newSingleThreadExecutor();
        TestServer server = TestServer.of(slow);
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), server.port)) {
            client.getOutputStream().write(RELEASE);
            called.await();
            Set<Thread> acceptors = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().contains("-acceptor-")
                            && thread.getName().contains(":" + server.port + "}"))
                    .collect(Collectors.toSet());
            assertThat(acceptors).isNotEmpty();
            long before = processorTime(acceptors);
            long most = before;
            Future<?> stopped = stopping.submit(server::close);
            while (!stopped.isDone()) {
                most = Math.max(most, processorTime(acceptors));
                try {
                    stopped.get(50, TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    continue;
                }
            }
            assertThat(Duration.ofNanos(most - before)).isLessThan(Duration.ofMillis(500));
        } finally {
            mayReturn.countDown();
            stopping.shutdown();
            server.close();
        }
    }

    /** Returns the processor time that these threads have used. One that has ended counts as nothing. */
    private static long processorTime(Set<Thread> threads) {
        ThreadMXBean times = ManagementFactory.getThreadMXBean();
        return threads.stream()
                .mapToLong(thread -> Math.max(0, times.getThreadCpuTime(thread.getId())))
                .sum();
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

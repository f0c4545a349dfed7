package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import io.streamlocks.coordinator.http.jetty.ClientLimits;
import io.streamlocks.coordinator.http.jetty.Listening;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import io.streamlocks.coordinator.log.CapturedLog;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Clients that are slow or silent delay no other client, and their connections end after a while. */
@Tag("slow")
class SlowClientsTest {

    /** More than the server has threads. */
    private static final int MANY = 300;

    private static final Duration SILENCE = Duration.ofSeconds(2);
    private static final Duration EXCHANGE = Duration.ofSeconds(6);
    private static final ClientLimits LIMITS = new ClientLimits(10_000, EXCHANGE, EXCHANGE, 64 * 1024 * 1024);

    /** How long three calls may take on a busy machine; far below the limits. */
    private static final Duration SOON = Duration.ofSeconds(4);

    private static final Duration GONE = Duration.ofSeconds(30);

    private static final String ACQUIRE =
            "POST /v1/locks/s/acquire HTTP/1.1\r\nHost: x\r\n" + "Content-Type: application/json\r\n";

    private static final String LOOK = "GET %s HTTP/1.1\r\nHost: x\r\n\r\n";

    @Test
    void slowBodiesDelayNobodyAndEndAfterAWhile() {
        try (TestServer server = server(LIMITS);
                SlowCrowd bytes = SlowCrowd.of(MANY, server.port, ACQUIRE + "Content-Length: 900000\r\n\r\n", " ");
                SlowCrowd chunks =
                        SlowCrowd.of(MANY, server.port, ACQUIRE + "Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n");
                SlowCrowd nothing = SlowCrowd.of(MANY, server.port, ACQUIRE + "Content-Length: 9\r\n\r\n", "")) {
            assertGoneWhileOthersAreServed(server, bytes, chunks, nothing);
        }
    }

    @Test
    void slowHeadsAndSilentConnectionsDelayNobodyAndEndAfterAWhile() {
        try (TestServer server = server(LIMITS);
                SlowCrowd lines = SlowCrowd.of(MANY, server.port, "", "GET /v1/locks/");
                SlowCrowd heads = SlowCrowd.of(MANY, server.port, "GET /livez HTTP/1.1\r\nHost: x\r\nX: ", "x");
                SlowCrowd halves = SlowCrowd.of(MANY, server.port, "GET /livez HTTP/1.1\r\nHos", "");
                SlowCrowd next = SlowCrowd.of(MANY, server.port, String.format(Locale.ROOT, LOOK, "/livez"), "GET /");
                SlowCrowd silent = SlowCrowd.of(MANY, server.port, "", "")) {
            assertGoneWhileOthersAreServed(server, lines, heads, halves, next, silent);
        }
    }

    @Test
    void clientsThatDoNotReadDelayNobodyAndEndAfterAWhile() {
        try (TestServer server = server(LIMITS);
                SlowCrowd nothing = SlowCrowd.thatReadsNothing(
                        MANY,
                        server.port,
                        String.format(Locale.ROOT, LOOK, "/docs/swagger-ui-bundle.js")
                                .repeat(5),
                        "x");
                SlowCrowd slowly = SlowCrowd.of(
                        MANY, server.port, String.format(Locale.ROOT, LOOK, "/docs/swagger-ui-bundle.js"), "x")) {
            assertGoneWhileOthersAreServed(server, nothing, slowly);
        }
    }

    /** These responses are made in the same task as those of others. */
    @Test
    void unreadResponsesToChangesDelayNobody() {
        String body = "{\"ownerId\":\"me\"}";
        String call = ACQUIRE + "Content-Length: " + body.length() + "\r\n\r\n" + body;
        try (TestServer server = server(LIMITS);
                SlowCrowd crowd = SlowCrowd.thatReadsNothing(8, server.port, call.repeat(50_000), "x")) {
            assertGoneWhileOthersAreServed(server, crowd);
        }
    }

    private static TestServer server(ClientLimits limits) {
        TestServer server = TestServer.of(
                new MemoryLockManager(new MonotonicClock(), true),
                limits,
                addressesWith(Listening.CONNECTIONS_PER_ADDRESS));
        // The first calls load classes.
        timeOfThreeCalls(server);
        return server;
    }

    private static void assertGoneWhileOthersAreServed(TestServer server, SlowCrowd... crowds) {
        AtomicReference<Duration> longest = new AtomicReference<>(Duration.ZERO);
        await().atMost(GONE).untilAsserted(() -> {
            Duration taken = timeOfThreeCalls(server);
            longest.updateAndGet(before -> before.compareTo(taken) > 0 ? before : taken);
            assertThat(crowds).allSatisfy(crowd -> assertThat(crowd.left()).isZero());
        });
        assertThat(longest.get()).isLessThan(SOON);
        // Nothing is left of their requests. A stop would wait for it.
        long began = System.nanoTime();
        server.close();
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(SOON);
    }

    private static Duration timeOfThreeCalls(TestServer server) {
        long began = System.nanoTime();
        String stream = TestServer.randomStream();
        UUID leaseId = UUID.randomUUID();
        assertThat(server.acquire(stream, "me", leaseId).statusCode()).isEqualTo(200);
        assertThat(server.renew(stream, leaseId).statusCode()).isEqualTo(200);
        assertThat(server.release(stream, leaseId).statusCode()).isEqualTo(204);
        return Duration.ofNanos(System.nanoTime() - began);
    }

    @Test
    void beyondTheLimitTheConnectionsThatOweARequestForLongestEnd() {
        ClientLimits few = new ClientLimits(20, Duration.ofMinutes(5), Duration.ofMinutes(5), 1024 * 1024);
        try (TestServer server = server(few);
                SlowCrowd crowd = SlowCrowd.of(30, server.port, "", "")) {
            assertThat(timeOfThreeCalls(server)).isLessThan(SOON);
            // The crowd notices it a little later than the server does it.
            await().untilAsserted(() -> assertThat(crowd.left()).isLessThan(20));
        }
    }

    @Test
    void anAddressWithTooManyConnectionsMakesRoomForItsOwn() {
        try (CapturedLog log = new CapturedLog();
                TestServer server =
                        TestServer.of(new MemoryLockManager(new MonotonicClock(), true), LIMITS, addressesWith(20));
                SlowCrowd served = SlowCrowd.of(10, server.port, String.format(Locale.ROOT, LOOK, "/livez"), "")) {
            await().until(() -> served.heard() == 10);
            try (SlowCrowd crowd = SlowCrowd.of(300, server.port, "", "GET /v1/locks/")) {
                assertThat(timeOfThreeCalls(server)).isLessThan(SOON);
                await().untilAsserted(() -> assertThat(crowd.left()).isLessThan(20));
                // The crowd must not push out a client that was served.
                assertThat(served.left()).isEqualTo(10);
            }
            assertThat(log.from(Level.WARN))
                    .singleElement()
                    .asString()
                    .contains("Ended a connection from 127.0.0.1: its address has over 20 connections");
            assertThat(refusals(server, "connections_of_address")).isGreaterThan(280);
        }
    }

    @Test
    void aServedClientKeepsItsConnectionInACrowdFromItsAddress() throws IOException {
        List<Socket> served = new ArrayList<>();
        try (TestServer server = TestServer.of(
                new MemoryLockManager(new MonotonicClock(), true), ClientLimits.DEFAULT, addressesWith(20))) {
            for (int i = 0; i < 20; i++) {
                served.add(new Socket(InetAddress.getLoopbackAddress(), server.port));
                assertServed(served.get(i));
            }
            try (SlowCrowd crowd = SlowCrowd.of(30, server.port, "", "")) {
                await().untilAsserted(() -> {
                    for (Socket socket : served) {
                        assertServed(socket);
                    }
                    assertThat(crowd.left()).isZero();
                });
            }
        } finally {
            for (Socket socket : served) {
                socket.close();
            }
        }
    }

    private static void assertServed(Socket socket) throws IOException {
        socket.getOutputStream()
                .write(String.format(Locale.ROOT, LOOK, "/v1/locks").getBytes(StandardCharsets.US_ASCII));
        byte[] answer = new byte[1024];
        int length = socket.getInputStream().read(answer);
        assertThat(new String(answer, 0, Math.max(0, length), StandardCharsets.US_ASCII))
                .startsWith("HTTP/1.1 200");
    }

    private static Listening addressesWith(int connections) {
        return new Listening("127.0.0.1", 0, OptionalInt.of(0), connections, SILENCE, Listening.MAX_HEAD_BYTES, false);
    }

    @Test
    void aHeadHasFewSecondsAndASlowClientIsLogged() {
        ClientLimits patient = new ClientLimits(10_000, Duration.ofMinutes(5), Duration.ofMinutes(5), 1024 * 1024);
        try (CapturedLog log = new CapturedLog();
                TestServer server = server(patient);
                SlowCrowd crowd = SlowCrowd.of(30, server.port, "GET /livez HTTP/1.1\r\nHost: x\r\nX: ", "x")) {
            await().atMost(GONE).until(() -> crowd.left() == 0);
            assertThat(refusals(server, "slow_head")).isEqualTo(30);
            assertThat(log.from(Level.WARN))
                    .singleElement()
                    .asString()
                    .contains("Ended a connection from 127.0.0.1: the head of a request took over 5 s");
        }
    }

    @Test
    void probesAreServedWhileThousandsOfSlowClientsReconnect() throws IOException {
        InetAddress other = InetAddress.getByName("127.0.0.2");
        try (TestServer server =
                        TestServer.of(new MemoryLockManager(new MonotonicClock(), true), LIMITS, addressesWith(200));
                SlowCrowd crowd = SlowCrowd.thatComesAgain(1500, server.port, "G", "ET /livez")) {
            for (int i = 0; i < 20; i++) {
                assertThat(timeOfProbe(other, server.port)).isLessThan(SOON);
                assertThat(timeOfProbe(InetAddress.getLoopbackAddress(), server.managementPort()))
                        .isLessThan(SOON);
            }
            assertThat(crowd.left()).isPositive();
        }
    }

    private static Duration timeOfProbe(InetAddress from, int port) {
        long began = System.nanoTime();
        assertThat(RawHttp.sendFrom(from, port, RawHttp.request("GET", "/livez", ""))
                        .status())
                .isEqualTo(200);
        return Duration.ofNanos(System.nanoTime() - began);
    }

    private static int refusals(TestServer server, String reason) {
        return (int) server.get("/metrics")
                .asString()
                .lines()
                .filter(line -> line.startsWith("streamlocks_refusals_total{reason=\"" + reason + "\"}"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' '))))
                .sum();
    }

    @Test
    void aStopEndsSlowClientsWithoutAWarning() {
        TestServer server = server(ClientLimits.DEFAULT);
        try (CapturedLog log = new CapturedLog();
                SlowCrowd bodies = SlowCrowd.of(5, server.port, ACQUIRE + "Content-Length: 900000\r\n\r\n", " ");
                SlowCrowd answers = SlowCrowd.thatReadsNothing(
                        5, server.port, String.format(Locale.ROOT, LOOK, "/docs/swagger-ui-bundle.js"), "")) {
            assertThat(timeOfThreeCalls(server)).isLessThan(SOON);
            assertThat(bodies.left() + answers.left()).isEqualTo(10);
            long began = System.nanoTime();
            server.close();
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(6));
            assertThat(log.from(Level.ERROR)).isEmpty();
            await().untilAsserted(() -> assertThat(bodies.left()).isZero());
        }
    }

    @Test
    void aClientThatLeavesBeforeItsResponseIsNotAnError() {
        Semaphore asked = new Semaphore(0);
        Semaphore mayAnswer = new Semaphore(0);
        FailingLockManager locks = new FailingLockManager(() -> {
            asked.release();
            mayAnswer.acquireUninterruptibly();
            return new StorageUnavailableException("on purpose", new IOException("on purpose"));
        });
        String body = "{\"ownerId\":\"me\"}";
        String acquire = ACQUIRE + "Content-Length: " + body.length() + "\r\n\r\n" + body;
        try (CapturedLog log = new CapturedLog();
                TestServer server = TestServer.of(locks)) {
            try (SlowCrowd acquiring = SlowCrowd.of(1, server.port, acquire, "");
                    SlowCrowd looking =
                            SlowCrowd.of(2, server.port, String.format(Locale.ROOT, LOOK, "/v1/locks/s"), "")) {
                await().until(() -> asked.availablePermits() == 3);
                assertThat(acquiring.left() + looking.left()).isEqualTo(3);
            }
            mayAnswer.release(1000);
            assertThat(server.get("/v1/locks/s").statusCode()).isEqualTo(503);
            assertThat(server.acquire("s", "me", UUID.randomUUID()).statusCode())
                    .isEqualTo(503);
            assertThat(log.from(Level.ERROR)).isEmpty();
        }
    }
}

package io.streamlocks.coordinator.http.jetty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.http.jetty.WaitingServer.Waiting;
import io.streamlocks.testkit.rig.Link;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A call learns that its client has gone. */
class ClientWatchTest {

    /** The ways in which a client ends its connection. */
    enum Ending {
        CLOSE {
            @Override
            void end(RawClient client) throws IOException {
                client.close();
            }
        },
        RESET {
            @Override
            void end(RawClient client) throws IOException {
                client.reset();
            }
        },
        HALF_CLOSE {
            @Override
            void end(RawClient client) throws IOException {
                client.socket().shutdownOutput();
            }
        };

        abstract void end(RawClient client) throws IOException;
    }

    private static WaitingServer server;

    @BeforeAll
    static void start() {
        server = new WaitingServer();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @ParameterizedTest
    @EnumSource(Ending.class)
    void theEndOfAConnectionIsNoticedDuringARequestWithoutABody(Ending ending) throws Exception {
        try (RawClient client = new RawClient(server.port())) {
            client.get("/wait");
            assertNoticed(client, ending);
        }
    }

    @ParameterizedTest
    @EnumSource(Ending.class)
    void theEndOfAConnectionIsNoticedDuringARequestWithABody(Ending ending) throws Exception {
        try (RawClient client = new RawClient(server.port())) {
            client.post("/wait", "{}");
            assertNoticed(client, ending);
        }
    }

    /** Another thread handles such a request. */
    @ParameterizedTest
    @EnumSource(Ending.class)
    void theEndOfAConnectionIsNoticedDuringARequestWhoseBodyCameLate(Ending ending) throws Exception {
        try (RawClient client = new RawClient(server.port())) {
            // The responses show that the head of the next request is read before its body is sent.
            client.send(RawClient.head("POST", "/wait", "Expect: 100-continue\r\nContent-Length: 2\r\n"));
            byte[] interim = client.socket().getInputStream().readNBytes("HTTP/1.1 100 Continue\r\n\r\n".length());
            assertThat(new String(interim, StandardCharsets.US_ASCII)).startsWith("HTTP/1.1 100");
            client.send("{}");
            assertNoticed(client, ending);
        }
    }

    @ParameterizedTest
    @EnumSource(Ending.class)
    void theEndOfAConnectionIsNoticedDuringAChunkedRequest(Ending ending) throws Exception {
        try (RawClient client = new RawClient(server.port())) {
            client.send(RawClient.head("POST", "/wait", "Transfer-Encoding: chunked\r\n") + "2\r\n{}\r\n0\r\n\r\n");
            assertNoticed(client, ending);
        }
    }

    @ParameterizedTest
    @EnumSource(Ending.class)
    void theEndOfAConnectionIsNoticedInALaterRequest(Ending ending) throws Exception {
        try (RawClient client = new RawClient(server.port())) {
            for (int i = 0; i < 3; i++) {
                client.post("/wait", "{}");
                server.next().respond("done");
                assertThat(client.response()).isEqualTo("200 done");
            }
            client.post("/wait", "{}");
            assertNoticed(client, ending);
        }
    }

    @ParameterizedTest
    @CsvSource({"HTTP/1.0", "HTTP/1.1"})
    void theEndOfAConnectionIsNoticedThatIsNotKept(String version) throws Exception {
        try (RawClient client = new RawClient(server.port())) {
            client.send("GET /wait " + version + "\r\nHost: x\r\nConnection: close\r\n\r\n");
            assertNoticed(client, Ending.CLOSE);
        }
    }

    private static void assertNoticed(RawClient client, Ending ending) throws Exception {
        Waiting call = server.next();
        assertThat(call.gone()).isZero();
        ending.end(client);
        await().until(() -> call.gone() == 1);
        // The response ends the exchange in any case, and the connection with it.
        call.respond("too late");
        await().until(() -> server.isWithout(client));
        assertThat(call.gone()).isEqualTo(1);
    }

    @Test
    void aClientThatOnlyStoppedSendingGetsItsResponse() throws Exception {
        try (RawClient client = new RawClient(server.port())) {
            client.get("/leave");
            server.next();
            client.socket().shutdownOutput();
            assertThat(client.response()).isEqualTo("200 ");
            assertThat(client.isEnded()).isTrue();
        }
    }

    @Test
    void anActionMayRespond() throws Exception {
        try (RawClient client = new RawClient(server.port())) {
            client.get("/leave");
            Waiting call = server.next();
            Ending.CLOSE.end(client);
            await().until(() -> server.isWithout(client));
            assertThat(call.gone()).isEqualTo(1);
        }
    }

    @Test
    void aRequestThatComesDuringAnotherIsHandledAfterItAndItsClientIsNoticedAsWell() throws Exception {
        try (RawClient client = new RawClient(server.port())) {
            client.get("/wait1");
            Waiting first = server.next();
            long before = server.bytesFrom(client);
            client.get("/wait2");
            await().until(() -> server.bytesFrom(client) > before);
            assertThat(server.more()).isZero();
            first.respond("one");
            assertThat(client.response()).isEqualTo("200 one");
            Waiting second = server.next();
            assertThat(second.path()).isEqualTo("/wait2");
            Ending.CLOSE.end(client);
            await().until(() -> second.gone() == 1);
            assertThat(first.gone()).isZero();
            second.respond("");
        }
    }

    /** Some clients send a line break after a body. */
    @ParameterizedTest
    @CsvSource({"'\r\n'", "GET /", "'GET /wait HTTP/1.1\r\nHost: x\r\n\r\n'"})
    void theEndIsNoticedAfterFewMoreBytes(String more) throws Exception {
        try (RawClient client = new RawClient(server.port())) {
            client.post("/wait", "{}");
            Waiting call = server.next();
            long before = server.bytesFrom(client);
            client.send(more);
            await().until(() -> server.bytesFrom(client) == before + more.length());
            Ending.CLOSE.end(client);
            await().until(() -> call.gone() == 1);
            call.respond("");
        }
        if (more.endsWith("\r\n\r\n")) {
            server.next().respond("");
        }
    }

    @Test
    void requestsThatAreSentTogetherAreHandledInTheirOrder() throws Exception {
        try (RawClient client = new RawClient(server.port())) {
            StringBuilder all = new StringBuilder();
            for (int i = 0; i < 100; i++) {
                all.append(RawClient.head("POST", "/wait" + i, "Content-Length: 2\r\n"))
                        .append("{}");
            }
            client.send(all.toString());
            for (int i = 0; i < 100; i++) {
                Waiting call = server.next();
                assertThat(call.path()).isEqualTo("/wait" + i);
                call.respond("" + i);
                assertThat(client.response()).isEqualTo("200 " + i);
                assertThat(call.gone()).isZero();
            }
        }
    }

    @Test
    void aRequestThatComesInPiecesDuringAnotherIsHandledAfterIt() throws Exception {
        try (RawClient client = new RawClient(server.port())) {
            client.get("/wait1");
            Waiting first = server.next();
            long before = server.bytesFrom(client);
            String second = RawClient.head("POST", "/wait2", "Content-Length: 3\r\n") + "abc";
            for (int i = 0; i < second.length() - 1; i++) {
                client.send(second.substring(i, i + 1));
                long sent = before + i + 1;
                await().pollDelay(Duration.ZERO)
                        .pollInterval(Duration.ofMillis(1))
                        .until(() -> server.bytesFrom(client) == sent);
            }
            first.respond("one");
            assertThat(client.response()).isEqualTo("200 one");
            assertThat(server.more()).isZero();
            client.send("c");
            Waiting next = server.next();
            next.respond("two");
            assertThat(client.response()).isEqualTo("200 two");
            assertThat(next.gone()).isZero();
        }
    }

    @Test
    void aClientCannotMakeTheServerReadWithoutBound() throws Exception {
        try (SocketChannel channel =
                        SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
                RawClient client = new RawClient(channel.socket())) {
            client.get("/wait");
            Waiting call = server.next();
            long before = server.bytesFrom(client);
            channel.configureBlocking(false);
            ByteBuffer more = ByteBuffer.allocate(64 * 1024 * 1024);
            // The system holds up some of it, and then takes no more.
            await().until(() -> channel.write(more) == 0);
            assertThat(more.remaining()).isPositive();
            assertThat(server.bytesFrom(client)).isEqualTo(before + 1024);
            assertThat(call.gone()).isZero();
            call.respond("");
        }
    }

    @Test
    void aClientBehindABrokenLinkIsNoticed() throws Exception {
        try (Link link = new Link(server.port());
                RawClient client = new RawClient(link.port())) {
            client.get("/wait");
            Waiting call = server.next();
            link.cut();
            await().until(() -> call.gone() == 1);
            call.respond("");
        }
    }

    @Test
    void aClientThatClosesBehindALinkIsNoticed() throws Exception {
        try (Link link = new Link(server.port());
                RawClient client = new RawClient(link.port())) {
            client.get("/wait");
            Waiting call = server.next();
            Ending.CLOSE.end(client);
            await().until(() -> call.gone() == 1);
            call.respond("");
        }
    }

    @Test
    void aConnectionThatThisServerEndsIsNoticed() throws Exception {
        ClientLimits shortLimits = new ClientLimits(10, Duration.ofMillis(100), Duration.ofSeconds(5), 1024);
        try (WaitingServer strict = new WaitingServer(Listening.IDLE_TIMEOUT, shortLimits, Optional.empty());
                RawClient client = new RawClient(strict.port())) {
            client.get("/wait");
            Waiting call = strict.next();
            await().until(() -> call.gone() == 1);
            assertThat(client.isEnded()).isTrue();
            call.respond("");
        }
    }

    @Test
    void aCallWaitsLongerThanItsConnectionMayBeSilent() throws Exception {
        Duration idle = Duration.ofSeconds(1);
        try (WaitingServer strict = new WaitingServer(idle, ClientLimits.DEFAULT, Optional.empty());
                RawClient patient = new RawClient(strict.port());
                RawClient leaving = new RawClient(strict.port())) {
            patient.get("/wait");
            Waiting answered = strict.next();
            leaving.get("/wait");
            Waiting left = strict.next();
            for (int i = 0; i < 2; i++) {
                try (RawClient silent = new RawClient(strict.port())) {
                    assertThat(silent.isEnded()).isTrue();
                }
            }
            assertThat(answered.gone()).isZero();
            answered.respond("in time");
            assertThat(patient.response()).isEqualTo("200 in time");
            assertThat(left.gone()).isZero();
            Ending.CLOSE.end(leaving);
            await().until(() -> left.gone() == 1);
            left.respond("");
        }
    }

    @Test
    void theClientOfACallIsWatchedOnce() throws Exception {
        try (RawClient client = new RawClient(server.port())) {
            client.get("/wait");
            Waiting call = server.next();
            assertThatThrownBy(() -> call.call().onClientGone(() -> {})).isInstanceOf(IllegalStateException.class);
            call.respond("");
            assertThat(client.response()).isEqualTo("200 ");
        }
    }

    @Test
    void aCallThatHasItsResponseIsNotWatchedAnyMore() throws Exception {
        try (RawClient client = new RawClient(server.port())) {
            client.get("/unwatched");
            Waiting before = server.next();
            before.respond("one");
            assertThat(client.response()).isEqualTo("200 one");
            before.call().onClientGone(() -> before.respond("never"));
            // The registration must not affect the next request of the connection either.
            client.get("/wait");
            Waiting next = server.next();
            Ending.CLOSE.end(client);
            await().until(() -> next.gone() == 1);
            next.respond("");
            await().until(() -> server.isWithout(client));
            assertThat(before.gone()).isZero();
        }
    }
}

package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.http.jetty.ClientLimits;
import io.streamlocks.coordinator.reload.Reloaded;
import io.streamlocks.coordinator.tls.PemKeyStore;
import io.streamlocks.testkit.rig.TestCertificate;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that keep their connections move to other servers. */
class ReconnectsTest {

    private static final Duration YOUNGEST =
            ClientLimits.CONNECTION_AGE.multipliedBy(3).dividedBy(4);

    private static final Duration OLDEST =
            ClientLimits.CONNECTION_AGE.multipliedBy(5).dividedBy(4);

    private static Socket plain(TestServer server) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port);
        socket.setSoTimeout(10_000);
        return socket;
    }

    /** Sends a request on this connection, and returns whether the connection continues. */
    private static boolean isKept(Socket socket) throws IOException {
        return isKept(socket, "GET /v1/locks HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }

    private static boolean isKept(Socket socket, String request) throws IOException {
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().flush();
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
            int next = socket.getInputStream().read();
            assertThat(next).as("the head so far: %s", head).isNotNegative();
            head.write(next);
        }
        String text = head.toString(StandardCharsets.US_ASCII);
        assertThat(text).startsWith("HTTP/1.1 200").contains("Content-Length: ");
        String length = text.replaceAll("(?s).*Content-Length: (\\d+).*", "$1");
        socket.getInputStream().readNBytes(Integer.parseInt(length));
        return !text.contains("Connection: close");
    }

    private static void assertEnds(Socket socket) throws IOException {
        assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }

    private static void assertEndsWithItsAge(TestServer server, Socket socket) throws IOException {
        assertThat(isKept(socket)).isTrue();
        server.clock.advance(YOUNGEST.minusNanos(1));
        assertThat(isKept(socket)).isTrue();
        server.clock.advance(OLDEST.minus(YOUNGEST).plusNanos(1));
        assertThat(isKept(socket)).isFalse();
        assertEnds(socket);
    }

    @Test
    void anOldConnectionEndsWithAResponse() throws Exception {
        try (TestServer server = TestServer.open();
                Socket socket = plain(server)) {
            assertEndsWithItsAge(server, socket);
            try (Socket next = plain(server)) {
                assertThat(isKept(next)).isTrue();
            }
        }
    }

    @Test
    void anOldTlsConnectionEndsWithAResponse(@TempDir Path directory) throws Exception {
        TestCertificate certificate = TestCertificate.make(directory);
        Path file = Files.writeString(directory.resolve("tls.crt"), certificate.certificatePem());
        Path key = Files.writeString(directory.resolve("tls.key"), certificate.keyPem());
        Guards guards = new Guards(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                OptionalInt.empty(),
                Optional.of(new Reloaded<>("certificate", List.of(file, key), PemKeyStore::of)));
        try (TestServer server = TestServer.guarded(guards);
                Socket socket = certificate
                        .trusted()
                        .getSocketFactory()
                        .createSocket(InetAddress.getLoopbackAddress(), server.port)) {
            socket.setSoTimeout(10_000);
            assertEndsWithItsAge(server, socket);
        }
    }

    @Test
    void notAllConnectionsEndAtOnce() throws Exception {
        List<Socket> sockets = new ArrayList<>();
        try (TestServer server = TestServer.open()) {
            for (int i = 0; i < 60; i++) {
                sockets.add(plain(server));
                assertThat(isKept(sockets.get(i))).isTrue();
            }
            server.clock.advance(ClientLimits.CONNECTION_AGE);
            int kept = 0;
            for (Socket socket : sockets) {
                kept += isKept(socket) ? 1 : 0;
            }
            assertThat(kept).isBetween(5, 55);
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    @Test
    void aStoppingServerEndsEachConnectionWithItsNextResponse() throws Exception {
        try (TestServer server = TestServer.open();
                Socket socket = plain(server);
                Socket other = plain(server)) {
            assertThat(isKept(socket)).isTrue();
            server.gate.beginDraining();
            assertThat(isKept(socket)).isFalse();
            assertEnds(socket);
            server.gate.grantNothing();
            assertThat(isKept(other)).isFalse();
            assertEnds(other);
        }
    }

    @Test
    void anOldConnectionOfHttp10EndsWithAResponse() throws Exception {
        try (TestServer server = TestServer.open();
                Socket socket = plain(server)) {
            server.gate.beginDraining();
            assertThat(isKept(socket, "GET /v1/locks HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n"))
                    .isFalse();
            assertEnds(socket);
        }
    }
}

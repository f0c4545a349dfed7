package io.streamlocks.coordinator.http.jetty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.http.jetty.WaitingServer.Waiting;
import io.streamlocks.coordinator.reload.Reloaded;
import io.streamlocks.coordinator.tls.PemKeyStore;
import io.streamlocks.testkit.rig.TestCertificate;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A call learns over TLS, too, that its client has gone. */
@Tag("slow")
class ClientWatchTlsTest {

    /** The ways in which a client ends its connection. */
    enum Ending {
        CLOSE {
            @Override
            void end(Client client) throws IOException {
                client.tls.close();
            }
        },
        HALF_CLOSE {
            @Override
            void end(Client client) throws IOException {
                client.tls.shutdownOutput();
            }
        },
        CLOSE_WITHOUT_NOTICE {
            @Override
            void end(Client client) throws IOException {
                client.tcp.close();
            }
        },
        HALF_CLOSE_WITHOUT_NOTICE {
            @Override
            void end(Client client) throws IOException {
                client.tcp.shutdownOutput();
            }
        },
        RESET {
            @Override
            void end(Client client) throws IOException {
                client.tcp.setSoLinger(true, 0);
                client.tcp.close();
            }
        };

        abstract void end(Client client) throws IOException;
    }

    /** TLS over a TCP connection that can end by itself. */
    private static final class Client implements AutoCloseable {

        private final Socket tcp;
        private final SSLSocket tls;
        private final RawClient http;

        Client(String version) throws IOException {
            tcp = new Socket(InetAddress.getLoopbackAddress(), server.port());
            tls = (SSLSocket)
                    certificate.trusted().getSocketFactory().createSocket(tcp, "localhost", server.port(), true);
            tls.setEnabledProtocols(new String[] {version});
            http = new RawClient(tls);
        }

        @Override
        public void close() throws IOException {
            tcp.close();
        }
    }

    private static TestCertificate certificate;
    private static WaitingServer server;

    private final ExecutorService thread = Executors.newSingleThreadExecutor();

    @AfterEach
    void stopThread() {
        thread.shutdownNow();
    }

    @BeforeAll
    static void start(@TempDir Path directory) throws Exception {
        certificate = TestCertificate.make(directory);
        Path chain = Files.writeString(directory.resolve("tls.crt"), certificate.certificatePem());
        Path key = Files.writeString(directory.resolve("tls.key"), certificate.keyPem());
        server = new WaitingServer(
                Duration.ofMinutes(1),
                ClientLimits.DEFAULT,
                Optional.of(new Reloaded<>("certificate", List.of(chain, key), PemKeyStore::of)));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @ParameterizedTest
    @CsvSource({
        "TLSv1.2, CLOSE",
        "TLSv1.2, HALF_CLOSE",
        "TLSv1.2, CLOSE_WITHOUT_NOTICE",
        "TLSv1.2, HALF_CLOSE_WITHOUT_NOTICE",
        "TLSv1.2, RESET",
        "TLSv1.3, CLOSE",
        "TLSv1.3, HALF_CLOSE",
        "TLSv1.3, CLOSE_WITHOUT_NOTICE",
        "TLSv1.3, HALF_CLOSE_WITHOUT_NOTICE",
        "TLSv1.3, RESET"
    })
    void theEndOfAConnectionIsNoticed(String version, Ending ending) throws Exception {
        try (Client client = new Client(version)) {
            client.http.post("/wait", "{}");
            server.next().respond("first");
            assertThat(client.http.response()).isEqualTo("200 first");
            client.http.post("/wait", "{}");
            Waiting call = server.next();
            assertThat(call.gone()).isZero();
            // With TLS 1.3, a client that closes waits for the server to do so, too.
            Future<?> ends = thread.submit(() -> {
                ending.end(client);
                return null;
            });
            await().until(() -> call.gone() == 1);
            call.respond("too late");
            await().until(() -> server.isWithout(client.http));
            ends.get();
            assertThat(call.gone()).isEqualTo(1);
        }
    }

    /** TLS would make Jetty keep 20 kB for each call that waits. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void aRequestHasASmallBuffer(String version) throws Exception {
        try (Client client = new Client(version)) {
            // The rest of a long body has a larger buffer.
            String body = "x".repeat(30_000);
            client.http.send(RawClient.head("POST", "/wait", "Content-Length: " + body.length() + "\r\n"));
            await().until(() -> server.bufferFor(client.http) > 16_000);
            client.http.send(body);
            Waiting call = server.next();
            assertThat(server.bufferFor(client.http)).isEqualTo(2048);
            call.respond("done");
            assertThat(client.http.response()).isEqualTo("200 done");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void aConnectionIsKeptAfterManyCalls(String version) throws Exception {
        try (Client client = new Client(version)) {
            for (int i = 0; i < 100; i++) {
                client.http.post("/wait", "{}");
                Waiting call = server.next();
                call.respond("" + i);
                assertThat(client.http.response()).isEqualTo("200 " + i);
                assertThat(call.gone()).isZero();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void aRequestThatComesDuringAnotherIsHandledAfterIt(String version) throws Exception {
        try (Client client = new Client(version)) {
            client.http.get("/wait1");
            Waiting first = server.next();
            long before = server.bytesFrom(client.http);
            // More than the server reads ahead, so some of it stays with TLS.
            client.http.post("/wait2", "x".repeat(3000)).get("/wait3");
            await().until(() -> server.bytesFrom(client.http) == before + 1024);
            assertThat(server.more()).isZero();
            first.respond("one");
            assertThat(client.http.response()).isEqualTo("200 one");
            Waiting second = server.next();
            assertThat(second.path()).isEqualTo("/wait2");
            second.respond("two");
            assertThat(client.http.response()).isEqualTo("200 two");
            Waiting third = server.next();
            assertThat(third.path()).isEqualTo("/wait3");
            client.tcp.close();
            await().until(() -> third.gone() == 1);
            assertThat(first.gone() + second.gone()).isZero();
            third.respond("");
        }
    }
}

package io.streamlocks.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import io.streamlocks.coordinator.reload.Reloaded;
import io.streamlocks.coordinator.telemetry.Telemetry;
import io.streamlocks.coordinator.tls.PemKeyStore;
import io.streamlocks.testkit.rig.TestCertificate;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests HTTP over TLS with real certificates. */
class TlsTest {

    /** The length of the shortest hello of a client. */
    private static final int HELLO = 54;

    private static TestCertificate first;
    private static TestCertificate second;
    private static TestCertificate rsa;

    @TempDir
    private Path directory;

    private Path certificateFile;
    private Path keyFile;
    private Reloaded<KeyStore> certificate;
    private HttpServer server;
    private int port;

    @BeforeAll
    static void make(@TempDir Path directory) {
        first = TestCertificate.make(directory);
        second = TestCertificate.make(directory);
        rsa = TestCertificate.make(directory, "-keyalg", "RSA", "-keysize", "2048");
    }

    @BeforeEach
    void start() throws Exception {
        certificateFile = directory.resolve("tls.crt");
        keyFile = directory.resolve("tls.key");
        write(first);
        certificate = new Reloaded<>("certificate", List.of(certificateFile, keyFile), PemKeyStore::of);
        Gate gate = new Gate();
        gate.open();
        server = new HttpServer(
                new MemoryLockManager(new MonotonicClock(), true),
                gate,
                new Guards(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        OptionalInt.empty(),
                        Optional.of(certificate)),
                TestServer.DEFAULT_TTL,
                TestServer.MAX_TTL,
                Telemetry.untraced());
        port = server.start("127.0.0.1", 0);
    }

    @AfterEach
    void stop() {
        server.stop();
    }

    @Test
    void theApiIsServedToAClientThatTrustsTheCertificate() throws Exception {
        SSLSession session = get(first.trusted());
        assertThat(session.getProtocol()).isEqualTo("TLSv1.3");
        assertThat(session.getPeerCertificates()).containsExactly(first.certificate());
    }

    @Test
    void aClientThatDoesNotTrustTheCertificateGetsNothing() {
        assertThatThrownBy(() -> get(second.trusted())).isInstanceOf(SSLException.class);
    }

    @Test
    void aRequestWithoutTlsIsNotServed() throws Exception {
        // Anyone could read a token in clear text, and a redirect would come too late.
        try (var socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1))
                    .doesNotContain("HTTP/1.1", "live");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void currentTlsVersionsAreAccepted(String version) throws Exception {
        assertThat(handshake(version)).isEqualTo(version);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x0301, 0x0302})
    void olderTlsVersionsAreRefused(int version) throws Exception {
        // The hello is made by hand, because Java itself does not offer these.
        ByteBuffer hello = ByteBuffer.allocate(HELLO)
                .put((byte) 0x16) // a record of the handshake
                .putShort((short) 0x0301)
                .putShort((short) (HELLO - 5))
                .put((byte) 0x01) // hello of a client
                .put((byte) 0)
                .putShort((short) (HELLO - 9))
                .putShort((short) version)
                .put(new byte[32]) // random
                .put((byte) 0) // no session
                .putShort((short) 6)
                .putShort((short) 0xC02B)
                .putShort((short) 0xC00A)
                .putShort((short) 0xC009)
                .put((byte) 1)
                .put((byte) 0); // no compression
        assertThat(hello.hasRemaining()).isFalse();
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(hello.array());
            byte[] answer = socket.getInputStream().readNBytes(7);
            int alert = 0x15;
            int fatal = 2;
            int protocolVersion = 70;
            assertThat(answer[0]).isEqualTo((byte) alert);
            assertThat(answer).endsWith(fatal, protocolVersion);
        }
    }

    @Test
    void onlySuitesWithForwardSecrecyAndAuthenticatedEncryptionAreAccepted() throws Exception {
        // Most suites are for an RSA key.
        for (TestCertificate made : List.of(first, rsa)) {
            write(made);
            certificate.reload();
            Set<String> taken = new TreeSet<>();
            for (String suite : made.trusted().getSocketFactory().getSupportedCipherSuites()) {
                if (takes(suite, made)) {
                    taken.add(suite.replaceAll("_(ECDSA|RSA)_", "_*_"));
                }
            }
            assertThat(taken)
                    .containsExactlyInAnyOrder(
                            "TLS_AES_128_GCM_SHA256",
                            "TLS_AES_256_GCM_SHA384",
                            "TLS_CHACHA20_POLY1305_SHA256",
                            "TLS_ECDHE_*_WITH_AES_128_GCM_SHA256",
                            "TLS_ECDHE_*_WITH_AES_256_GCM_SHA384",
                            "TLS_ECDHE_*_WITH_CHACHA20_POLY1305_SHA256");
        }
    }

    private boolean takes(String suite, TestCertificate made) throws IOException {
        try (SSLSocket socket = (SSLSocket) made.trusted().getSocketFactory().createSocket("127.0.0.1", port)) {
            socket.setEnabledProtocols(new String[] {"TLSv1.2", "TLSv1.3"});
            socket.setEnabledCipherSuites(new String[] {suite});
            socket.startHandshake();
            return true;
        } catch (SSLException e) {
            return false;
        }
    }

    private String handshake(String version) throws IOException {
        try (SSLSocket socket = (SSLSocket) first.trusted().getSocketFactory().createSocket("127.0.0.1", port)) {
            socket.setEnabledProtocols(new String[] {version});
            socket.startHandshake();
            return socket.getSession().getProtocol();
        }
    }

    @Test
    void aNewCertificateAffectsNewConnectionsOnly() throws Exception {
        try (SSLSocket before = (SSLSocket) first.trusted().getSocketFactory().createSocket("127.0.0.1", port)) {
            before.setSoTimeout(10_000);
            assertThat(statusOver(before)).isEqualTo("HTTP/1.1 200 OK");

            write(second);
            certificate.reload();

            assertThat(get(second.trusted()).getPeerCertificates()).containsExactly(second.certificate());
            assertThatThrownBy(() -> get(first.trusted())).isInstanceOf(SSLException.class);
            assertThat(statusOver(before)).isEqualTo("HTTP/1.1 200 OK");
        }
    }

    @Test
    void aCertificateThatIsHalfReplacedIsNotShown() throws Exception {
        Files.writeString(certificateFile, second.certificatePem());
        certificate.reload();
        assertThat(get(first.trusted()).getPeerCertificates()).containsExactly(first.certificate());

        Files.writeString(keyFile, second.keyPem());
        certificate.reload();
        assertThat(get(second.trusted()).getPeerCertificates()).containsExactly(second.certificate());
    }

    private static String statusOver(SSLSocket socket) throws IOException {
        socket.getOutputStream().write("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        StringBuilder answer = new StringBuilder();
        while (!answer.toString().endsWith("{\"status\":\"live\"}")) {
            int next = socket.getInputStream().read();
            if (next < 0) {
                throw new IOException("The connection ended after " + answer);
            }
            answer.append((char) next);
        }
        return answer.substring(0, answer.indexOf("\r\n"));
    }

    private void write(TestCertificate made) throws IOException {
        Files.writeString(certificateFile, made.certificatePem());
        Files.writeString(keyFile, made.keyPem());
    }

    /** Sends a request like a client that verifies the host name of the certificate. */
    private SSLSession get(SSLContext trust) throws IOException {
        try (SSLSocket socket = (SSLSocket) trust.getSocketFactory().createSocket("localhost", port)) {
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
            socket.setSoTimeout(10_000);
            assertThat(statusOver(socket)).isEqualTo("HTTP/1.1 200 OK");
            return socket.getSession();
        }
    }
}

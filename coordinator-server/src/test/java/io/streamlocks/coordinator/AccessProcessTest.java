package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.access.NewToken;
import io.streamlocks.coordinator.access.Principal;
import io.streamlocks.coordinator.access.Role;
import io.streamlocks.testkit.rig.TestCertificate;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests access control of a coordinator in its own process. */
@Tag("process")
class AccessProcessTest {

    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir
    private Path directory;

    private final NewToken reader = NewToken.of(new Principal("r", Role.READER, List.of(), ""), Optional.empty());
    private final NewToken worker = NewToken.of(new Principal("w", Role.WORKER, List.of(), ""), Optional.empty());

    @Test
    void aServerForOtherMachinesWithoutAccessControlDoesNotStart() throws Exception {
        try (CoordinatorProcess coordinator =
                CoordinatorProcess.start(Map.of("HTTP_HOST", "0.0.0.0", "HTTP_PORT", "0", "TLS_KEY_FILE", "x"))) {
            assertThat(coordinator.exitCode(SOON)).isEqualTo(1);
            assertThat(coordinator.err().lines())
                    .hasSize(3)
                    .anyMatch(line -> line.startsWith("HTTP_HOST accepts connections from other machines"))
                    .anyMatch(line -> line.startsWith("TLS_CERTIFICATE_FILE must be set"));
            assertThat(coordinator.out()).isEmpty();
        }
    }

    @Test
    void aRunningServerUsesTokensAndACertificateThatChange() throws Exception {
        TestCertificate first = TestCertificate.make(directory);
        TestCertificate second = TestCertificate.make(directory);
        Path tokens = Files.writeString(directory.resolve("tokens.jsonl"), reader.line());
        Path certificate = Files.writeString(directory.resolve("tls.crt"), first.certificatePem());
        Path key = Files.writeString(directory.resolve("tls.key"), first.keyPem());
        try (CoordinatorProcess coordinator = CoordinatorProcess.start(Map.of(
                "HTTP_HOST", "0.0.0.0",
                "HTTP_PORT", "0",
                "COORDINATOR_TOKENS_FILE", tokens.toString(),
                "TLS_CERTIFICATE_FILE", certificate.toString(),
                "TLS_KEY_FILE", key.toString(),
                "MAX_LEASES_PER_OWNER", "1",
                "SHUTDOWN_DRAIN_MS", "0"))) {
            String url = coordinator.url().replace("0.0.0.0", "localhost");
            assertThat(url).startsWith("https://");
            assertThat(status(first.trusted(), url + "/v1/locks", "")).isEqualTo(401);
            assertThat(status(first.trusted(), url + "/v1/locks", reader.token()))
                    .isEqualTo(200);
            assertThat(status(first.trusted(), url + "/v1/locks/a", worker.token()))
                    .isEqualTo(401);

            Files.writeString(tokens, worker.line());
            await().atMost(SOON).until(() -> status(first.trusted(), url + "/v1/locks/a", worker.token()) == 404);
            assertThat(status(first.trusted(), url + "/v1/locks", reader.token()))
                    .isEqualTo(401);

            Files.writeString(certificate, second.certificatePem());
            Files.writeString(key, second.keyPem());
            await().atMost(SOON).ignoreExceptions().until(() -> status(second.trusted(), url + "/livez", "") == 200);

            assertThat(acquire(second.trusted(), url, "a")).isEqualTo(200);
            assertThat(acquire(second.trusted(), url, "b")).isEqualTo(429);

            coordinator.terminate();
            assertThat(coordinator.exitCode(SOON)).isZero();
            assertThat(coordinator.err()).doesNotContain("slc_", reader.token().substring(4));
        }
    }

    @Test
    void theCommandPrintsATokenAndItsLine() throws Exception {
        try (CoordinatorProcess command = CoordinatorProcess.run("token", "--id", "w", "--role", "worker")) {
            assertThat(command.exitCode(SOON)).isZero();
            assertThat(command.out()).matches("slc_\\S{43}\n\\{\"id\":\"w\",.*}");
            assertThat(command.err()).isEmpty();
        }
        try (CoordinatorProcess command = CoordinatorProcess.run("--port", "8080")) {
            assertThat(command.exitCode(SOON)).isEqualTo(2);
            assertThat(command.out()).isEmpty();
            assertThat(command.err()).contains("There is no command --port", "Usage: java -jar coordinator.jar token");
        }
    }

    private static int status(SSLContext trust, String url, String token) throws IOException, InterruptedException {
        return send(trust, HttpRequest.newBuilder(URI.create(url)).header("Authorization", "Bearer " + token));
    }

    private int acquire(SSLContext trust, String url, String streamId) throws IOException, InterruptedException {
        return send(
                trust,
                HttpRequest.newBuilder(URI.create(url + "/v1/locks/" + streamId + "/acquire"))
                        .header("Authorization", "Bearer " + worker.token())
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString("{\"ownerId\":\"me\"}")));
    }

    /** Each call uses a new connection, which gets the current certificate. */
    private static int send(SSLContext trust, HttpRequest.Builder request) throws IOException, InterruptedException {
        return HttpClient.newBuilder()
                .sslContext(trust)
                .version(HttpClient.Version.HTTP_1_1)
                .build()
                .send(request.timeout(SOON).build(), BodyHandlers.discarding())
                .statusCode();
    }
}

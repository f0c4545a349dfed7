package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.access.NewToken;
import io.streamlocks.coordinator.access.Principal;
import io.streamlocks.coordinator.access.Role;
import io.streamlocks.coordinator.settings.Settings;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RevokedTokenTest {

    @TempDir
    private Path directory;

    @Test
    void aServerShowsThatARevokedTokenIsStillAcceptedWhileTheTokensFileIsBroken() throws Exception {
        NewToken reader = token(Role.READER);
        NewToken leaked = token(Role.OPERATOR);
        Path file = Files.writeString(directory.resolve("tokens"), reader.line() + "\n" + leaked.line());
        try (Coordinator coordinator = new Coordinator(Settings.from(
                Map.of("COORDINATOR_TOKENS_FILE", file.toString(), "HTTP_PORT", "0", "SHUTDOWN_DRAIN_MS", "0")))) {
            URI metrics = URI.create("http://127.0.0.1:" + coordinator.port() + "/metrics");
            String failing = "streamlocks_reload_failing{file=\"tokens\"} ";
            assertThat(get(metrics, reader).body()).contains(failing + "0.0\n");

            Files.writeString(file, reader.line() + "\n{");
            await().untilAsserted(() -> assertThat(get(metrics, reader).body()).contains(failing + "1.0\n"));
            assertThat(get(metrics, leaked).statusCode()).isEqualTo(200);

            Files.writeString(file, reader.line());
            await().untilAsserted(() -> assertThat(get(metrics, reader).body()).contains(failing + "0.0\n"));
            assertThat(get(metrics, leaked).statusCode()).isEqualTo(401);
        }
    }

    private static NewToken token(Role role) {
        return NewToken.of(new Principal("t", role, List.of(), ""), Optional.empty());
    }

    private static HttpResponse<String> get(URI uri, NewToken token) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(uri)
                                .header("Authorization", "Bearer " + token.token())
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }
}

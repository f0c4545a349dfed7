package io.streamlocks.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** The coordinator as a worker without the Java client uses it. */
class InProcessCoordinatorHttpTest {

    @AutoClose
    private final InProcessCoordinator coordinator = new InProcessCoordinator();

    private final HttpClient http = HttpClient.newHttpClient();

    private int acquire(URI stream, String ownerId) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(stream.resolve(stream.getPath() + "/acquire"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"ownerId\":\"" + ownerId + "\",\"ttlMs\":30000}"))
                .build();
        return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    }

    @Test
    void aStreamIsHeldUntilTheClockOfTheCoordinatorReachesTheEndOfItsLease() throws Exception {
        URI stream = coordinator.uri().resolve("/v1/locks/orders");
        assertThat(acquire(stream, "a")).isEqualTo(200);
        assertThat(acquire(stream, "b")).isEqualTo(409);
        coordinator.advance(Duration.ofSeconds(30));
        assertThat(acquire(stream, "b")).isEqualTo(200);
    }
}

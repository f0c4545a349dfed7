package io.streamlocks.coordinator.http;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Locks as a fleet of workers may hold them, for the screenshots in docs/operations.md. */
final class ConsoleDemo {

    private static final List<String> NAMES = List.of(
            "audit/eu", "invoices/eu", "invoices/us", "orders/eu", "orders/fr", "orders/jp", "orders/us", "refunds/eu");

    static final int STREAMS = NAMES.size();

    private ConsoleDemo() {}

    /** Grants all of them, the first long ago; one holder has not renewed in time, and some workers wait. */
    static void fill(TestServer server) {
        List<Map<String, Object>> renewals = new ArrayList<>();
        for (int i = 0; i < STREAMS; i++) {
            String stream = NAMES.get(i);
            int worker = i % 3 + 1;
            String leaseId = server.post(
                            "/v1/batch/acquire",
                            Map.of(
                                    "items",
                                    List.of(Map.of(
                                            "streamId",
                                            stream,
                                            "ownerId",
                                            "worker-" + worker + "-x7f9c",
                                            "ttlMs",
                                            3_600_000,
                                            "labels",
                                            Map.of(
                                                    "pod",
                                                    "worker-" + worker,
                                                    "region",
                                                    stream.substring(stream.length() - 2))))))
                    .jsonPath()
                    .getString("results[0].lease.leaseId");
            renewals.add(Map.of("streamId", stream, "leaseId", leaseId, "ttlMs", 30_000));
            server.clock.advance(Duration.ofSeconds(40L + 137L * (i % 4)));
        }
        Map<String, Object> late = renewals.remove(4);
        server.post("/v1/batch/renew", Map.of("items", List.of(late)));
        server.clock.advance(Duration.ofSeconds(14));
        for (Map<String, Object> renewal : renewals) {
            server.post("/v1/batch/renew", Map.of("items", List.of(renewal)));
            server.clock.advance(Duration.ofMillis(1100));
        }
        ConsoleFixture.queue(server, "orders/eu", "worker-2-x7f9c", Map.of());
        ConsoleFixture.queue(server, "orders/eu", "worker-3-x7f9c", Map.of());
        ConsoleFixture.queue(server, "refunds/eu", "worker-1-x7f9c", Map.of());
    }
}

package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.telemetry.Scrape;
import io.streamlocks.testkit.rig.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests the metrics of a server on PostgreSQL. */
@Tag("postgres")
class ServerMetricsTest {

    private static final Duration SOON = Duration.ofSeconds(20);

    /** {@code examples/monitoring/check.sh} compares the dashboard and the alerts with this file. */
    private static final Path FOR_THE_EXAMPLES = Path.of("target", "metrics.txt");

    @Test
    void aServerReportsItsCallsItsPoolItsLeasesAndItsVirtualMachine() throws Exception {
        try (TestDatabase database = TestDatabase.empty();
                Coordinator coordinator = TestCoordinator.onPostgres(database.url())) {
            coordinator.ready().get(SOON.toSeconds(), TimeUnit.SECONDS);
            HttpCalls calls = HttpCalls.to(coordinator);
            for (String stream : List.of("a", "b")) {
                assertThat(calls.acquire(stream, UUID.randomUUID()).statusCode())
                        .isEqualTo(200);
            }
            System.gc();

            await().atMost(SOON).untilAsserted(() -> {
                String text = calls.get("/metrics").body();
                Scrape scrape = Scrape.of(text);
                assertThat(scrape.value("streamlocks_acquires_total", Map.of("outcome", "granted")))
                        .isEqualTo(2);
                assertThat(scrape.value("hikaricp_connections_max", Map.of("pool", "stream-locks")))
                        .isEqualTo(14);
                assertThat(scrape.value("hikaricp_connections_acquire_seconds_count", Map.of()))
                        .isPositive();
                assertThat(scrape.value(
                                "http_server_requests_seconds_count",
                                Map.of("route", "/v1/locks/{streamId}/acquire", "status", "200")))
                        .isEqualTo(2);
                assertThat(scrape.names())
                        .contains(
                                "jvm_memory_used_bytes",
                                "jvm_threads_live_threads",
                                "jvm_gc_pause_seconds_sum",
                                "process_cpu_usage",
                                "process_uptime_seconds");
                // The first count came before the first lease. The next count is 15 s later.
                assertThat(scrape.value("streamlocks_live_leases", Map.of())).isBetween(0.0, 2.0);
                assertThat(scrape.value("streamlocks_table_rows", Map.of("state", "dead")))
                        .isNotNegative();
                assertThat(scrape.value("streamlocks_database_oldest_transaction_seconds", Map.of()))
                        .isNotNegative();
                Files.writeString(FOR_THE_EXAMPLES, text);
            });
        }
    }

    @Test
    @Tag("slow")
    void withALimitOfLeasesItsCensusIsShownAndOneFailureDoesNotEndIt() throws Exception {
        try (TestDatabase database = TestDatabase.empty();
                Coordinator coordinator =
                        TestCoordinator.onPostgres(database.url(), Map.of("MAX_LEASES_PER_OWNER", "5"))) {
            coordinator.ready().get(SOON.toSeconds(), TimeUnit.SECONDS);
            HttpCalls calls = HttpCalls.to(coordinator);
            assertThat(calls.acquire("a", UUID.randomUUID()).statusCode()).isEqualTo(200);

            // With the limit the leases are counted every 5 s, and without it every 15 s.
            Duration shownWithin = Duration.ofSeconds(12);
            await().atMost(shownWithin).until(() -> liveLeases(calls) == 1);
            database.sql().execute("ALTER TABLE stream_locks RENAME TO not_there");
            await().atMost(shownWithin).until(() -> Double.isNaN(liveLeases(calls)));
            database.sql().execute("ALTER TABLE not_there RENAME TO stream_locks");
            await().atMost(shownWithin).until(() -> liveLeases(calls) == 1);
        }
    }

    private static double liveLeases(HttpCalls calls) throws Exception {
        return Scrape.of(calls.get("/metrics").body()).value("streamlocks_live_leases", Map.of());
    }
}

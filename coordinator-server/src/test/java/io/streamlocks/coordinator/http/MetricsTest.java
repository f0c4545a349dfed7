package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.TestServer.path;
import static io.streamlocks.coordinator.http.TestServer.randomStream;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.restassured.response.Response;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.telemetry.Scrape;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Each counter moves only by the calls that it counts, and no metric names a stream or an owner. */
class MetricsTest {

    @AutoClose
    private final TestServer server = TestServer.open();

    private final String stream = randomStream();
    private final UUID leaseId = UUID.randomUUID();
    private Scrape before = scrape();

    @Test
    void metricsAreTextWhileTheServerStarts() {
        try (TestServer closed = TestServer.closed()) {
            Response response = closed.get("/metrics");
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.contentType()).isEqualTo("text/plain; version=0.0.4; charset=utf-8");
        }
    }

    @Test
    void allCountersExistFromTheBeginning() {
        assertThat(outcomes("streamlocks_acquires_total", "outcome"))
                .containsExactlyInAnyOrder("granted", "held", "awaited", "lease_id_used", "delayed", "blocked");
        assertThat(outcomes("streamlocks_renewals_total", "outcome"))
                .containsExactlyInAnyOrder("renewed", "lost", "blocked");
        assertThat(outcomes("streamlocks_releases_total", "outcome"))
                .containsExactlyInAnyOrder("released", "lost", "blocked");
        assertThat(outcomes("streamlocks_breaks_total", "outcome"))
                .containsExactlyInAnyOrder("broken", "token_changed", "not_locked", "blocked");
        assertThat(outcomes("streamlocks_losses_total", "reason"))
                .containsExactlyInAnyOrder("expired", "superseded", "released", "broken", "unknown");
        for (String name : List.of(
                "streamlocks_queue_wait_seconds_count",
                "streamlocks_statement_seconds_count",
                "streamlocks_statement_failures_total")) {
            assertThat(outcomes(name, "operation"))
                    .containsExactlyInAnyOrder(
                            "acquire", "renew", "release", "break", "find", "list", "history", "queue", "leave",
                            "advance", "look", "waiters", "group");
        }
        assertThat(outcomes("streamlocks_batch_size_count", "operation"))
                .containsExactlyInAnyOrder("acquire", "renew", "release", "break", "queue", "leave", "advance", "look");
    }

    private List<String> outcomes(String name, String label) {
        return before.samples().stream()
                .filter(sample -> sample.name().equals(name))
                .map(sample -> sample.labels().get(label))
                .toList();
    }

    @Test
    void acquiresAreCountedByOutcome() {
        server.acquire(stream, "me", leaseId);
        server.acquire(stream, "me", leaseId);
        server.acquire(stream, "you", UUID.randomUUID());
        server.release(stream, leaseId);
        server.acquire(stream, "me", leaseId);
        server.post(path(stream) + "/acquire", Map.of("ownerId", ""));

        Scrape after = scrape();
        assertThat(moved(after, "streamlocks_acquires_total", "outcome"))
                .isEqualTo(Map.of("granted", 2.0, "held", 1.0, "lease_id_used", 1.0));
        assertThat(moved(after, "streamlocks_releases_total", "outcome")).isEqualTo(Map.of("released", 1.0));
        assertThat(moved(after, "streamlocks_losses_total", "reason")).isEmpty();
    }

    @Test
    void renewalsAndReleasesAreCountedByOutcomeAndLossesByReason() {
        server.acquire(stream, "me", leaseId);
        server.renew(stream, leaseId);
        server.clock.advance(TestServer.DEFAULT_TTL);
        server.renew(stream, leaseId);
        server.release(stream, leaseId);
        UUID later = UUID.randomUUID();
        server.acquire(stream, "you", later);
        server.renew(stream, leaseId);
        server.renew(stream, UUID.randomUUID());
        server.release(stream, later);
        server.release(stream, later);
        server.renew(stream, later);

        Scrape after = scrape();
        assertThat(moved(after, "streamlocks_renewals_total", "outcome"))
                .isEqualTo(Map.of("renewed", 1.0, "lost", 4.0));
        assertThat(moved(after, "streamlocks_releases_total", "outcome"))
                .isEqualTo(Map.of("released", 2.0, "lost", 1.0));
        assertThat(moved(after, "streamlocks_losses_total", "reason"))
                .isEqualTo(Map.of("expired", 2.0, "superseded", 1.0, "unknown", 1.0, "released", 1.0));
    }

    @Test
    void breaksAreCountedByOutcomeAndConsequence() {
        server.acquire(stream, "me", leaseId);
        breakLease(Map.of("reason", "test", "expectedFencingToken", 1));
        breakLease(Map.of("reason", "test", "delayMs", 60_000));
        breakLease(Map.of("reason", "test"));
        server.renew(stream, leaseId);
        server.acquire(stream, "you", UUID.randomUUID());
        server.acquire(stream + "1", "dead", UUID.randomUUID());
        server.acquire(stream + "2", "dead", UUID.randomUUID());
        assertThat(server.post("/v1/owners/dead/break", Map.of("reason", "test"))
                        .statusCode())
                .isEqualTo(200);

        Scrape after = scrape();
        assertThat(moved(after, "streamlocks_breaks_total", "outcome"))
                .isEqualTo(Map.of("broken", 3.0, "token_changed", 1.0, "not_locked", 1.0));
        assertThat(moved(after, "streamlocks_losses_total", "reason")).isEqualTo(Map.of("broken", 1.0));
        assertThat(moved(after, "streamlocks_acquires_total", "outcome"))
                .isEqualTo(Map.of("granted", 3.0, "delayed", 1.0));
        assertThat(moved(after, "streamlocks_statement_seconds_count", "operation"))
                .containsEntry("break", 3.0);
    }

    private void breakLease(Map<String, ?> body) {
        server.post(path(stream) + "/break", body);
    }

    @Test
    void aBatchIsCountedByItemAndMeasuredAsOneStatement() {
        List<Map<String, Object>> items = IntStream.range(0, 5)
                .mapToObj(i -> Map.<String, Object>of("streamId", stream + (i % 4), "ownerId", "me"))
                .toList();
        server.post("/v1/batch/acquire", Map.of("items", items));

        Scrape after = scrape();
        assertThat(moved(after, "streamlocks_acquires_total", "outcome"))
                .isEqualTo(Map.of("granted", 4.0, "held", 1.0));
        assertThat(moved(after, "streamlocks_batch_size_count", "operation")).isEqualTo(Map.of("acquire", 1.0));
        assertThat(moved(after, "streamlocks_batch_size_sum", "operation")).isEqualTo(Map.of("acquire", 5.0));
        assertThat(moved(after, "streamlocks_statement_seconds_count", "operation"))
                .isEqualTo(Map.of("acquire", 1.0));
        assertThat(moved(after, "streamlocks_queue_wait_seconds_count", "operation"))
                .isEqualTo(Map.of("acquire", 1.0));
    }

    @Test
    void aRefusedItemIsNotCounted() {
        server.postBadItems("/v1/batch/acquire", String.format(Locale.ROOT, """
                {"items": [{"streamId": "%s", "ownerId": "me"}, {"streamId": ""}]}""", stream));

        Scrape after = scrape();
        assertThat(moved(after, "streamlocks_acquires_total", "outcome")).isEqualTo(Map.of("granted", 1.0));
        assertThat(moved(after, "streamlocks_batch_size_sum", "operation")).isEqualTo(Map.of("acquire", 1.0));
    }

    @Test
    void readsAreMeasuredAndProbesAreNot() {
        server.get(path(stream));
        server.get("/v1/locks");
        server.get("/v1/locks");
        server.get("/v1/history");
        server.get(path(stream) + "/history");
        server.get("/readyz");

        Scrape after = scrape();
        assertThat(moved(after, "streamlocks_statement_seconds_count", "operation"))
                .isEqualTo(Map.of("find", 1.0, "list", 2.0, "history", 2.0));
        assertThat(moved(after, "streamlocks_queue_wait_seconds_count", "operation"))
                .isEqualTo(Map.of("find", 1.0, "list", 2.0, "history", 2.0));
    }

    @Test
    void aFailedStatementIsCountedAsSuchAndNotAsAnOutcome() {
        try (TestServer away = TestServer.of(new FailingLockManager(() -> new StorageUnavailableException("away")))) {
            before = scrape(away);
            away.acquire(stream, "me", leaseId);
            away.renew(stream, leaseId);
            away.get(path(stream));

            Scrape after = scrape(away);
            assertThat(moved(after, "streamlocks_statement_failures_total", "operation"))
                    .isEqualTo(Map.of("acquire", 1.0, "renew", 1.0, "find", 1.0));
            assertThat(moved(after, "streamlocks_statement_seconds_count", "operation"))
                    .isEqualTo(Map.of("acquire", 1.0, "renew", 1.0, "find", 1.0));
            assertThat(moved(after, "streamlocks_acquires_total", "outcome")).isEmpty();
            assertThat(moved(after, "streamlocks_renewals_total", "outcome")).isEmpty();
        }
    }

    @Test
    void callsAreTimedByMethodRouteAndStatus() {
        server.acquire(stream, "me", leaseId);
        server.acquire(stream, "you", UUID.randomUUID());
        server.get(path(stream));
        server.get("/nowhere/" + stream);
        server.request().delete(path(stream));
        RawHttp.send(server.port, RawHttp.request("HEAD", path(stream), ""));
        RawHttp.send(server.port, RawHttp.request("BREW", path(stream), ""));
        RawHttp.send(server.port, "no HTTP at all\r\n\r\n".getBytes(StandardCharsets.UTF_8));
        server.gate.beginDraining();
        server.gate.grantNothing();
        server.acquire(stream, "me", leaseId);

        await().untilAsserted(() -> {
            Scrape after = scrape();
            assertThat(calls(after, "POST", "/v1/locks/{streamId}/acquire", 200))
                    .isEqualTo(1);
            assertThat(calls(after, "POST", "/v1/locks/{streamId}/acquire", 409))
                    .isEqualTo(1);
            assertThat(calls(after, "GET", "/v1/locks/{streamId}", 200)).isEqualTo(1);
            assertThat(calls(after, "HEAD", "/v1/locks/{streamId}", 200)).isEqualTo(1);
            assertThat(calls(after, "GET", "none", 404)).isEqualTo(1);
            assertThat(calls(after, "DELETE", "none", 405)).isEqualTo(1);
            assertThat(calls(after, "_OTHER", "none", 405)).isEqualTo(1);
            // This is not HTTP, so it has no method.
            assertThat(after.samples())
                    .filteredOn(sample -> sample.name().equals("http_server_requests_seconds_count")
                            && sample.labels().get("status").equals("400"))
                    .singleElement()
                    .satisfies(sample -> assertThat(sample.labels()).containsEntry("route", "none"));
            assertThat(calls(after, "POST", "/v1/locks/{streamId}/acquire", 503))
                    .isEqualTo(1);
        });
    }

    private static double calls(Scrape scrape, String method, String route, int status) {
        return scrape.value(
                "http_server_requests_seconds_count",
                Map.of("method", method, "route", route, "status", Integer.toString(status)));
    }

    @Test
    void noLabelNamesAStreamAnOwnerALeaseOrARequest() {
        String odd = "Ödd \"stream\"/" + UUID.randomUUID();
        String owner = "owner-" + UUID.randomUUID();
        String requestId = "request-" + UUID.randomUUID();
        server.acquire(odd, owner, leaseId);
        server.acquire(odd, owner + "2", UUID.randomUUID());
        server.renew(odd, leaseId);
        server.get(path(odd));
        server.get("/v1/locks?ownerId=" + TestServer.encoded(owner) + "&prefix=" + TestServer.encoded(odd));
        server.get("/" + TestServer.encoded(odd));
        server.request().header("X-Request-Id", requestId).get(path(odd) + "/nowhere");
        server.release(odd, leaseId);
        server.request().header("User-Agent", owner).get("/v1/locks/");

        await().untilAsserted(() -> assertThat(calls(scrape(), "POST", "/v1/locks/{streamId}/release", 204))
                .isEqualTo(1));
        for (Scrape.Sample sample : scrape().samples()) {
            assertThat(sample.labels().keySet())
                    .as(sample.name())
                    .isSubsetOf("outcome", "reason", "operation", "le", "method", "route", "status");
            assertThat(sample.labels().values())
                    .as(sample.name())
                    .allMatch(value -> value.matches("[a-z_]+|[A-Z_]+|[0-9.E+-]+|\\+Inf|/[a-z0-9{}I/.]*"));
        }
        assertThat(server.get("/metrics").asString())
                .doesNotContain(owner, leaseId.toString(), requestId, "dd%20", "Ödd", odd.substring(odd.indexOf('/')));
    }

    @Test
    void waitsAndStatementsHaveBucketsForQuantiles() {
        server.acquire(stream, "me", leaseId);
        Scrape after = scrape();
        for (String name : List.of("streamlocks_queue_wait_seconds", "streamlocks_statement_seconds")) {
            assertThat(after.value(name + "_bucket", Map.of("operation", "acquire", "le", "0.001")))
                    .isLessThanOrEqualTo(1);
            assertThat(after.value(name + "_bucket", Map.of("operation", "acquire", "le", "+Inf")))
                    .isEqualTo(1);
            assertThat(after.value(name + "_sum", Map.of("operation", "acquire")))
                    .isPositive();
        }
    }

    private Map<String, Double> moved(Scrape after, String name, String label) {
        return after.movedSince(before, name, label);
    }

    private Scrape scrape() {
        return scrape(server);
    }

    private static Scrape scrape(TestServer of) {
        return Scrape.of(of.get("/metrics").asString());
    }
}

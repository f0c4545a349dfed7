package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.TestServer.path;
import static io.streamlocks.coordinator.http.TestServer.randomStream;
import static io.streamlocks.coordinator.telemetry.TraceCollector.attributes;
import static io.streamlocks.coordinator.telemetry.TraceCollector.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import io.streamlocks.coordinator.telemetry.TraceCollector;
import io.streamlocks.coordinator.telemetry.Tracing;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Tests what a collector receives about calls. */
@Execution(ExecutionMode.CONCURRENT)
class TracingTest {

    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String CLIENT_SPAN = "b7ad6b7169203331";

    private static TraceCollector collector;
    private static TestServer server;

    private final String stream = randomStream();
    private final UUID leaseId = UUID.randomUUID();
    private final String requestId = "r-" + UUID.randomUUID();

    @BeforeAll
    static void start() throws Exception {
        collector = new TraceCollector();
        server = TestServer.of(
                new MemoryLockManager(new MonotonicClock(), true), Tracing.to(collector.uri(), "locks-under-test"));
    }

    @AfterAll
    static void stop() {
        server.close();
        collector.close();
    }

    @Test
    void aCallContinuesTheTraceOfItsClientAndReturnsItsSpan() {
        Response response = acquire(traced(server).header("traceparent", "00-" + TRACE + "-" + CLIENT_SPAN + "-01"));

        Span span = collector.ofCall(requestId);
        assertThat(hex(span.getTraceId())).isEqualTo(TRACE);
        assertThat(hex(span.getParentSpanId())).isEqualTo(CLIENT_SPAN);
        assertThat(response.header("traceparent")).isEqualTo("00-" + TRACE + "-" + hex(span.getSpanId()) + "-01");
    }

    @Test
    void aCallIsNamedByItsRouteAndRecordsItsOutcome() {
        acquire(traced(server));

        Span span = collector.ofCall(requestId);
        assertThat(span.getName()).isEqualTo("POST /v1/locks/{streamId}/acquire");
        assertThat(span.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_SERVER);
        assertThat(attributes(span))
                .isEqualTo(Map.of(
                        "http.request.method", "POST",
                        "http.route", "/v1/locks/{streamId}/acquire",
                        "http.response.status_code", "200",
                        "streamlocks.stream_id", stream,
                        "streamlocks.request_id", requestId));
        assertThat(collector.resource())
                .containsEntry("service.name", "locks-under-test")
                .containsKey("service.instance.id");
    }

    @Test
    void theStatementIsAChildOfTheCallAndWithinItsTime() {
        acquire(traced(server));

        Span call = collector.ofCall(requestId);
        Span statement = collector.childrenOf(call, 1).get(0);
        assertThat(statement.getTraceId()).isEqualTo(call.getTraceId());
        assertThat(statement.getName()).isEqualTo("statement acquire");
        assertThat(attributes(statement))
                .isEqualTo(Map.of("streamlocks.operation", "acquire", "streamlocks.batch_size", "1"));
        assertThat(statement.getStartTimeUnixNano()).isGreaterThanOrEqualTo(call.getStartTimeUnixNano());
        assertThat(statement.getEndTimeUnixNano())
                .isGreaterThanOrEqualTo(statement.getStartTimeUnixNano())
                .isLessThanOrEqualTo(call.getEndTimeUnixNano());
    }

    @Test
    void aCallThatWaitsRecordsWhenItsWaitBeganAndHowLongItTook() {
        UUID held = UUID.randomUUID();
        server.acquire(stream, "you", held);
        // The common pool has as many threads as the machine has cores, and other tests use them.
        CompletableFuture<Response> waits =
                CompletableFuture.supplyAsync(() -> acquire(traced(server), 20_000), task -> new Thread(task).start());
        await().until(() -> waiters() == 1);
        server.release(stream, held);
        assertThat(waits.join().statusCode()).isEqualTo(200);

        Span call = collector.ofCall(requestId);
        Span.Event began = call.getEvents(0);
        assertThat(began.getName()).isEqualTo("wait begins");
        assertThat(began.getTimeUnixNano()).isBetween(call.getStartTimeUnixNano(), call.getEndTimeUnixNano());
        long afterwards = call.getEndTimeUnixNano() - began.getTimeUnixNano();
        assertThat(Long.parseLong(attributes(call).get("streamlocks.waited_ms")))
                .isBetween(0L, TimeUnit.NANOSECONDS.toMillis(afterwards) + 1);
    }

    private int waiters() {
        return server.get(path(stream) + "/waiters")
                .jsonPath()
                .getList("waiters")
                .size();
    }

    @Test
    void aCallThatCouldHaveWaitedAndDidNotRecordsNoWait() {
        acquire(traced(server), 20_000);
        Span call = collector.ofCall(requestId);
        assertThat(attributes(call)).doesNotContainKey("streamlocks.waited_ms");
        assertThat(call.getEventsCount()).isZero();
    }

    @Test
    void aBatchRecordsItsSize() {
        List<Map<String, Object>> items = IntStream.range(0, 20)
                .mapToObj(i -> Map.<String, Object>of("streamId", stream + i, "leaseId", UUID.randomUUID()))
                .toList();
        traced(server)
                .contentType("application/json")
                .body(Map.of("items", items))
                .post("/v1/batch/renew");

        Span statement = collector.childrenOf(collector.ofCall(requestId), 1).get(0);
        assertThat(attributes(statement))
                .isEqualTo(Map.of("streamlocks.operation", "renew", "streamlocks.batch_size", "20"));
    }

    @Test
    void aProbeHasAChildToo() {
        traced(server).get("/readyz");
        assertThat(collector.childrenOf(collector.ofCall(requestId), 1).get(0).getName())
                .isEqualTo("statement check");
    }

    @Test
    void aServerErrorIsAnErrorInTheTraceAndRevealsNoSecret() throws Exception {
        try (TraceCollector other = new TraceCollector();
                TestServer away = TestServer.of(
                        new FailingLockManager(() ->
                                new StorageUnavailableException("secret-host", new IllegalStateException("secret"))),
                        Tracing.to(other.uri(), "away"))) {
            assertThat(acquire(traced(away)).statusCode()).isEqualTo(503);

            Span call = other.ofCall(requestId);
            assertThat(call.getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_ERROR);
            assertThat(attributes(call)).containsEntry("error.type", "503");
            Span statement = other.childrenOf(call, 1).get(0);
            assertThat(statement.getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_ERROR);
            assertThat(attributes(statement)).containsEntry("error.type", StorageUnavailableException.class.getName());
            assertThat(other.text()).doesNotContain("secret", leaseId.toString());
        }
    }

    @Test
    void aRefusalIsNotAServerError() {
        traced(server).get("/v1/locks?pageSize=0");
        Span span = collector.ofCall(requestId);
        assertThat(span.getName()).isEqualTo("GET /v1/locks");
        assertThat(span.getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_UNSET);
    }

    @Test
    void aPathWithoutARouteIsNotRecorded() {
        traced(server).get("/nowhere/" + leaseId);
        assertThat(collector.ofCall(requestId).getName()).isEqualTo("GET");
        assertThat(collector.text()).doesNotContain(leaseId.toString());
    }

    @Test
    void noLeaseIdIsRecorded() {
        acquire(traced(server));
        server.renew(stream, leaseId);
        server.release(stream, leaseId);
        collector.ofCall(requestId);
        server.get("/livez");
        String last = "last-" + requestId;
        server.request().header("X-Request-Id", last).get("/livez");
        collector.ofCall(last);
        assertThat(collector.text()).contains(stream).doesNotContain(leaseId.toString());
    }

    @Test
    void aTraceThatItsClientDoesNotSampleIsNotRecorded() {
        String ofUnrecorded = "unrecorded-" + requestId;
        Response response = acquire(server.request()
                .header("X-Request-Id", ofUnrecorded)
                .header("traceparent", "00-" + TRACE + "-" + CLIENT_SPAN + "-00"));
        assertThat(response.header("traceparent"))
                .startsWith("00-" + TRACE + "-")
                .endsWith("-00");
        acquire(traced(server));
        collector.ofCall(requestId);
        assertThat(collector.text()).doesNotContain(ofUnrecorded);
    }

    @Test
    void anInvalidTraceparentBeginsANewTrace() {
        Response response = acquire(traced(server).header("traceparent", "00-nonsense-01"));
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(collector.ofCall(requestId).getParentSpanId().isEmpty()).isTrue();
    }

    @Test
    void withoutACollectorNothingIsTraced() {
        try (TestServer untraced = TestServer.open()) {
            Response response =
                    acquire(traced(untraced).header("traceparent", "00-" + TRACE + "-" + CLIENT_SPAN + "-01"));
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.header("traceparent")).isNull();
        }
    }

    @Test
    void aMissingCollectorAffectsNoCallAndNoStop() {
        try (TestServer alone = TestServer.of(
                new MemoryLockManager(new MonotonicClock(), true),
                Tracing.to(java.net.URI.create("http://127.0.0.1:9"), "alone"))) {
            assertThat(acquire(traced(alone)).statusCode()).isEqualTo(200);
        }
    }

    private RequestSpecification traced(TestServer to) {
        return to.request().header("X-Request-Id", requestId);
    }

    private Response acquire(RequestSpecification request) {
        return acquire(request, 0);
    }

    private Response acquire(RequestSpecification request, int waitMs) {
        return request.contentType("application/json")
                .body(Json.write(Map.of("ownerId", "me", "leaseId", leaseId, "waitMs", waitMs)))
                .post(path(stream) + "/acquire");
    }
}

package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.streamlocks.testkit.rig.TestDatabase;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Tests both formats of the log. The lines of a call contain its id even if another thread writes them. */
@Tag("postgres")
@Tag("process")
class LogFormatTest {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Duration SOON = Duration.ofSeconds(20);

    private final UUID leaseId = UUID.randomUUID();
    private final String requestId = "r-" + UUID.randomUUID();

    @Test
    void jsonIsOneObjectPerLineWithTheRequestIdAndNoLeaseId() throws Exception {
        String err = logOfACallThatFails("json");

        List<JsonNode> lines = err.lines().map(LogFormatTest::json).toList();
        assertThat(lines).isNotEmpty().allSatisfy(line -> {
            assertThat(line.path("level").asText()).isIn("INFO", "WARN", "ERROR");
            assertThat(line.path("timestamp").isIntegralNumber()).isTrue();
            assertThat(line.path("loggerName").asText()).isNotBlank();
            assertThat(line.path("threadName").asText()).isNotBlank();
            assertThat(line.path("formattedMessage").asText()).isNotBlank();
        });
        assertThat(lines)
                .filteredOn(line -> line.path("mdc").path("requestId").asText().equals(requestId))
                .singleElement()
                .satisfies(line ->
                        assertThat(line.path("formattedMessage").asText()).contains("PostgreSQL failed to renew"));
        assertThat(err).doesNotContain(leaseId.toString());
    }

    @Test
    void textIsOneLineWithTheRequestIdAndNoLeaseId() throws Exception {
        String err = logOfACallThatFails("text");

        assertThat(err.lines())
                .filteredOn(line -> line.contains(requestId))
                .singleElement()
                .satisfies(line -> {
                    assertThat(line)
                            .matches("\\S+Z WARN  \\[.*] HttpServer - \\[" + requestId
                                    + "] PostgreSQL failed to renew.*");
                });
        assertThat(err).doesNotContain(leaseId.toString());
    }

    @Test
    @Tag("slow")
    void librariesThatLogInAnotherWayLogJsonAsWell() throws Exception {
        // The trace exporter uses java.util.logging to report that no collector accepts its traces.
        try (CoordinatorProcess coordinator = CoordinatorProcess.start(
                Map.of("HTTP_PORT", "0", "LOG_FORMAT", "json", "OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"))) {
            assertThat(new HttpCalls(coordinator.url()).get("/livez").statusCode())
                    .isEqualTo(200);
            await().atMost(SOON).until(() -> !coordinator.err().isEmpty());
            coordinator.terminate();
            assertThat(coordinator.exitCode(SOON)).isZero();
            assertThat(coordinator.err().lines().map(LogFormatTest::json))
                    .allSatisfy(
                            line -> assertThat(line.path("loggerName").asText()).startsWith("io.opentelemetry"));
        }
    }

    @Test
    void anOlderPostgresCausesNoWarning() {
        assertThat(LoggerFactory.getLogger("org.jooq.impl.DefaultExecuteContext.logVersionSupport")
                        .isWarnEnabled())
                .isFalse();
    }

    /** Returns the log of a renewal that waits too long for the table. */
    private String logOfACallThatFails(String format) throws Exception {
        try (TestDatabase database = TestDatabase.empty();
                CoordinatorProcess coordinator = CoordinatorProcess.start(Map.of(
                        "LOCK_BACKEND", "postgres",
                        "DATABASE_URL", database.url(),
                        "DATABASE_STATEMENT_TIMEOUT_MS", "500",
                        "HTTP_PORT", "0",
                        "SHUTDOWN_DRAIN_MS", "0",
                        "LOG_FORMAT", format))) {
            String url = coordinator.url();
            assertThat(new HttpCalls(url).acquire("a", leaseId).statusCode()).isEqualTo(200);
            try (Connection transaction = database.transaction();
                    PreparedStatement lock =
                            transaction.prepareStatement("LOCK TABLE stream_locks IN ACCESS EXCLUSIVE MODE")) {
                lock.execute();
                HttpResponse<String> answer = HttpClient.newHttpClient()
                        .send(
                                HttpRequest.newBuilder(URI.create(url + "/v1/locks/a/renew"))
                                        .header("Content-Type", "application/json")
                                        .header("X-Request-Id", requestId)
                                        .POST(BodyPublishers.ofString("{\"leaseId\":\"" + leaseId + "\"}"))
                                        .build(),
                                BodyHandlers.ofString());
                assertThat(answer.statusCode()).isEqualTo(503);
                assertThat(answer.body()).contains("\"requestId\":\"" + requestId + "\"");
            }
            coordinator.terminate();
            assertThat(coordinator.exitCode(SOON)).isZero();
            return coordinator.err();
        }
    }

    private static JsonNode json(String line) {
        try {
            JsonNode node = MAPPER.readTree(line);
            assertThat(node.isObject()).as(line).isTrue();
            return node;
        } catch (java.io.IOException e) {
            throw new AssertionError("No JSON: " + line, e);
        }
    }
}

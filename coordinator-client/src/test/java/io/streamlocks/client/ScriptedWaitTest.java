package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tests what a client that waits does after answers that a real server seldom gives. */
class ScriptedWaitTest extends ScriptedServer {

    private static final Duration LONG = Duration.ofMinutes(5);

    private final ObjectMapper json = new ObjectMapper();
    private final List<JsonNode> acquires = new CopyOnWriteArrayList<>();
    private final List<JsonNode> releases = new CopyOnWriteArrayList<>();
    private StreamLockClient worker;

    private interface Answer {
        void to(HttpExchange exchange, JsonNode item, int call) throws IOException;
    }

    @BeforeEach
    void connect() {
        worker = StreamLockClient.builder(uri()).build();
    }

    @AfterEach
    void close() {
        worker.close();
    }

    private void answerAcquires(Answer answer) {
        server.createContext("/", exchange -> {
            JsonNode body = json.readTree(exchange.getRequestBody().readAllBytes());
            JsonNode items = body.required("items");
            if (exchange.getRequestURI().getPath().endsWith("release")) {
                items.forEach(releases::add);
                reply(exchange, 200, "application/json", released(items.size()));
                return;
            }
            acquires.add(body);
            answer.to(exchange, items.required(0), acquires.size());
        });
    }

    private static String released(int count) {
        return "{\"results\": [" + String.join(", ", Collections.nCopies(count, "{\"status\": 204}")) + "]}";
    }

    private static void results(HttpExchange exchange, JsonNode item, String result) throws IOException {
        reply(
                exchange,
                200,
                "application/json",
                String.format(
                        Locale.ROOT, "{\"results\": [{\"streamId\": %s, %s}]}", item.required("streamId"), result));
    }

    private static void refuse(HttpExchange exchange, JsonNode item, int status, String code) throws IOException {
        results(exchange, item, "\"status\": " + status + ", \"problem\": " + problem(status, code));
    }

    private static String problem(int status, String code) {
        return String.format(
                Locale.ROOT,
                "{\"type\": \"x\", \"title\": \"x\", \"status\": %d, \"code\": \"%s\", \"detail\": \"x\"}",
                status,
                code);
    }

    private static void grant(HttpExchange exchange, JsonNode item) throws IOException {
        results(exchange, item, String.format(Locale.ROOT, """
                "status": 200, "lease": {"streamId": %s, "leaseId": %s, "ownerId": "pod", "fencingToken": 7,
                    "ttlMs": 30000, "expiresInMs": 30000}""", item.required("streamId"), item.required("leaseId")));
    }

    private String leaseId(int call) {
        return acquires.get(call)
                .required("items")
                .required(0)
                .required("leaseId")
                .asText();
    }

    @Test
    void aCallAsksTheCoordinatorToWaitForAsLongAsItMay() {
        answerAcquires((exchange, item, call) -> grant(exchange, item));
        assertThat(worker.acquire("orders", LONG)).isPresent();
        assertThat(worker.acquire("orders", Duration.ofMillis(1500))).isPresent();
        assertThat(worker.tryAcquire("orders")).isPresent();
        assertThat(acquires.get(0).required("waitMs").asLong()).isEqualTo(20_000);
        assertThat(acquires.get(1).required("waitMs").asLong()).isBetween(1000L, 1500L);
        assertThat(acquires.get(2).has("waitMs")).isFalse();
    }

    @Test
    void aWaitIsRepeatedWithItsLeaseIdAfterADrainingServerAndABrokenConnection() {
        answerAcquires((exchange, item, call) -> {
            if (call == 1) {
                reply(exchange, 503, "application/problem+json", problem(503, "draining"));
            } else if (call == 2) {
                exchange.close();
            } else if (call == 3) {
                refuse(exchange, item, 409, "lock-held");
            } else {
                grant(exchange, item);
            }
        });
        assertThat(worker.acquire("orders", LONG)).isPresent();
        assertThat(acquires).hasSize(4);
        assertThat(List.of(leaseId(1), leaseId(2), leaseId(3))).containsOnly(leaseId(0));
        assertThat(releases).isEmpty();
    }

    @Test
    void aLeaseIdThatIsUsedIsReplaced() {
        answerAcquires((exchange, item, call) -> {
            if (call == 1) {
                refuse(exchange, item, 409, "lease-id-used");
            } else {
                grant(exchange, item);
            }
        });
        assertThat(worker.acquire("orders", LONG)).isPresent();
        assertThat(leaseId(1)).isNotEqualTo(leaseId(0));
    }

    @Test
    void aServerThatDoesNotWaitIsNotAskedAgainAtOnce() {
        answerAcquires((exchange, item, call) -> refuse(exchange, item, 409, "lock-awaited"));
        assertThat(worker.acquire("orders", Duration.ofSeconds(1))).isEmpty();
        // The pauses begin at 50 ms, and each is twice as long as the one before.
        assertThat(acquires).hasSizeBetween(2, 7);
    }

    @Test
    void tooManyWaitersAreReportedIfThereIsNoTimeToTryAgain() {
        answerAcquires((exchange, item, call) -> refuse(exchange, item, 429, "too-many-waiters"));
        assertThatThrownBy(() -> worker.acquire("orders", Duration.ofMillis(500)))
                .isInstanceOfSatisfying(CoordinatorUnavailableException.class, e -> {
                    assertThat(e.retryAfter()).contains(Duration.ofSeconds(1));
                    assertThat(e.isWithoutEffect()).isTrue();
                    assertThat(e.streamId()).contains("orders");
                });
        assertThat(acquires).hasSize(1);
    }

    @Test
    void aRefusalEndsTheWaitAtOnce() {
        answerAcquires((exchange, item, call) -> refuse(exchange, item, 403, "forbidden"));
        assertThatThrownBy(() -> worker.acquire("orders", LONG))
                .isInstanceOfSatisfying(CoordinatorRefusedException.class, e -> assertThat(e.status())
                        .isEqualTo(403));
        assertThat(acquires).hasSize(1);
    }

    @Test
    void theConnectionOfAWaitIsUsedAgain() {
        answerAcquires((exchange, item, call) -> {
            exchanges.add(exchange);
            grant(exchange, item);
        });
        for (int i = 0; i < 3; i++) {
            assertThat(worker.acquire("orders", LONG)).isPresent();
        }
        assertThat(exchanges.stream().map(HttpExchange::getRemoteAddress).distinct())
                .hasSize(1);
    }
}

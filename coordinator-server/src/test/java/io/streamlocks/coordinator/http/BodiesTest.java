package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.access.Principal;
import io.streamlocks.coordinator.access.Role;
import io.streamlocks.coordinator.http.jetty.ClientLimits;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bodies of one caller do not take the memory for the bodies of others. */
class BodiesTest {

    private static final Duration LONG = Duration.ofMinutes(5);

    /** A batch without items. */
    private static final byte[] LARGE = ("{\"items\":[" + " ".repeat(800_000) + "]}").getBytes(StandardCharsets.UTF_8);

    private static final byte[] SMALL = "{\"items\":[]}".getBytes(StandardCharsets.UTF_8);

    @TempDir
    private Path directory;

    private String greedy;
    private String other;
    private String operator;
    private Guards guards;

    @BeforeEach
    void makeTokens() {
        TestTokens tokens = new TestTokens(directory);
        greedy = tokens.add(new Principal("greedy", Role.WORKER, List.of("greedy-"), ""));
        other = tokens.add(new Principal("other", Role.WORKER, List.of("other-"), ""));
        operator = tokens.add(Role.OPERATOR);
        guards = tokens.guards();
    }

    private TestServer server(Duration body, int heldBytes) {
        return TestServer.guarded(guards, new ClientLimits(10_000, LONG, body, heldBytes));
    }

    private static SlowCrowd sent(SlowCrowd crowd) {
        await().until(crowd::hasSentAll);
        return crowd;
    }

    /** Returns the head of a call with a large body, and the first half of the body. */
    private static String half(String path, String token) {
        return part(path, token, 500_000);
    }

    private static String part(String path, String token, int bytes) {
        return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + (token.isEmpty() ? "" : "Authorization: Bearer " + token + "\r\n")
                + "Content-Length: 900000\r\n\r\n" + " ".repeat(bytes);
    }

    @Test
    void nothingIsKeptForAnUnknownCaller() {
        try (TestServer server = server(LONG, 1024 * 1024);
                SlowCrowd strangers = SlowCrowd.of(20, server.port, half("/v1/batch/renew", ""), " ");
                SlowCrowd liars = SlowCrowd.of(20, server.port, half("/v1/batch/renew", "made-up"), " ");
                SlowCrowd probes = SlowCrowd.of(20, server.port, half("/livez", ""), " ")) {
            await().untilAsserted(() -> assertThat(strangers.hasSentAll() && liars.hasSentAll() && probes.hasSentAll())
                    .isTrue());
            assertThat(server.as(other).post("/v1/batch/renew", LARGE).statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void aCallerLeavesRoomForOthers() {
        String most = part("/v1/batch/renew", greedy, 850_000);
        try (TestServer server = server(LONG, 4 * 1024 * 1024);
                // Each is read before the next one comes. Bodies that grow at the same time can all be refused.
                SlowCrowd first = sent(SlowCrowd.of(1, server.port, most, ""));
                SlowCrowd second = sent(SlowCrowd.of(1, server.port, most, ""));
                SlowCrowd third = sent(SlowCrowd.of(1, server.port, most, ""))) {
            assertProblem(server.as(greedy).post("/v1/batch/renew", LARGE), 503, "overloaded", null);
            // A small one fits in nevertheless.
            assertThat(server.as(greedy).post("/v1/batch/renew", SMALL).statusCode())
                    .isEqualTo(200);
            assertThat(server.as(other).post("/v1/batch/renew", LARGE).statusCode())
                    .isEqualTo(200);
            assertThat(refusals(server, "body_memory")).isEqualTo(1);
            assertThat(first.left() + second.left() + third.left()).isEqualTo(3);
        }
        try (TestServer server = server(LONG, 4 * 1024 * 1024)) {
            assertThat(server.as(greedy).post("/v1/batch/renew", LARGE).statusCode())
                    .isEqualTo(200);
            // The memory is given back.
            assertThat(server.as(greedy).post("/v1/batch/renew", LARGE).statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void aBodyThatTakesTooLongEndsItsConnection() {
        try (TestServer server = server(Duration.ofSeconds(1), 4 * 1024 * 1024);
                SlowCrowd trickling = SlowCrowd.of(20, server.port, half("/v1/batch/renew", greedy), " ");
                SlowCrowd silent = SlowCrowd.of(20, server.port, half("/v1/batch/renew", ""), "")) {
            await().untilAsserted(
                            () -> assertThat(trickling.left() + silent.left()).isZero());
            assertThat(refusals(server, "slow_body")).isGreaterThanOrEqualTo(20);
            assertThat(server.as(greedy).post("/v1/batch/renew", LARGE).statusCode())
                    .isEqualTo(200);
        }
    }

    private double refusals(TestServer server, String reason) {
        String name = "streamlocks_refusals_total{reason=\"" + reason + "\"} ";
        return server.as(operator)
                .get("/metrics")
                .asString()
                .lines()
                .filter(line -> line.startsWith(name))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
                .sum();
    }
}

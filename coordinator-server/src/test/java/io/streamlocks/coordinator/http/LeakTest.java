package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.assertProblem;
import static io.streamlocks.coordinator.http.ProblemAssertions.json;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.restassured.response.Response;
import io.streamlocks.coordinator.access.Principal;
import io.streamlocks.coordinator.access.Role;
import io.streamlocks.testkit.rig.Logback;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** A refusal reveals neither what exists nor what is wrong with a token. */
@Isolated
class LeakTest {

    private static final String PREFIX = "the-secret-prefix/";

    private static TestServer server;
    private static String admin;
    private static String limited;
    private static String expired;
    private static String loggedOnce;

    private final String held = "orders/" + UUID.randomUUID();
    private final String free = "orders/" + UUID.randomUUID();
    private final UUID leaseId = UUID.randomUUID();

    @BeforeAll
    static void start(@TempDir Path directory) {
        TestTokens tokens = new TestTokens(directory);
        Principal someStreams = new Principal("limited", Role.OPERATOR, List.of(PREFIX), "the-secret-owner-");
        admin = tokens.add(Role.OPERATOR);
        limited = tokens.add(someStreams);
        expired = tokens.addExpired(new Principal("expired", Role.OPERATOR, List.of(), ""));
        loggedOnce = tokens.addExpired(new Principal("logged", Role.OPERATOR, List.of(), ""));
        server = TestServer.guarded(tokens.guards());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void allWrongCredentialsGetTheSameResponse() {
        hold();
        List<String> answers = new ArrayList<>();
        for (String path : List.of(TestServer.path(held), TestServer.path(free), "/v1/locks", "/v1/nowhere", "/x")) {
            answers.add(whole(server.request().get(path)));
            for (String header : List.of(
                    "Bearer",
                    "Bearer ",
                    admin,
                    "Basic " + admin,
                    "Bearer " + admin + " ",
                    "Bearer " + admin + "," + admin,
                    "Bearer\t" + admin,
                    "Bearer " + admin.substring(1),
                    "Bearer " + admin + "x",
                    "Bearer \u00e9",
                    "Bearer " + expired,
                    "Bearer e30.e30.e30")) {
                answers.add(
                        whole(server.request().header("Authorization", header).get(path)));
            }
            answers.add(whole(server.as(admin)
                    .request()
                    .header("Authorization", "Bearer " + admin)
                    .get(path)));
        }
        // HTTP removes a trailing space from the value of any header.
        answers.removeIf(answer -> !answer.startsWith("401"));
        assertThat(answers).hasSize(14 * 5 - 5).containsOnly(answers.get(0));
        assertThat(answers.get(0)).contains("unauthenticated", "WWW-Authenticate=Bearer");
    }

    @Test
    void theSchemeOfATokenIsCaseInsensitive() {
        assertThat(server.request()
                        .header("Authorization", "bEARER   " + admin)
                        .get("/v1/locks")
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void aForbiddenCallGetsTheSameResponseWithAndWithoutALock() {
        hold();
        for (String call : List.of("", "/acquire", "/renew", "/release", "/break", "/history")) {
            Response existing = call(limited, held, call);
            Response missing = call(limited, free, call);
            assertThat(existing.statusCode()).isEqualTo(403);
            assertThat(whole(existing)).isEqualTo(whole(missing));
            assertThat(whole(existing)).doesNotContain("secret", "orders", leaseId.toString(), "limited");
        }
    }

    @Test
    void aForbiddenItemOfABatchRevealsAsLittleAndDoesNotAffectOthers() {
        hold();
        String mine = PREFIX + UUID.randomUUID();
        Response response = server.as(limited)
                .post(
                        "/v1/batch/acquire",
                        Map.of(
                                "items",
                                List.of(
                                        item(held, "the-secret-owner-1"),
                                        item(mine, "the-secret-owner-1"),
                                        item(free, "x"))));
        assertThat(response.jsonPath().getList("results.status")).containsExactly(403, 200, 403);
        assertProblem(json(response).at("/results/0/problem"), 403, "forbidden", "items[0].streamId");
        assertThat(response.jsonPath().getString("results[0].problem").replace("items[0]", "items[2]"))
                .isEqualTo(response.jsonPath().getString("results[2].problem"));
    }

    @Test
    void aLockThatNeverExistedAndOneThatEndedGetTheSameResponse() {
        hold();
        assertThat(call(admin, held, "/release").statusCode()).isEqualTo(204);
        assertThat(whole(call(admin, held, ""))).isEqualTo(whole(call(admin, free, "")));
    }

    @Test
    void aListRequiresAPermissionForAllItsStreams() {
        for (String query : List.of("", "?prefix=the-secret", "?prefix=orders", "?ownerId=the-secret-owner-1")) {
            Response response = server.as(limited).get("/v1/locks" + query);
            assertProblem(response, 403, "forbidden", "prefix");
            assertThat(whole(response)).doesNotContain("secret");
        }
        assertThat(server.as(limited)
                        .get("/v1/locks?prefix=" + TestServer.encoded(PREFIX + "x"))
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void aHeartbeatOfAThousandLeasesGetsItsRefusal() {
        byte[] large = ("{\"items\":[" + " ".repeat(900_000) + "]}").getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < 20; i++) {
            RawHttp.Answer answer = RawHttp.send(
                    server.port, "POST", "/v1/batch/renew", Map.of("Content-Type", "application/json"), large);
            assertProblem(answer, 401, "unauthenticated", null);
        }
    }

    @Test
    void noLogContainsATokenOrAPrefix() {
        Logger ours = Logback.logger("io.streamlocks");
        Level before = ours.getLevel();
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        ours.addAppender(log);
        ours.setLevel(Level.TRACE);
        try {
            server.as(loggedOnce).get("/v1/locks");
            server.as("slc_unknown-token").get("/v1/locks");
            call(limited, held, "/acquire");
            server.as(limited).get("/v1/locks");
        } finally {
            ours.setLevel(before);
            ours.detachAppender(log);
        }
        assertThat(log.list).isNotEmpty();
        assertThat(log.list.stream().map(ILoggingEvent::getFormattedMessage))
                .anyMatch(line -> line.contains("the token of logged has expired"))
                .noneMatch(line -> line.contains("slc_") || line.contains("secret"))
                .noneMatch(line -> line.contains(loggedOnce.substring(4)) || line.contains(limited.substring(4)));
    }

    private void hold() {
        assertThat(call(admin, held, "/acquire").statusCode()).isEqualTo(200);
    }

    private Response call(String token, String streamId, String call) {
        TestServer called = server.as(token);
        return switch (call) {
            case "/acquire" -> called.acquire(streamId, "me", leaseId);
            case "/renew" -> called.renew(streamId, leaseId);
            case "/release" -> called.release(streamId, leaseId);
            case "/break" -> called.post(TestServer.path(streamId) + "/break", Map.of("reason", "it hangs"));
            default -> called.get(TestServer.path(streamId) + call);
        };
    }

    private static Map<String, String> item(String streamId, String ownerId) {
        return Map.of("streamId", streamId, "ownerId", ownerId);
    }

    /** Returns status, headers and body: everything that a caller sees, except the id of the request. */
    private static String whole(Response response) {
        String whole = response.statusCode() + "\n" + response.headers() + "\n" + response.asString();
        String requestId = response.header("X-Request-Id");
        return requestId == null ? whole : whole.replace(requestId, "<request id>");
    }
}

package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.access.Role.OPERATOR;
import static io.streamlocks.coordinator.access.Role.READER;
import static io.streamlocks.coordinator.access.Role.WORKER;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.streamlocks.coordinator.access.Permission;
import io.streamlocks.coordinator.access.Principal;
import io.streamlocks.coordinator.access.Role;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Calls every route with every role and every kind of credential. The table specifies what each may do, independently
 * of the server. A route that is not in it fails.
 */
class AccessTest {

    /** The response to a call that its role allows. */
    private enum Answer {
        SERVED,
        FORBIDDEN,
        /** 410, as if there were no record of the lease. */
        NO_TRACE,
        /** 404, as if no lease were live. */
        NOT_LOCKED
    }

    /**
     * The required outcomes of a route.
     *
     * @param roles may call; empty if any caller may, without a token
     * @param ofSomeStreams the response to a token for some streams, including this one, and for this owner
     * @param ofOtherStream the response to a token that is not for the stream
     * @param ofOtherOwner the response to a token that is not for the owner
     */
    private record Row(Set<Role> roles, Answer ofSomeStreams, Answer ofOtherStream, Answer ofOtherOwner) {
        Row(Set<Role> roles, Answer ofOtherStream, Answer ofOtherOwner) {
            this(roles, Answer.SERVED, ofOtherStream, ofOtherOwner);
        }
    }

    private static final Row OPEN = new Row(Set.of(), Answer.SERVED, Answer.SERVED);

    private static final Map<String, Row> TABLE = new TreeMap<>(Map.ofEntries(
            Map.entry("GET /v1/locks", new Row(Set.of(READER, OPERATOR), Answer.FORBIDDEN, Answer.SERVED)),
            Map.entry(
                    "GET /v1/locks/{streamId}",
                    new Row(Set.of(WORKER, READER, OPERATOR), Answer.FORBIDDEN, Answer.SERVED)),
            Map.entry(
                    "GET /v1/locks/{streamId}/waiters",
                    new Row(Set.of(WORKER, READER, OPERATOR), Answer.FORBIDDEN, Answer.SERVED)),
            Map.entry(
                    "POST /v1/locks/{streamId}/acquire",
                    new Row(Set.of(WORKER, OPERATOR), Answer.FORBIDDEN, Answer.FORBIDDEN)),
            Map.entry(
                    "POST /v1/locks/{streamId}/renew",
                    new Row(Set.of(WORKER, OPERATOR), Answer.FORBIDDEN, Answer.NO_TRACE)),
            Map.entry(
                    "POST /v1/locks/{streamId}/release",
                    new Row(Set.of(WORKER, OPERATOR), Answer.FORBIDDEN, Answer.NO_TRACE)),
            Map.entry("POST /v1/batch/acquire", new Row(Set.of(WORKER, OPERATOR), Answer.FORBIDDEN, Answer.FORBIDDEN)),
            Map.entry("POST /v1/batch/renew", new Row(Set.of(WORKER, OPERATOR), Answer.FORBIDDEN, Answer.NO_TRACE)),
            Map.entry("POST /v1/batch/release", new Row(Set.of(WORKER, OPERATOR), Answer.FORBIDDEN, Answer.NO_TRACE)),
            Map.entry(
                    "GET /v1/locks/{streamId}/history",
                    new Row(Set.of(READER, OPERATOR), Answer.FORBIDDEN, Answer.SERVED)),
            Map.entry("GET /v1/history", new Row(Set.of(READER, OPERATOR), Answer.FORBIDDEN, Answer.SERVED)),
            Map.entry(
                    "POST /v1/locks/{streamId}/break", new Row(Set.of(OPERATOR), Answer.FORBIDDEN, Answer.NOT_LOCKED)),
            Map.entry(
                    "POST /v1/owners/{ownerId}/break",
                    new Row(Set.of(OPERATOR), Answer.FORBIDDEN, Answer.FORBIDDEN, Answer.FORBIDDEN)),
            Map.entry("GET /v1/groups", new Row(Set.of(READER, OPERATOR), Answer.FORBIDDEN, Answer.SERVED)),
            Map.entry(
                    "GET /v1/groups/{groupId}",
                    new Row(Set.of(WORKER, READER, OPERATOR), Answer.FORBIDDEN, Answer.SERVED)),
            Map.entry(
                    "PUT /v1/groups/{groupId}/members/{ownerId}",
                    new Row(Set.of(WORKER, OPERATOR), Answer.FORBIDDEN, Answer.FORBIDDEN)),
            Map.entry(
                    "DELETE /v1/groups/{groupId}/members/{ownerId}",
                    new Row(Set.of(WORKER, OPERATOR), Answer.FORBIDDEN, Answer.FORBIDDEN)),
            Map.entry("GET /metrics", new Row(Set.of(READER, OPERATOR), Answer.SERVED, Answer.SERVED)),
            Map.entry("GET /", OPEN),
            Map.entry("GET /livez", OPEN),
            Map.entry("GET /readyz", OPEN),
            Map.entry("GET /openapi.yaml", OPEN),
            Map.entry("GET /docs", OPEN),
            Map.entry("GET /docs/{asset}", OPEN),
            Map.entry("GET /console", OPEN),
            Map.entry("GET /console/{asset}", OPEN)));

    private enum Credential {
        NONE,
        MALFORMED,
        WRONG,
        EXPIRED,
        UNLIMITED,
        VALID,
        FOR_OTHER_STREAMS,
        FOR_OTHER_OWNERS
    }

    private static final Map<String, Integer> REPORT = Map.of("held", 1, "wanted", 2);

    private static final Set<Credential> UNPROVEN =
            Set.of(Credential.NONE, Credential.MALFORMED, Credential.WRONG, Credential.EXPIRED);

    private static final Map<Role, Map<Credential, String>> TOKENS = new EnumMap<>(Role.class);

    private static TestServer server;
    private static String admin;

    private final String streamId = "orders/" + UUID.randomUUID();
    private final UUID leaseId = UUID.randomUUID();

    @BeforeAll
    static void start(@TempDir Path directory) {
        TestTokens tokens = new TestTokens(directory);
        admin = tokens.add(OPERATOR);
        for (Role role : Role.values()) {
            Principal valid = new Principal(role.code(), role, List.of("bills/", "orders/"), "pod-");
            TOKENS.put(
                    role,
                    Map.of(
                            Credential.WRONG,
                            "slc_" + UUID.randomUUID(),
                            Credential.EXPIRED,
                            tokens.addExpired(valid),
                            Credential.UNLIMITED,
                            tokens.add(role),
                            Credential.VALID,
                            tokens.add(valid),
                            Credential.FOR_OTHER_STREAMS,
                            tokens.add(new Principal(role.code(), role, List.of("orders/x", "order/"), "")),
                            Credential.FOR_OTHER_OWNERS,
                            tokens.add(new Principal(role.code(), role, List.of(), "pod-x"))));
        }
        server = TestServer.guarded(tokens.guards());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void theTableHasEveryRoute() {
        List<String> expected = new ArrayList<>(TABLE.keySet());
        TABLE.keySet().stream()
                .filter(route -> route.startsWith("GET "))
                .forEach(route -> expected.add(route.replace("GET ", "HEAD ")));
        assertThat(server.http().routes()).containsExactlyInAnyOrderElementsOf(expected);
    }

    @Test
    void thePermissionOfARouteIsRegisteredWithIt() {
        assertThat(server.http().permissions().keySet())
                .containsExactlyInAnyOrderElementsOf(server.http().routes());
        server.http().permissions().forEach((route, permission) -> {
            Row row = TABLE.get(route.replace("HEAD ", "GET "));
            assertThat(permission == Permission.OPEN)
                    .as(route)
                    .isEqualTo(row.roles().isEmpty());
            for (Role role : Role.values()) {
                assertThat(role.may(permission))
                        .as(route + " by a " + role)
                        .isEqualTo(row.roles().isEmpty() || row.roles().contains(role));
            }
        });
    }

    static Stream<Arguments> everyRouteRespondsToEveryRoleAndCredentialAsSpecified() {
        return server.http().routes().stream()
                .flatMap(route -> Arrays.stream(Role.values()).flatMap(role -> Arrays.stream(Credential.values())
                        .map(credential -> Arguments.of(route, role, credential))));
    }

    @ParameterizedTest
    @MethodSource
    void everyRouteRespondsToEveryRoleAndCredentialAsSpecified(String route, Role role, Credential credential) {
        Row row = TABLE.get(route.replace("HEAD ", "GET "));
        if (!UNPROVEN.contains(credential)) {
            RawHttp.Answer acquired = RawHttp.send(
                    server.port,
                    "POST",
                    TestServer.path(streamId) + "/acquire",
                    Map.of("Authorization", "Bearer " + admin, "Content-Type", "application/json"),
                    Json.write(Map.of("ownerId", "pod-1", "leaseId", leaseId)));
            assertThat(acquired.status()).isEqualTo(200);
            RawHttp.Answer reported = RawHttp.send(
                    server.port,
                    "PUT",
                    "/v1/groups/" + TestServer.encoded(streamId) + "/members/pod-1",
                    Map.of("Authorization", "Bearer " + admin, "Content-Type", "application/json"),
                    Json.write(REPORT));
            assertThat(reported.status()).isEqualTo(200);
        }
        Answer ifRoleAllows =
                switch (credential) {
                    case VALID -> row.ofSomeStreams();
                    case FOR_OTHER_STREAMS -> row.ofOtherStream();
                    case FOR_OTHER_OWNERS -> row.ofOtherOwner();
                    default -> Answer.SERVED;
                };

        Heard heard = call(route, role, credential);

        if (row.roles().isEmpty()) {
            assertThat(heard.status()).isEqualTo(200);
        } else if (UNPROVEN.contains(credential)) {
            assertThat(heard.status()).isEqualTo(401);
            assertThat(heard.wwwAuthenticate()).isEqualTo("Bearer");
            heard.assertProblem(401, "unauthenticated", ".*");
        } else if (!row.roles().contains(role)) {
            assertThat(heard.status()).isEqualTo(403);
            heard.assertProblem(403, "forbidden", "");
        } else if (route.contains("/batch/")) {
            assertThat(heard.status()).isEqualTo(200);
            heard.item().assertAnswer(ifRoleAllows, "items\\[0]\\.");
        } else {
            heard.assertAnswer(ifRoleAllows, "");
        }
    }

    /** A response; that to a HEAD has no body. */
    private record Heard(int status, String wwwAuthenticate, Optional<JsonNode> body) {

        Heard item() {
            JsonNode item = body.orElseThrow().at("/results/0");
            return new Heard(item.path("status").asInt(), null, Optional.of(item.path("problem")));
        }

        void assertAnswer(Answer answer, String pathOfFields) {
            switch (answer) {
                case SERVED -> assertThat(status).isIn(200, 204);
                case FORBIDDEN -> {
                    assertThat(status).isEqualTo(403);
                    assertProblem(403, "forbidden", pathOfFields + "(streamId|ownerId|groupId|prefix)?");
                }
                case NOT_LOCKED -> {
                    assertThat(status).isEqualTo(404);
                    assertProblem(404, "not-locked", "");
                }
                case NO_TRACE -> {
                    assertProblem(410, "lease-lost", "");
                    assertThat(body.orElseThrow().path("reason").asText()).isEqualTo("unknown");
                }
            }
        }

        void assertProblem(int expectedStatus, String code, String fields) {
            body.ifPresent(problem -> {
                String field = problem.path("field").asText("");
                assertThat(field).matches(fields);
                ProblemAssertions.assertProblem(problem, expectedStatus, code, field.isEmpty() ? null : field);
            });
        }
    }

    private Heard call(String route, Role role, Credential credential) {
        Optional<String> authorization =
                switch (credential) {
                    case NONE -> Optional.empty();
                    case MALFORMED -> Optional.of("Token " + TOKENS.get(role).get(Credential.VALID));
                    default -> Optional.of("Bearer " + TOKENS.get(role).get(credential));
                };
        String method = route.substring(0, route.indexOf(' '));
        String path = route.substring(route.indexOf(' ') + 1)
                .replace("{streamId}", TestServer.encoded(streamId))
                .replace("{groupId}", TestServer.encoded(streamId))
                .replace("{ownerId}", "pod-1")
                .replace("/docs/{asset}", "/docs/docs.js")
                .replace("/console/{asset}", "/console/console.js");
        // A caller with a token for some streams must name them in a list.
        String target = Set.of("/v1/locks", "/v1/history", "/v1/groups").contains(path)
                ? path + "?prefix=" + TestServer.encoded("orders/")
                : path;
        if (method.equals("HEAD")) {
            return head(target, authorization);
        }
        Map<String, String> headers = new TreeMap<>();
        authorization.ifPresent(value -> headers.put("Authorization", value));
        byte[] body = {};
        if (method.equals("POST") || method.equals("PUT")) {
            headers.put("Content-Type", "application/json");
            body = Json.write(body(route));
        }
        RawHttp.Answer answer = RawHttp.send(server.port, method, target, headers, body);
        boolean json = answer.headers().getOrDefault("Content-Type", "").contains("json");
        return new Heard(
                answer.status(),
                answer.headers().get("WWW-Authenticate"),
                json ? Optional.of(answer.json()) : Optional.empty());
    }

    /** The validator of the contract does not support HEAD. */
    private static Heard head(String target, Optional<String> authorization) {
        String request = "HEAD " + target + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
                + authorization.map(value -> "Authorization: " + value + "\r\n").orElse("") + "\r\n";
        RawHttp.Answer answer = RawHttp.send(server.port, request.getBytes(StandardCharsets.UTF_8));
        assertThat(answer.body()).isEmpty();
        return new Heard(answer.status(), answer.headers().get("WWW-Authenticate"), Optional.empty());
    }

    private Map<String, ?> body(String route) {
        if (route.endsWith("/break")) {
            return Map.of("reason", "it hangs");
        }
        if (route.startsWith("PUT ")) {
            return REPORT;
        }
        Map<String, Object> body = new TreeMap<>(Map.of("leaseId", leaseId));
        if (route.endsWith("/acquire")) {
            body.put("ownerId", "pod-1");
        }
        if (!route.contains("/batch/")) {
            return body;
        }
        body.put("streamId", streamId);
        return Map.of("items", List.of(body));
    }
}

package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.assertProblem;
import static io.streamlocks.coordinator.http.ProblemAssertions.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.restassured.response.Response;
import io.streamlocks.coordinator.lock.Groups;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.MemberReport;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.testkit.contract.ForwardingLocks;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the calls of groups over HTTP. */
class GroupTest {

    @AutoClose
    private static final TestServer SERVER = TestServer.open();

    private final String group = "/v1/groups/" + TestServer.randomStream();

    private static Response put(String path, String json) {
        return SERVER.request()
                .contentType("application/json")
                .body(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8))
                .put(path);
    }

    private JsonNode report(String ownerId, String json) {
        Response response = put(group + "/members/" + ownerId, json);
        assertThat(response.statusCode()).as(response.asString()).isEqualTo(200);
        return json(response);
    }

    private static List<String> names(JsonNode node) {
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }

    @Test
    void aReportReturnsTheCountsOfTheGroupAndTheOwnShare() {
        JsonNode first = report("alice", "{'held': 60, 'wanted': 60}");
        assertThat(names(first)).containsExactly("groupId", "members", "held", "wanted", "share", "missing");
        assertThat(first.get("share").asInt()).isEqualTo(60);

        JsonNode second = report("bob", "{'held': 0, 'wanted': 58, 'capacity': 10, 'ttlMs': 5000}");
        assertThat(group).endsWith("/" + second.get("groupId").asText());
        assertThat(second.get("members").asInt()).isEqualTo(2);
        assertThat(second.get("held").asInt()).isEqualTo(60);
        assertThat(second.get("wanted").asInt()).isEqualTo(60);
        assertThat(second.get("share").asInt()).isEqualTo(10);
        assertThat(second.get("missing").asInt()).isEqualTo(10);
    }

    @Test
    void aGroupShowsItsMembers() {
        report("bob", "{'held': 0, 'wanted': 60, 'capacity': 10, 'ttlMs': 5000}");
        report("alice", "{'held': 60, 'wanted': 60}");
        JsonNode found = json(SERVER.get(group));
        assertThat(names(found)).containsExactly("groupId", "members", "held", "wanted", "missing", "withoutRoom");
        JsonNode alice = found.at("/members/0");
        assertThat(names(alice)).containsExactly("ownerId", "held", "wanted", "share", "expiresInMs");
        assertThat(alice.get("share").asInt()).isEqualTo(50);
        // Without a ttl, a member has that of leases.
        assertThat(alice.get("expiresInMs").asLong()).isBetween(20_000L, TestServer.DEFAULT_TTL.toMillis());
        JsonNode bob = found.at("/members/1");
        assertThat(names(bob)).containsExactly("ownerId", "held", "wanted", "capacity", "share", "expiresInMs");
        assertThat(bob.get("ownerId").asText()).isEqualTo("bob");
        assertThat(bob.get("share").asInt()).isEqualTo(10);
        assertThat(bob.get("expiresInMs").asLong()).isBetween(0L, 5_000L);
    }

    @Test
    void aMemberThatLeavesIsGone() {
        report("alice", "{'held': 1, 'wanted': 2}");
        String path = group + "/members/alice";
        Response left = SERVER.request().delete(path);
        assertThat(left.statusCode()).isEqualTo(204);
        assertThat(left.asString()).isEmpty();
        assertProblem(SERVER.request().delete(path), 404, "no-member", null);
        assertProblem(SERVER.get(group), 404, "no-member", null);
    }

    @Test
    void groupsAreListedByPrefix() {
        report("alice", "{'held': 1, 'wanted': 5}");
        report("bob", "{'held': 1, 'wanted': 4}");
        String id = group.substring(group.lastIndexOf('/') + 1);
        JsonNode listed = json(SERVER.get("/v1/groups?prefix=" + id)).get("groups");
        assertThat(listed).hasSize(1);
        assertThat(names(listed.get(0)))
                .containsExactly("groupId", "members", "held", "wanted", "missing", "withoutRoom");
        assertThat(listed.at("/0/members").asInt()).isEqualTo(2);
        assertThat(listed.at("/0/missing").asInt()).isEqualTo(3);
        assertThat(json(SERVER.get("/v1/groups?prefix=" + id + "x")).get("groups"))
                .isEmpty();
        assertThat(json(SERVER.get("/v1/groups")).get("groups").findValuesAsText("groupId"))
                .contains(id);
    }

    @Test
    void aFullGroupRefusesANewMemberAndSaysWhenToTryAgain() {
        LockManager memory = new MemoryLockManager(InstantSource.system(), true);
        try (TestServer full = TestServer.of(new ForwardingLocks() {
            @Override
            protected LockManager next() {
                return memory;
            }

            @Override
            public <T> T group(Function<Groups, T> call) {
                IntStream.range(0, Limits.MAX_GROUP_MEMBERS).forEach(i -> memory.groups()
                        .report(new MemberReport("g", "owner-" + i, 0, 1, OptionalInt.empty(), Duration.ofMinutes(1))));
                return memory.group(call);
            }
        })) {
            Response refused = full.request()
                    .contentType("application/json")
                    .body(Map.of("held", 0, "wanted", 1))
                    .put("/v1/groups/g/members/one-more");
            assertProblem(refused, 429, "too-many-members", "groupId");
            assertThat(refused.header("Retry-After")).isEqualTo("10");
        }
    }

    @Test
    void idsInThePathAreDecodedOnce() {
        String slashed = group + "%2Feu%2520";
        put(slashed + "/members/pod%2F1%2B", "{'held': 1, 'wanted': 1}");
        JsonNode found = json(SERVER.get(slashed));
        assertThat(found.get("groupId").asText()).endsWith("/eu%20");
        assertThat(found.at("/members/0/ownerId").asText()).isEqualTo("pod/1+");
        assertThat(SERVER.request().delete(slashed + "/members/pod%2F1+").statusCode())
                .isEqualTo(204);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{}                                              | held",
                "{'wanted': 1}                                   | held",
                "{'held': null, 'wanted': 1}                     | held",
                "{'held': -1, 'wanted': 1}                       | held",
                "{'held': 10000001, 'wanted': 1}                 | held",
                "{'held': 9223372036854775808, 'wanted': 1}      | held",
                "{'held': 1.5, 'wanted': 1}                      | held",
                "{'held': 1.0, 'wanted': 1}                      | held",
                "{'held': '1', 'wanted': 1}                      | held",
                "{'held': true, 'wanted': 1}                     | held",
                "{'held': [1], 'wanted': 1}                      | held",
                "{'held': 1}                                     | wanted",
                "{'held': 1, 'wanted': -1}                       | wanted",
                "{'held': 1, 'wanted': 1e9}                      | wanted",
                "{'held': 1, 'wanted': 1, 'capacity': -1}        | capacity",
                "{'held': 1, 'wanted': 1, 'capacity': 10000001}  | capacity",
                "{'held': 1, 'wanted': 1, 'capacity': 'all'}     | capacity",
                "{'held': 1, 'wanted': 1, 'ttlMs': 999}          | ttlMs",
                "{'held': 1, 'wanted': 1, 'ttlMs': 3600001}      | ttlMs",
                "{'held': 1, 'wanted': 1, 'share': 1}            | share",
                "{'held': 1, 'wanted': 1, 'ownerId': 'bob'}      | ownerId",
                "null                                            | body",
                "[]                                              | body",
                "7                                               | body",
            })
    void aFieldThatIsNotValidIsNamed(String json, String field) {
        assertProblem(put(group + "/members/alice", json), 400, "invalid-field", field);
        assertProblem(SERVER.get(group), 404, "no-member", null);
    }

    @ParameterizedTest
    @ValueSource(strings = {"%0A", "%7f", "%C2%85", "%ff", "%ed%a0%bd"})
    void anIdThatIsNotValidIsNamed(String id) {
        String report = "{'held': 1, 'wanted': 1}";
        assertProblem(put("/v1/groups/" + id + "/members/alice", report), 400, "invalid-field", "groupId");
        assertProblem(put(group + "/members/" + id, report), 400, "invalid-field", "ownerId");
        assertProblem(SERVER.get("/v1/groups/" + id), 400, "invalid-field", "groupId");
        assertProblem(SERVER.request().delete(group + "/members/" + id), 400, "invalid-field", "ownerId");
        assertProblem(SERVER.get("/v1/groups?prefix=" + id), 400, "invalid-field", "prefix");
    }

    @Test
    void anIdThatIsTooLongIsRefused() {
        String report = "{'held': 1, 'wanted': 1}";
        String most = "x".repeat(255);
        assertThat(put("/v1/groups/" + most + "/members/" + most, report).statusCode())
                .isEqualTo(200);
        assertProblem(put("/v1/groups/" + most + "x/members/o", report), 400, "invalid-field", "groupId");
        assertProblem(put("/v1/groups/g/members/" + most + "x", report), 400, "invalid-field", "ownerId");
    }

    @ParameterizedTest
    @CsvSource({
        "PUT, /v1/groups//members/o, groupId",
        "DELETE, /v1/groups/g/members/, ownerId",
        "PUT, /v1/groups//members/, groupId",
        "GET, /v1/groups/, groupId",
    })
    void anIdThatIsEmptyIsNamed(String method, String path, String field) {
        assertProblem(SERVER.request().request(method, path), 400, "invalid-field", field);
    }

    @Test
    void theListRefusesUnknownParameters() {
        assertProblem(SERVER.get("/v1/groups?pageSize=1"), 400, "invalid-field", "pageSize");
        assertProblem(SERVER.get("/v1/groups?prefix="), 400, "invalid-field", "prefix");
    }
}

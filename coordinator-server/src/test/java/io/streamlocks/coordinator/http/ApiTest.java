package io.streamlocks.coordinator.http;

import static io.streamlocks.coordinator.http.ProblemAssertions.assertProblem;
import static io.streamlocks.coordinator.http.ProblemAssertions.json;
import static io.streamlocks.coordinator.http.TestServer.path;
import static io.streamlocks.coordinator.http.TestServer.randomStream;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.restassured.response.Response;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests the calls on one stream and the list, with their outcomes on the wire. */
class ApiTest {

    @AutoClose
    private static final TestServer SERVER = TestServer.open();

    private final String stream = randomStream();
    private final UUID leaseId = UUID.randomUUID();

    @Test
    void acquireReturnsTheLease() {
        Instant now = SERVER.clock.instant();
        Response response =
                SERVER.post(path(stream) + "/acquire", Map.of("ownerId", "me", "leaseId", leaseId, "ttlMs", 10_000));
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.contentType()).isEqualTo("application/json");
        JsonNode lease = json(response);
        assertThat(lease.fieldNames())
                .toIterable()
                .containsExactly(
                        "streamId",
                        "ownerId",
                        "leaseId",
                        "fencingToken",
                        "ttlMs",
                        "acquiredAt",
                        "expiresAt",
                        "expiresInMs");
        assertThat(lease.get("streamId").asText()).isEqualTo(stream);
        assertThat(lease.get("ownerId").asText()).isEqualTo("me");
        assertThat(lease.get("leaseId").asText()).isEqualTo(leaseId.toString());
        assertThat(lease.get("fencingToken").asLong()).isPositive();
        assertThat(lease.get("ttlMs").asLong()).isEqualTo(10_000);
        assertThat(lease.get("acquiredAt").asText()).isEqualTo(now.toString());
        assertThat(lease.get("expiresAt").asText())
                .isEqualTo(now.plusSeconds(10).toString());
        assertThat(lease.get("expiresInMs").asLong()).isEqualTo(10_000);
    }

    @Test
    void acquireWithoutLeaseIdAndTtlUsesANewIdAndTheDefault() {
        JsonNode lease = json(SERVER.post(path(stream) + "/acquire", "{\"ownerId\": \"me\"}"));
        assertThat(UUID.fromString(lease.get("leaseId").asText())).isNotNull();
        assertThat(lease.get("ttlMs").asLong()).isEqualTo(TestServer.DEFAULT_TTL.toMillis());
        assertThat(SERVER.release(stream, UUID.fromString(lease.get("leaseId").asText()))
                        .statusCode())
                .isEqualTo(204);
    }

    @Test
    void aLeaseIdInUpperCaseIsTheSame() {
        SERVER.post(
                path(stream) + "/acquire",
                Map.of("ownerId", "me", "leaseId", leaseId.toString().toUpperCase(java.util.Locale.ROOT)));
        assertThat(SERVER.release(stream, leaseId).statusCode()).isEqualTo(204);
    }

    @Test
    void acquireRepeatedWithItsLeaseIdReturnsTheSameTokenAndEnd() {
        JsonNode first = json(SERVER.acquire(stream, "me", leaseId));
        SERVER.clock.advance(Duration.ofMillis(1500));
        JsonNode second = json(SERVER.acquire(stream, "me", leaseId));
        assertThat(second.get("fencingToken")).isEqualTo(first.get("fencingToken"));
        assertThat(second.get("expiresAt")).isEqualTo(first.get("expiresAt"));
        assertThat(second.get("expiresInMs").asLong()).isEqualTo(28_500);
    }

    @Test
    void acquireOfAHeldLockNamesTheHolderWithoutItsLeaseId() {
        JsonNode lease = json(SERVER.acquire(stream, "first", leaseId));
        SERVER.clock.advance(Duration.ofMillis(999));
        for (String owner : List.of("second", "first")) {
            Response response = SERVER.acquire(stream, owner, UUID.randomUUID());
            assertProblem(response, 409, "lock-held", null);
            assertThat(json(response).get("holder").fieldNames())
                    .toIterable()
                    .containsExactly("ownerId", "fencingToken", "expiresInMs");
            assertThat(response.jsonPath().getString("holder.ownerId")).isEqualTo("first");
            assertThat(json(response).at("/holder/fencingToken")).isEqualTo(lease.get("fencingToken"));
            assertThat(response.jsonPath().getLong("holder.expiresInMs")).isEqualTo(29_001);
            assertThat(response.header("Retry-After")).isEqualTo("30");
            assertThat(response.asString()).doesNotContain(leaseId.toString());
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 30", "1000, 29", "1001, 29", "1999, 29", "2000, 28", "29000, 1", "29001, 1", "29999, 1"})
    void retryAfterIsTheRestInSecondsRoundedUp(long passedMs, String retryAfter) {
        SERVER.acquire(stream, "first", leaseId);
        SERVER.clock.advance(Duration.ofMillis(passedMs));
        Response response = SERVER.acquire(stream, "second", UUID.randomUUID());
        assertThat(response.header("Retry-After")).isEqualTo(retryAfter);
    }

    @Test
    void acquireWithALeaseIdThatWasReleasedIsRefused() {
        SERVER.acquire(stream, "me", leaseId);
        SERVER.release(stream, leaseId);
        Response response = SERVER.acquire(stream, "me", leaseId);
        assertProblem(response, 409, "lease-id-used", "leaseId");
        assertThat(response.header("Retry-After")).isNull();
    }

    @Test
    void acquireWithALeaseIdThatWasLostIsRefused() {
        SERVER.acquire(stream, "me", leaseId);
        SERVER.clock.advance(TestServer.DEFAULT_TTL);
        assertProblem(SERVER.acquire(stream, "me", leaseId), 409, "lease-id-used", "leaseId");
        SERVER.acquire(stream, "other", UUID.randomUUID());
        assertProblem(SERVER.acquire(stream, "me", leaseId), 409, "lease-id-used", "leaseId");
    }

    @Test
    void acquireAfterTheEndOfALeaseGrantsAHigherToken() {
        long first =
                json(SERVER.acquire(stream, "me", leaseId)).get("fencingToken").asLong();
        SERVER.clock.advance(TestServer.DEFAULT_TTL);
        Response second = SERVER.acquire(stream, "other", UUID.randomUUID());
        assertThat(second.statusCode()).isEqualTo(200);
        assertThat(json(second).get("fencingToken").asLong()).isGreaterThan(first);
    }

    @Test
    void renewMovesTheEndAndKeepsTheToken() {
        JsonNode granted = json(SERVER.acquire(stream, "me", leaseId));
        SERVER.clock.advance(Duration.ofSeconds(29));
        Response response = SERVER.renew(stream, leaseId);
        assertThat(response.statusCode()).isEqualTo(200);
        JsonNode renewed = json(response);
        assertThat(renewed.get("fencingToken")).isEqualTo(granted.get("fencingToken"));
        assertThat(renewed.get("acquiredAt")).isEqualTo(granted.get("acquiredAt"));
        assertThat(renewed.get("expiresInMs").asLong()).isEqualTo(30_000);
        assertThat(renewed.get("leaseId").asText()).isEqualTo(leaseId.toString());
    }

    @Test
    void renewWithATtlKeepsItForTheNext() {
        SERVER.acquire(stream, "me", leaseId);
        Response response = SERVER.post(path(stream) + "/renew", Map.of("leaseId", leaseId, "ttlMs", 60_000));
        assertThat(response.jsonPath().getLong("ttlMs")).isEqualTo(60_000);
        assertThat(SERVER.renew(stream, leaseId).jsonPath().getLong("expiresInMs"))
                .isEqualTo(60_000);
    }

    @Test
    void aLeaseThatExpiredIsLostAsExpired() {
        SERVER.acquire(stream, "me", leaseId);
        SERVER.clock.advance(TestServer.DEFAULT_TTL);
        assertLost(SERVER.renew(stream, leaseId), "expired");
        assertLost(SERVER.release(stream, leaseId), "expired");
    }

    @Test
    void aLeaseThatAnotherFollowedIsLostAsSuperseded() {
        SERVER.acquire(stream, "me", leaseId);
        SERVER.clock.advance(TestServer.DEFAULT_TTL);
        SERVER.acquire(stream, "other", UUID.randomUUID());
        assertLost(SERVER.renew(stream, leaseId), "superseded");
        assertLost(SERVER.release(stream, leaseId), "superseded");
    }

    @Test
    void aLeaseThatWasReleasedIsLostAsReleased() {
        SERVER.acquire(stream, "me", leaseId);
        SERVER.release(stream, leaseId);
        assertLost(SERVER.renew(stream, leaseId), "released");
    }

    @Test
    void aLeaseWithoutARecordIsLostAsUnknown() {
        assertLost(SERVER.renew(stream, leaseId), "unknown");
        assertLost(SERVER.release(stream, leaseId), "unknown");
        SERVER.acquire(stream, "other", UUID.randomUUID());
        Response response = SERVER.renew(stream, leaseId);
        assertLost(response, "unknown");
        assertThat(response.asString()).doesNotContain(leaseId.toString(), "other");
    }

    @Test
    void releaseSucceedsAndSucceedsAgain() {
        SERVER.acquire(stream, "me", leaseId);
        for (int i = 0; i < 2; i++) {
            Response response = SERVER.release(stream, leaseId);
            assertThat(response.statusCode()).isEqualTo(204);
            assertThat(response.asByteArray()).isEmpty();
        }
        assertThat(SERVER.acquire(stream, "other", UUID.randomUUID()).statusCode())
                .isEqualTo(200);
    }

    @Test
    void aLockIsShownWithoutItsLeaseIdUntilItEnds() {
        assertProblem(SERVER.get(path(stream)), 404, "not-locked", null);
        JsonNode lease = json(SERVER.acquire(stream, "me", leaseId));
        SERVER.clock.advance(Duration.ofSeconds(10));
        Response response = SERVER.get(path(stream));
        assertThat(response.statusCode()).isEqualTo(200);
        JsonNode lock = json(response);
        assertThat(lock.fieldNames())
                .toIterable()
                .containsExactly(
                        "streamId", "ownerId", "fencingToken", "ttlMs", "acquiredAt", "expiresAt", "expiresInMs");
        for (String same : List.of("streamId", "ownerId", "fencingToken", "ttlMs", "acquiredAt", "expiresAt")) {
            assertThat(lock.get(same)).isEqualTo(lease.get(same));
        }
        assertThat(lock.get("expiresInMs").asLong()).isEqualTo(20_000);
        SERVER.clock.advance(Duration.ofSeconds(20));
        assertProblem(SERVER.get(path(stream)), 404, "not-locked", null);
    }

    @Test
    void aReleasedLockIsNotShown() {
        SERVER.acquire(stream, "me", leaseId);
        SERVER.release(stream, leaseId);
        assertProblem(SERVER.get(path(stream)), 404, "not-locked", null);
        assertThat(SERVER.get("/v1/locks?prefix=" + stream).jsonPath().getList("locks"))
                .isEmpty();
    }

    @Test
    void theListComesInPagesWithoutLeaseIds() {
        List<String> streams = new ArrayList<>();
        for (String suffix : List.of("/1", "/2", "/2/a", "/\u00e9", "/\uE000", "/\uD83D\uDE00")) {
            streams.add(stream + suffix);
            SERVER.acquire(stream + suffix, "me", leaseId);
        }
        String prefix = "?prefix=" + TestServer.encoded(stream) + "&pageSize=";
        for (int pageSize : new int[] {1, 2, 5, 6, 1000}) {
            List<String> listed = new ArrayList<>();
            String pageToken = "";
            int pages = 0;
            while (pageToken != null) {
                Response response = SERVER.get("/v1/locks" + prefix + pageSize + pageToken);
                assertThat(response.asString()).doesNotContain(leaseId.toString());
                listed.addAll(response.jsonPath().getList("locks.streamId"));
                String next = response.jsonPath().getString("nextPageToken");
                pageToken = next == null ? null : "&pageToken=" + TestServer.encoded(next);
                pages++;
            }
            assertThat(listed).isEqualTo(streams);
            assertThat(pages).isEqualTo((streams.size() + pageSize - 1) / pageSize);
        }
    }

    @Test
    void theListIsFilteredByOwnerAndPrefix() {
        String owner = "pod a+b/" + stream;
        SERVER.acquire(stream + "/a", owner, UUID.randomUUID());
        SERVER.acquire(stream + "/b", "other", UUID.randomUUID());
        SERVER.acquire(stream + "%", owner, UUID.randomUUID());
        String byOwner = "/v1/locks?ownerId=" + TestServer.encoded(owner);
        assertThat(listed(byOwner)).containsExactly(stream + "%", stream + "/a");
        assertThat(listed(byOwner.replace("%20", "+"))).containsExactly(stream + "%", stream + "/a");
        assertThat(listed(byOwner + "&prefix=" + TestServer.encoded(stream + "/")))
                .containsExactly(stream + "/a");
        assertThat(listed("/v1/locks?prefix=" + TestServer.encoded(stream + "/")))
                .containsExactly(stream + "/a", stream + "/b");
        assertThat(listed("/v1/locks?prefix=" + TestServer.encoded(stream + "%")))
                .containsExactly(stream + "%");
        assertThat(listed("/v1/locks?ownerId=nobody")).isEmpty();
    }

    private static List<String> listed(String path) {
        return SERVER.get(path).jsonPath().getList("locks.streamId");
    }

    private static void assertLost(Response response, String reason) {
        assertProblem(response, 410, "lease-lost", null);
        assertThat(response.jsonPath().getString("reason")).isEqualTo(reason);
    }
}

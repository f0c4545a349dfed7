package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.testkit.rig.PostgresServer;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Two servers share one PostgreSQL. These tests ask the second server about a lease while its renewal waits at the
 * first one, and after the end of the lease. The second server reports nothing that turns out to be wrong. {@code
 * -Dcertain.leases=100} does that for that many leases.
 */
@Tag("postgres")
@Tag("slow")
class CertainAnswersTest {

    private static final int LEASES = Integer.getInteger("certain.leases", 5);
    private static final String DATABASE = "locks";
    private static final String REASON = "{\"reason\":\"it hangs\"}";

    private static PostgresServer postgres;
    private static CommitWaits commits;
    private static Coordinator first;
    private static Coordinator second;
    private static HttpCalls a;
    private static HttpCalls b;

    @BeforeAll
    static void start() throws Exception {
        postgres = PostgresServer.builder().start();
        commits = new CommitWaits(postgres);
        postgres.sql("postgres").execute("CREATE DATABASE " + DATABASE);
        first = coordinator();
        second = coordinator();
        a = new HttpCalls("http://127.0.0.1:" + first.port());
        b = new HttpCalls("http://127.0.0.1:" + second.port());
    }

    @AfterAll
    static void stop() throws Exception {
        second.close();
        first.close();
        postgres.close();
    }

    @AfterEach
    void letAllWaitsEnd() {
        commits.waitForStandby("");
        await().until(() -> commits.waiting(DATABASE).isEmpty());
    }

    private static Coordinator coordinator() throws Exception {
        Coordinator coordinator = TestCoordinator.onPostgres(postgres.url(DATABASE));
        coordinator.ready().get(30, TimeUnit.SECONDS);
        return coordinator;
    }

    /** A lease on its own stream, with its own owner. */
    private record Leased(String streamId, UUID leaseId) {

        static Leased of(int ttlMs) throws Exception {
            Leased lease = new Leased("s-" + UUID.randomUUID(), UUID.randomUUID());
            assertThat(lease.acquire(a, ttlMs).statusCode()).isEqualTo(200);
            return lease;
        }

        HttpResponse<String> acquire(HttpCalls server, int ttlMs) throws Exception {
            return server.post(
                    "/v1/locks/" + streamId + "/acquire",
                    String.format(
                            Locale.ROOT,
                            "{\"ownerId\":\"%s\",\"leaseId\":\"%s\",\"ttlMs\":%d}",
                            streamId,
                            leaseId,
                            ttlMs));
        }

        String item() {
            return String.format(
                    Locale.ROOT, "{\"streamId\":\"%s\",\"leaseId\":\"%s\",\"ttlMs\":600000}", streamId, leaseId);
        }

        /** Makes each call by which the second server could report that the lease has ended. */
        List<HttpResponse<String>> ask() throws Exception {
            return List.of(
                    b.renew(streamId, leaseId),
                    b.get("/v1/locks/" + streamId),
                    b.release(streamId, leaseId),
                    b.post("/v1/locks/" + streamId + "/break", REASON),
                    b.post("/v1/owners/" + streamId + "/break", REASON),
                    acquire(b, 3000));
        }

        Void assertUnknown() throws Exception {
            assertThat(ask()).allSatisfy(answer -> {
                assertThat(answer.statusCode()).as(answer.body()).isEqualTo(503);
                assertThat(answer.body()).contains("\"code\":\"storage-unavailable\"");
            });
            assertThat(b.get("/v1/locks/" + streamId + "/history").body()).doesNotContain("expired");
            return null;
        }

        Void assertOver() throws Exception {
            assertThat(ask().stream().map(answer -> answer.statusCode() + answer.body()))
                    .satisfiesExactly(
                            renewed -> assertThat(renewed).startsWith("410").contains("\"reason\":\"expired\""),
                            found -> assertThat(found).startsWith("404").contains("not-locked"),
                            released -> assertThat(released).startsWith("410").contains("\"reason\":\"expired\""),
                            broken -> assertThat(broken).startsWith("404").contains("not-locked"),
                            ownerBroken -> assertThat(ownerBroken).isEqualTo("200{\"brokenCount\":0}"),
                            acquired -> assertThat(acquired).startsWith("409").contains("lease-id-used"));
            assertThat(b.get("/v1/locks/" + streamId + "/history").body()).contains("\"endReason\":\"expired\"");
            return null;
        }
    }

    private static List<Leased> leases(int ttlMs) throws Exception {
        List<Leased> leases = new ArrayList<>();
        for (int i = 0; i < LEASES; i++) {
            leases.add(Leased.of(ttlMs));
        }
        return leases;
    }

    private interface Check {
        Void of(Leased lease) throws Exception;
    }

    /** Only few calls run at once: a call for a locked stream waits for its time-out, and few threads break owners. */
    private static void forEach(List<Leased> leases, Check check) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            for (Future<Void> checked : threads.invokeAll(leases.stream()
                    .<Callable<Void>>map(lease -> () -> check.of(lease))
                    .toList())) {
                checked.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** The leases end in three seconds, after the renewals. The commits of the test itself wait for no standby. */
    private static void endSoon(List<Leased> leases) throws Exception {
        try (Connection connection = postgres.database(DATABASE).getConnection()) {
            DSL.using(connection).execute("SET synchronous_commit = local");
            for (Leased lease : leases) {
                DSL.using(connection)
                        .execute(
                                "UPDATE stream_locks SET expires_at = clock_timestamp() + interval '3 seconds' WHERE stream_id = ?",
                                lease.streamId());
            }
        }
    }

    /** Waits until the last committed lease has ended. */
    private static void awaitEnd() {
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(10))
                .until(() -> postgres.sql(DATABASE)
                        .fetchSingle(
                                "SELECT max(expires_at) < clock_timestamp() FROM stream_locks WHERE stream_id LIKE 's-%' AND expires_at < clock_timestamp() + interval '5 minutes'")
                        .get(0, Boolean.class));
    }

    @Test
    @Timeout(600)
    void whileTheCommitOfARenewalWaitsForAStandbyNoCallReportsThatTheLeaseHasEnded() throws Exception {
        List<Leased> leases = leases(600_000);
        commits.waitForStandby("gone");
        endSoon(leases);
        // All renewals share one statement, because only two statements run at once.
        CompletableFuture<HttpResponse<String>> renewals = a.postAsync("/v1/batch/renew", items(leases));
        awaitEnd();
        forEach(leases, Leased::assertUnknown);
        assertThat(renewals.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(503);
        commits.waitForStandby("");
        for (Leased lease : leases) {
            await().untilAsserted(() -> {
                HttpResponse<String> renewed = b.renew(lease.streamId(), lease.leaseId());
                assertThat(renewed.statusCode()).as(renewed.body()).isEqualTo(200);
            });
            assertThat(b.get("/v1/locks/" + lease.streamId()).statusCode()).isEqualTo(200);
        }
    }

    @Test
    @Timeout(600)
    void aLeaseWhoseRowIsLockedPastItsEndHasEndedAndItsRenewalHasFailed() throws Exception {
        List<Leased> leases = leases(600_000);
        endSoon(leases);
        try (Connection foreign = postgres.database(DATABASE).getConnection()) {
            foreign.setAutoCommit(false);
            for (Leased lease : leases) {
                DSL.using(foreign)
                        .execute("SELECT 1 FROM stream_locks WHERE stream_id = ? FOR UPDATE", lease.streamId());
            }
            CompletableFuture<HttpResponse<String>> renewals = a.postAsync("/v1/batch/renew", items(leases));
            awaitEnd();
            forEach(leases, Leased::assertUnknown);
            assertThat(statuses(renewals.get(10, TimeUnit.SECONDS)))
                    .hasSize(LEASES)
                    .containsOnly(503);
            foreign.rollback();
        }
        forEach(leases, Leased::assertOver);
        // No earlier call has revived it.
        forEach(leases, Leased::assertOver);
    }

    @Test
    void oneLockedRowFailsOnlyItsOwnItemOfABatchAndSoon() throws Exception {
        List<Leased> leases = leases(600_000);
        String items = items(leases).replace(",\"ttlMs\":600000", "");
        try (Connection foreign = postgres.database(DATABASE).getConnection()) {
            foreign.setAutoCommit(false);
            DSL.using(foreign)
                    .execute(
                            "SELECT 1 FROM stream_locks WHERE stream_id = ? FOR UPDATE",
                            leases.get(1).streamId());
            long sent = System.nanoTime();
            assertThat(statuses(b.post("/v1/batch/renew", items))).isEqualTo(allBut(1, 200, 503));
            assertThat(Duration.ofNanos(System.nanoTime() - sent))
                    .as("before the shortest lease of others in the batch could be lost")
                    .isLessThan(Duration.ofSeconds(1));
            assertThat(statuses(b.post("/v1/batch/release", items))).isEqualTo(allBut(1, 204, 503));
        }
        assertThat(statuses(b.post("/v1/batch/release", items))).isEqualTo(allBut(1, 204, 204));
    }

    private static String items(List<Leased> leases) {
        return leases.stream().map(Leased::item).collect(Collectors.joining(",", "{\"items\":[", "]}"));
    }

    private static List<Integer> allBut(int index, int status, int other) {
        return IntStream.range(0, LEASES)
                .mapToObj(i -> i == index ? other : status)
                .toList();
    }

    private static List<Integer> statuses(HttpResponse<String> response) {
        assertThat(response.statusCode()).isEqualTo(200);
        // These are the statuses of the results, and not those of their problems.
        return Pattern.compile("\\{\"status\":(\\d+)")
                .matcher(response.body())
                .results()
                .map(match -> Integer.valueOf(match.group(1)))
                .toList();
    }
}

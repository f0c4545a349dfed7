package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.log.CapturedLog;
import io.streamlocks.testkit.rig.PostgresServer;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The commits of a primary wait for a synchronous standby that is missing. These tests check what callers get
 * meanwhile.
 */
@Tag("postgres")
@Tag("slow")
class AwaitedStandbyTest {

    /** The longest time of a call with the default settings. */
    private static final Duration ANSWERED_WITHIN = Duration.ofSeconds(3);

    private static final Duration RECOVERED_WITHIN = Duration.ofSeconds(15);

    private static PostgresServer postgres;
    private static CommitWaits commits;

    private final String database = "t" + UUID.randomUUID().toString().replace("-", "");
    private final UUID leaseId = UUID.randomUUID();

    @BeforeAll
    static void startPostgres() throws Exception {
        postgres = PostgresServer.builder().start();
        commits = new CommitWaits(postgres);
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void createDatabase() {
        postgres.sql("postgres").execute("CREATE DATABASE " + database);
    }

    @AfterEach
    void letAllWaitsEnd() {
        commits.waitForStandby("");
        await().until(() -> commits.waiting(database).isEmpty());
    }

    @Test
    void aGrantThatWaitsIsUnknownInTimeAndItsServerIsNotReadyUntilItHasBeenGranted() throws Exception {
        try (Coordinator coordinator = readyCoordinator()) {
            HttpCalls calls = calls(coordinator);
            assertThat(calls.get("/readyz").statusCode()).isEqualTo(200);
            commits.waitForStandby("nobody");

            long sentAt = System.nanoTime();
            assertUnknown(calls.acquire("a", leaseId));
            assertThat(Duration.ofNanos(System.nanoTime() - sentAt)).isLessThan(ANSWERED_WITHIN);
            await().untilAsserted(() -> assertUnknown(calls.get("/readyz")));
            assertThat(calls.get("/v1/locks").statusCode()).as("reads go on").isEqualTo(200);

            commits.waitForStandby("");
            await().atMost(RECOVERED_WITHIN)
                    .untilAsserted(
                            () -> assertThat(calls.get("/readyz").statusCode()).isEqualTo(200));
            assertThat(calls.acquire("a", leaseId).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aGrantWhoseWaitIsCancelledIsUnknownAndIsNotReturnedBeforeAStandbyHasIt() throws Exception {
        try (Coordinator coordinator = readyCoordinator()) {
            HttpCalls calls = calls(coordinator);
            commits.waitForStandby("nobody");

            assertUnknown(cancelled(calls, "/v1/locks/a/acquire", "{\"ownerId\":\"tester\",\"leaseId\":\"LEASE\"}"));
            HttpResponse<String> shown = calls.get("/v1/locks/a");
            assertThat(shown.statusCode()).as("it is committed here").isEqualTo(200);
            // A read alone could return the grant at once, but a fail-over might lose it.
            assertUnknown(calls.acquire("a", leaseId));

            commits.waitForStandby("");
            await().until(() -> calls.acquire("a", leaseId).statusCode() == 200);
            assertThat(HttpCalls.fencingToken(calls.acquire("a", leaseId))).isEqualTo(HttpCalls.fencingToken(shown));
        }
    }

    @Test
    void aRepeatedReleaseIsUnknownUntilAStandbyHasIt() throws Exception {
        try (Coordinator coordinator = readyCoordinator()) {
            HttpCalls calls = calls(coordinator);
            assertThat(calls.acquire("a", leaseId).statusCode()).isEqualTo(200);
            commits.waitForStandby("nobody");
            assertUnknown(cancelled(calls, "/v1/locks/a/release", "{\"leaseId\":\"LEASE\"}"));

            assertThat(liveHere()).as("it is committed here").isZero();
            // A read alone could return at once, but after a fail-over the lease might be live again.
            assertUnknown(calls.release("a", leaseId));

            commits.waitForStandby("");
            await().until(() -> calls.release("a", leaseId).statusCode() == 204);
        }
    }

    @Test
    void aHandOverWhoseWaitIsCancelledIsNotReturnedToTheNextCallerBeforeAStandbyHasIt() throws Exception {
        try (Coordinator coordinator = readyCoordinator()) {
            HttpCalls calls = calls(coordinator);
            assertThat(calls.acquire("a", leaseId).statusCode()).isEqualTo(200);
            CompletableFuture<HttpResponse<String>> next = calls.postAsync(
                    "/v1/locks/a/acquire",
                    "{\"ownerId\":\"next\",\"leaseId\":\"" + UUID.randomUUID() + "\",\"waitMs\":15000}");
            await().until(() -> count("SELECT count(*) FROM stream_lock_waiters") == 1);
            commits.waitForStandby("nobody");
            assertUnknown(cancelled(calls, "/v1/locks/a/release", "{\"leaseId\":\"LEASE\"}"));

            assertThat(count("SELECT count(*) FROM stream_locks WHERE owner_id = 'next'"))
                    .as("it is committed here")
                    .isEqualTo(1);
            // After a fail-over to the standby the lease of the tester would be live again.
            await().until(() -> count("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                            + " AND wait_event = 'SyncRep' AND query LIKE '%AS grantable_at%'")
                    > 0);
            assertThat(next).isNotDone();

            commits.waitForStandby("");
            assertThat(next.get(RECOVERED_WITHIN.toSeconds(), TimeUnit.SECONDS).statusCode())
                    .isEqualTo(200);
        }
    }

    private int count(String sql) {
        return postgres.sql(database).fetchSingle(sql).get(0, Integer.class);
    }

    @ParameterizedTest
    @CsvSource({"/v1/locks/a/break", "/v1/owners/tester/break"})
    void noCallReportsThatALeaseHasEndedUntilAStandbyHasIt(String breaking) throws Exception {
        try (Coordinator coordinator = readyCoordinator()) {
            HttpCalls calls = calls(coordinator);
            assertThat(calls.acquire("a", leaseId).statusCode()).isEqualTo(200);
            commits.waitForStandby("nobody");
            assertUnknown(cancelled(calls, breaking, "{\"reason\":\"it hangs\"}"));
            assertThat(liveHere()).as("it is committed here").isZero();

            // After a fail-over to the standby the lease would be live again.
            assertUnknown(calls.renew("a", leaseId));
            assertUnknown(calls.release("a", leaseId));
            assertUnknown(calls.acquire("a", leaseId));
            assertUnknown(calls.get("/v1/locks/a"));
            assertUnknown(calls.post("/v1/locks/a/break", "{\"reason\":\"it hangs\"}"));
            assertUnknown(calls.post("/v1/owners/tester/break", "{\"reason\":\"it hangs\"}"));

            commits.waitForStandby("");
            await().until(() -> calls.renew("a", leaseId).statusCode() == 410);
            assertThat(calls.get("/v1/locks/a").statusCode()).isEqualTo(404);
            assertThat(calls.post("/v1/owners/tester/break", "{\"reason\":\"it hangs\"}")
                            .body())
                    .isEqualTo("{\"brokenCount\":0}");
        }
    }

    private int liveHere() {
        return postgres.sql(database)
                .fetchSingle("SELECT count(*) FROM stream_locks WHERE expires_at > clock_timestamp()")
                .get(0, Integer.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/v1/locks/a/renew      | {\"leaseId\":\"LEASE\"}",
                "/v1/locks/a/release    | {\"leaseId\":\"LEASE\"}",
                "/v1/locks/a/break      | {\"reason\":\"it hangs\"}",
                "/v1/owners/tester/break | {\"reason\":\"it hangs\"}"
            })
    void everyCallWhoseWaitIsCancelledIsUnknown(String path, String body) throws Exception {
        try (Coordinator coordinator = readyCoordinator()) {
            HttpCalls calls = calls(coordinator);
            assertThat(calls.acquire("a", leaseId).statusCode()).isEqualTo(200);
            commits.waitForStandby("nobody");

            assertUnknown(cancelled(calls, path, body));
        }
    }

    @Test
    void aServerThatCannotCreateItsTableWithoutAStandbyLogsThat() throws Exception {
        commits.waitForStandby("nobody");
        try (CapturedLog log = new CapturedLog();
                Coordinator coordinator = coordinator()) {
            await().until(() ->
                    log.messages().stream().anyMatch(message -> message.contains("too few are synchronous (0 of 1)")));
            assertUnknown(calls(coordinator).get("/readyz"));

            commits.waitForStandby("");
            coordinator.ready().get(RECOVERED_WITHIN.toSeconds(), TimeUnit.SECONDS);
        }
    }

    /** Makes a call, and cancels the wait of its commit. */
    private HttpResponse<String> cancelled(HttpCalls calls, String path, String body) throws Exception {
        CompletableFuture<HttpResponse<String>> answer =
                calls.postAsync(path, body.replace("LEASE", leaseId.toString()));
        await().pollInterval(Duration.ofMillis(20))
                .until(() -> !commits.waiting(database).isEmpty());
        // A call that has timed out would not show the result of a cancelled wait.
        assertThat(answer).isNotDone();
        commits.waiting(database).forEach(pid -> postgres.sql("postgres").execute("SELECT pg_cancel_backend(?)", pid));
        return answer.get(10, TimeUnit.SECONDS);
    }

    private static void assertUnknown(HttpResponse<String> response) {
        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.body()).contains("\"code\":\"storage-unavailable\"");
    }

    private Coordinator readyCoordinator() throws Exception {
        Coordinator coordinator = coordinator();
        coordinator.ready().get(RECOVERED_WITHIN.toSeconds(), TimeUnit.SECONDS);
        return coordinator;
    }

    private Coordinator coordinator() throws Exception {
        return TestCoordinator.onPostgres(postgres.url(database));
    }

    private static HttpCalls calls(Coordinator coordinator) {
        return HttpCalls.to(coordinator);
    }
}

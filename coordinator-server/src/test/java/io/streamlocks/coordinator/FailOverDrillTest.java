package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.database.PostgresStorage;
import io.streamlocks.coordinator.log.CapturedLog;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tests what docs/operations.md says about a fail-over and a lost replica, and the steps that it gives. */
@Tag("postgres")
@Tag("drill")
class FailOverDrillTest {

    private static final Logger LOG = LoggerFactory.getLogger(FailOverDrillTest.class);
    private static final Duration RECOVERED_WITHIN = Duration.ofSeconds(15);

    /** More than the 32 values of a sequence that PostgreSQL logs ahead. A standby that lacks fewer has lost none. */
    private static final int LOST_GRANTS = 100;

    private PostgresPair postgres;

    @BeforeEach
    void startPostgres() throws Exception {
        postgres = new PostgresPair();
    }

    @AfterEach
    void stopPostgres() throws Exception {
        postgres.close();
    }

    @Test
    void afterAFailOverToASynchronousStandbyLeasesAreAliveAndTokensRise() throws Exception {
        postgres.makeSynchronous();
        try (CapturedLog log = new CapturedLog(PostgresStorage.class);
                Coordinator coordinator = coordinator()) {
            HttpCalls calls = calls(coordinator);
            UUID leaseId = UUID.randomUUID();
            long held = token(calls.acquire("held", leaseId));
            long last = grants(calls, "busy", LOST_GRANTS);
            postgres.killPrimary();

            assertThat(calls.renew("held", leaseId).statusCode()).isEqualTo(503);

            long promotedAt = System.nanoTime();
            postgres.standby().execute("SELECT pg_promote()");
            await().atMost(RECOVERED_WITHIN)
                    .until(() -> calls.renew("held", leaseId).statusCode() == 200);
            LOG.info(
                    "Renewed {} ms after the promotion", TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - promotedAt));

            assertThat(token(calls.renew("held", leaseId))).isEqualTo(held);
            assertThat(calls.acquire("held", UUID.randomUUID()).statusCode()).isEqualTo(409);
            assertThat(grants(calls, "busy", 1)).isGreaterThan(last);
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> log.messages().stream().anyMatch(line -> line.contains("is in epoch 1 now, after 0")));
        }
    }

    @Test
    void afterAFailOverToAnAsynchronousStandbyTokensRise() throws Exception {
        long last;
        long lost;
        try (Coordinator coordinator = coordinator()) {
            HttpCalls calls = calls(coordinator);
            grants(calls, "busy", 1);
            postgres.awaitStandby();
            postgres.disconnectStandby();
            last = grants(calls, "busy", LOST_GRANTS);
            // The lease lasts ten minutes, and no call reports its loss to the holder.
            lost = token(calls.acquire("held", UUID.randomUUID()));
            postgres.killPrimary();
        }
        try (Connection early = postgres.standbyDatabase().getConnection()) {
            DSL.using(early).execute("SELECT * FROM stream_locks");
            postgres.standby().execute("SELECT pg_promote()");
            assertThat(DSL.using(early)
                            .fetchSingle("SELECT stream_lock_next_token(1)")
                            .get(0, Long.class))
                    .as("the token of a session that is older than the promotion")
                    .isGreaterThan(lost);
        }

        try (Coordinator coordinator = coordinator()) {
            HttpCalls calls = calls(coordinator);
            assertThat(token(calls.acquire("held", UUID.randomUUID())))
                    .as("the token of another live lease of the stream")
                    .isGreaterThan(lost);
            assertThat(grants(calls, "busy", 1)).isGreaterThan(last);
        }
        assertThat(postgres.standby()
                        .fetchSingle("SELECT * FROM stream_lock_epoch")
                        .get("number"))
                .isEqualTo(1L);
    }

    @Test
    void losingFewerGrantsThanTheSequenceIsLoggedAheadRepeatsNoToken() throws Exception {
        long lost;
        try (Coordinator coordinator = coordinator()) {
            HttpCalls calls = calls(coordinator);
            token(calls.acquire("known", UUID.randomUUID()));
            postgres.awaitStandby();
            postgres.disconnectStandby();
            lost = token(calls.acquire("held", UUID.randomUUID()));
            postgres.killPrimary();
        }
        postgres.standby().execute("SELECT pg_promote()");

        try (Coordinator coordinator = coordinator()) {
            HttpCalls calls = calls(coordinator);
            assertThat(calls.get("/v1/locks/held").statusCode()).as("lost").isEqualTo(404);
            assertThat(token(calls.acquire("held", UUID.randomUUID()))).isGreaterThan(lost);
        }
    }

    @Test
    void withoutTheSynchronousStandbyCallsAreUnknownUntilItIsNoLongerRequired() throws Exception {
        postgres.makeSynchronous();
        try (Coordinator coordinator = coordinator()) {
            HttpCalls calls = calls(coordinator);
            UUID leaseId = UUID.randomUUID();
            long held = token(calls.acquire("held", leaseId));
            postgres.disconnectStandby();

            HttpResponse<String> renewal = calls.renew("held", leaseId);
            assertThat(renewal.statusCode()).isEqualTo(503);
            assertThat(renewal.body()).contains("storage-unavailable");
            // Reads still work.
            assertThat(calls.get("/v1/locks/held").statusCode()).isEqualTo(200);
            await().until(() -> calls.get("/readyz").statusCode() == 503);
            assertThat(postgres.primary()
                            .fetch(Runbook.sql("Who waits for a replica").get(0)))
                    .isNotEmpty();

            for (String statement : Runbook.sql("Go on without the replica")) {
                postgres.primary().execute(statement);
            }
            await().atMost(RECOVERED_WITHIN)
                    .until(() -> calls.renew("held", leaseId).statusCode() == 200);
            assertThat(token(calls.renew("held", leaseId))).isEqualTo(held);
            await().until(() -> calls.get("/readyz").statusCode() == 200);
            await().until(() -> postgres.primary()
                    .fetch(Runbook.sql("Who waits for a replica").get(0))
                    .isEmpty());
        }
    }

    /** Grants and releases a stream several times, and returns the last token. */
    private static long grants(HttpCalls calls, String streamId, int count) throws Exception {
        long token = 0;
        for (int i = 0; i < count; i++) {
            UUID leaseId = UUID.randomUUID();
            token = token(calls.acquire(streamId, leaseId));
            assertThat(calls.release(streamId, leaseId).statusCode()).isEqualTo(204);
        }
        return token;
    }

    private static long token(HttpResponse<String> response) {
        return HttpCalls.fencingToken(response);
    }

    private Coordinator coordinator() throws Exception {
        Coordinator coordinator = TestCoordinator.onPostgres(postgres.url());
        coordinator.ready().get(RECOVERED_WITHIN.toSeconds(), TimeUnit.SECONDS);
        return coordinator;
    }

    private static HttpCalls calls(Coordinator coordinator) {
        return HttpCalls.to(coordinator);
    }
}

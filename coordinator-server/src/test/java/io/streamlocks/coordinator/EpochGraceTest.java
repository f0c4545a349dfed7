package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.testkit.rig.TestDatabase;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests the setting LOCK_EPOCH_GRACE of a server. */
@Tag("postgres")
class EpochGraceTest {

    @Test
    void afterAFailOverAcquiresAreRefusedOrWaitUntilTheGraceIsOver() throws Exception {
        try (TestDatabase database = TestDatabase.migrated();
                Coordinator before = start(database, Map.of())) {
            HttpCalls calls = HttpCalls.to(before);
            UUID lease = UUID.randomUUID();
            HttpCalls.fencingToken(calls.acquire("orders", lease));
            assertThat(calls.release("orders", lease).statusCode()).isEqualTo(204);

            database.sql().execute("UPDATE stream_lock_epoch SET cluster = 'another'");
            try (Coordinator coordinator = start(database, Map.of("LOCK_EPOCH_GRACE", "3s"))) {
                HttpResponse<String> refused = HttpCalls.to(coordinator).acquire("orders", UUID.randomUUID());
                assertThat(refused.statusCode()).isEqualTo(409);
                assertThat(refused.body())
                        .contains("\"code\":\"lock-delayed\"", "\"opensInMs\":", "the database has failed over");
                HttpResponse<String> waited = HttpCalls.to(coordinator)
                        .post(
                                "/v1/locks/orders/acquire",
                                "{\"ownerId\":\"tester\",\"leaseId\":\"" + UUID.randomUUID()
                                        + "\",\"ttlMs\":60000,\"waitMs\":15000}");
                assertThat(HttpCalls.fencingToken(waited)).isPositive();
                assertThat(database.sql()
                                .fetchSingle(
                                        "SELECT l.acquired_at >= e.began_at + interval '3 seconds' FROM stream_locks l, stream_lock_epoch e")
                                .get(0))
                        .isEqualTo(true);
            }
        }
    }

    private static Coordinator start(TestDatabase database, Map<String, String> settings) throws Exception {
        Coordinator coordinator = TestCoordinator.onPostgres(database.url(), settings);
        coordinator.ready().get(15, TimeUnit.SECONDS);
        return coordinator;
    }
}

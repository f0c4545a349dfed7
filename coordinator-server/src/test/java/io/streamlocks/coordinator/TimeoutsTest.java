package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.log.CapturedLog;
import io.streamlocks.testkit.rig.TestDatabase;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** PostgreSQL ends a statement that takes too long, so no statement outlives its call. */
@Tag("postgres")
class TimeoutsTest {

    private final UUID leaseId = UUID.randomUUID();
    private TestDatabase database;
    private Coordinator coordinator;
    private HttpCalls calls;
    private CapturedLog log;

    @BeforeEach
    void start() throws Exception {
        database = TestDatabase.empty();
        coordinator = TestCoordinator.onPostgres(database.url());
        coordinator.ready().get(30, TimeUnit.SECONDS);
        calls = HttpCalls.to(coordinator);
        assertThat(calls.acquire("a", leaseId).statusCode()).isEqualTo(200);
        log = new CapturedLog();
    }

    @AfterEach
    void stop() {
        log.close();
        coordinator.close();
        database.close();
    }

    @Test
    void aCallThatWaitsForTheTableTooLongIsUnknown() throws Exception {
        try (Connection transaction = database.transaction()) {
            transaction.createStatement().execute("LOCK TABLE stream_locks IN ACCESS EXCLUSIVE MODE");
            assertUnknown(calls.renew("a", leaseId), "lock timeout");
            transaction.rollback();
        }
        assertThat(calls.renew("a", leaseId).statusCode()).isEqualTo(200);
    }

    @Test
    void aCallForAStreamWhoseRowStaysLockedIsUnknownAndReportsWhy() throws Exception {
        try (Connection transaction = database.transaction()) {
            transaction.createStatement().execute("SELECT FROM stream_locks FOR UPDATE");
            HttpResponse<String> response = calls.renew("a", leaseId);
            assertThat(response.statusCode()).isEqualTo(503);
            assertThat(response.headers().firstValue("Retry-After")).contains("1");
            assertThat(response.body())
                    .contains("\"code\":\"storage-unavailable\"", "Another transaction has this stream locked");
            transaction.rollback();
        }
        assertThat(calls.renew("a", leaseId).statusCode()).isEqualTo(200);
    }

    @Test
    void aStatementThatTakesTooLongIsUnknown() throws Exception {
        database.sql().execute("""
                CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql
                AS 'BEGIN PERFORM pg_sleep(20); RETURN NEW; END'
                """);
        database.sql().execute("CREATE TRIGGER dawdle BEFORE UPDATE ON stream_locks EXECUTE FUNCTION dawdle()");
        assertUnknown(calls.renew("a", leaseId), "statement timeout");
        database.sql().execute("DROP TRIGGER dawdle ON stream_locks");
        assertThat(calls.renew("a", leaseId).statusCode()).isEqualTo(200);
    }

    private void assertUnknown(HttpResponse<String> response, String reason) {
        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.body()).contains("\"code\":\"storage-unavailable\"");
        assertThat(log.messages()).singleElement().asString().contains(reason).doesNotContain(leaseId.toString());
    }
}

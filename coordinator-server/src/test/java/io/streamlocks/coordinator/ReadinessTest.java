package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.settings.Settings;
import io.streamlocks.testkit.rig.TestDatabase;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A server is ready if an acquire has what it needs. Otherwise it reports what is missing and how to fix it. */
@Tag("postgres")
class ReadinessTest {

    private static final Duration SOON = Duration.ofSeconds(30);

    private final TestDatabase database = TestDatabase.migrated();

    /** The rights at run time of a server that does not own the tables. */
    private final String role = "r" + UUID.randomUUID().toString().replace("-", "");

    @BeforeEach
    void makeTheRole() {
        database.sql().execute("CREATE ROLE " + role + " LOGIN PASSWORD 'p'");
        database.sql().execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO " + role);
        database.sql().execute("GRANT USAGE, UPDATE ON SEQUENCE stream_lock_fencing_token TO " + role);
        database.sql().execute("GRANT USAGE ON SEQUENCE stream_lock_ticket TO " + role);
    }

    @AfterEach
    void close() {
        database.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "ALTER TABLE stream_locks RENAME TO gone | ALTER TABLE gone RENAME TO stream_locks | table stream_locks",
                "ALTER TABLE stream_lock_history RENAME TO gone | ALTER TABLE gone RENAME TO stream_lock_history"
                        + " | table stream_lock_history",
                "ALTER SEQUENCE stream_lock_fencing_token RENAME TO gone"
                        + " | ALTER SEQUENCE gone RENAME TO stream_lock_fencing_token | sequence stream_lock_fencing_token",
                "ALTER TABLE stream_locks RENAME labels TO gone | ALTER TABLE stream_locks RENAME gone TO labels"
                        + " | column labels of stream_locks",
                "REVOKE UPDATE ON stream_locks FROM role | GRANT UPDATE ON stream_locks TO role"
                        + " | UPDATE on stream_locks. As the owner: GRANT UPDATE ON stream_locks TO the role of DATABASE_URL",
                "REVOKE INSERT ON stream_lock_history FROM role | GRANT INSERT ON stream_lock_history TO role"
                        + " | INSERT on stream_lock_history. As the owner: GRANT INSERT ON stream_lock_history TO",
                "REVOKE ALL ON SEQUENCE stream_lock_fencing_token FROM role"
                        + " | GRANT UPDATE ON SEQUENCE stream_lock_fencing_token TO role"
                        + " | UPDATE on sequence stream_lock_fencing_token. As the owner: GRANT UPDATE ON SEQUENCE",
                "ALTER TABLE stream_lock_epoch RENAME TO gone | ALTER TABLE gone RENAME TO stream_lock_epoch"
                        + " | table stream_lock_epoch",
                "REVOKE UPDATE ON stream_lock_epoch FROM role | GRANT UPDATE ON stream_lock_epoch TO role"
                        + " | UPDATE on stream_lock_epoch. As the owner: GRANT UPDATE ON stream_lock_epoch TO",
                "ALTER TABLE stream_lock_waiters RENAME TO gone | ALTER TABLE gone RENAME TO stream_lock_waiters"
                        + " | table stream_lock_waiters",
                "REVOKE DELETE ON stream_lock_waiters FROM role | GRANT DELETE ON stream_lock_waiters TO role"
                        + " | DELETE on stream_lock_waiters. As the owner: GRANT DELETE ON stream_lock_waiters TO",
                "REVOKE UPDATE ON stream_lock_waiters FROM role"
                        + " | GRANT UPDATE (owner_id, ttl_ms, labels, server_id, call_id, calling_until) ON stream_lock_waiters TO role"
                        + " | UPDATE on stream_lock_waiters. As the owner: GRANT UPDATE ON stream_lock_waiters TO",
                "ALTER TABLE stream_lock_members RENAME TO gone | ALTER TABLE gone RENAME TO stream_lock_members"
                        + " | table stream_lock_members",
                "REVOKE DELETE ON stream_lock_members FROM role | GRANT DELETE ON stream_lock_members TO role"
                        + " | DELETE on stream_lock_members. As the owner: GRANT DELETE ON stream_lock_members TO",
                "REVOKE INSERT ON stream_lock_members FROM role | GRANT INSERT ON stream_lock_members TO role"
                        + " | INSERT on stream_lock_members. As the owner: GRANT INSERT ON stream_lock_members TO",
                "REVOKE ALL ON SEQUENCE stream_lock_ticket FROM role | GRANT USAGE ON SEQUENCE stream_lock_ticket TO role"
                        + " | USAGE on sequence stream_lock_ticket. As the owner: GRANT USAGE ON SEQUENCE",
                "ALTER FUNCTION stream_lock_leave RENAME TO gone | ALTER FUNCTION gone RENAME TO stream_lock_leave"
                        + " | function stream_lock_leave",
                "REVOKE EXECUTE ON FUNCTION stream_lock_hand_over FROM PUBLIC"
                        + " | GRANT EXECUTE ON FUNCTION stream_lock_hand_over TO role"
                        + " | EXECUTE on function stream_lock_hand_over. As the owner: GRANT EXECUTE ON FUNCTION",
                "REVOKE USAGE ON SCHEMA public FROM PUBLIC | GRANT USAGE ON SCHEMA public TO PUBLIC"
                        + " | which needs USAGE on its schema",
                "ALTER TABLE stream_locks RENAME labels TO gone; REVOKE INSERT ON stream_lock_history FROM role"
                        + " | ALTER TABLE stream_locks RENAME gone TO labels; GRANT INSERT ON stream_lock_history TO role"
                        + " | which needs USAGE on its schema. As the owner: GRANT INSERT ON stream_lock_history TO"
            })
    void aMissingThingThatAnAcquireNeedsIsNamedUntilItExists(String taken, String given, String named)
            throws Exception {
        try (Coordinator coordinator = coordinator(role, "p")) {
            coordinator.ready().get(SOON.toSeconds(), TimeUnit.SECONDS);
            HttpCalls calls = calls(coordinator);
            assertThat(calls.get("/readyz").statusCode()).isEqualTo(200);

            database.sql().execute(taken.replace("role", role));
            HttpResponse<String> unready = calls.get("/readyz");
            assertThat(unready.statusCode()).isEqualTo(503);
            assertThat(unready.body())
                    .contains("storage-unavailable", named)
                    .doesNotContain(role)
                    .doesNotContain("\"p\"");

            database.sql().execute(given.replace("role", role));
            await().atMost(SOON).until(() -> calls.get("/readyz").statusCode() == 200);
            assertThat(calls.acquire("a", UUID.randomUUID()).statusCode()).isEqualTo(200);
        }
    }

    /** The outcome is unknown to the caller, which tries again. It is not a fault of the server. */
    @Test
    void anAcquireThatLacksARightIsUnknown() throws Exception {
        try (Coordinator coordinator = coordinator(role, "p")) {
            coordinator.ready().get(SOON.toSeconds(), TimeUnit.SECONDS);
            HttpCalls calls = calls(coordinator);
            database.sql().execute("REVOKE INSERT ON stream_locks FROM " + role);
            HttpResponse<String> acquired = calls.acquire("a", UUID.randomUUID());
            assertThat(acquired.statusCode()).isEqualTo(503);
            assertThat(acquired.body()).contains("storage-unavailable");
        }
    }

    @Test
    void aServerWhoseTablesWereDroppedIsNotReadyAndReportsThatUntilTheyExist() throws Exception {
        database.sql().execute("ALTER TABLE stream_locks RENAME TO gone");
        try (Coordinator coordinator = coordinator("postgres", "postgres")) {
            HttpCalls calls = calls(coordinator);
            await().atMost(SOON).until(() -> calls.get("/readyz").body().contains("table stream_locks"));
            assertThat(calls.get("/readyz").statusCode()).isEqualTo(503);
            assertThat(coordinator.ready()).isNotDone();

            database.sql().execute("ALTER TABLE gone RENAME TO stream_locks");
            coordinator.ready().get(SOON.toSeconds(), TimeUnit.SECONDS);
            assertThat(calls.get("/readyz").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aMissingThingIsNoLongerReportedWhenTheDatabaseIsAway() throws Exception {
        database.sql().execute("ALTER TABLE stream_locks RENAME TO gone");
        try (Coordinator coordinator = coordinator(role, "p")) {
            HttpCalls calls = calls(coordinator);
            await().atMost(SOON).until(() -> calls.get("/readyz").body().contains("table stream_locks"));
            database.sql().execute("ALTER ROLE " + role + " NOLOGIN");
            await().atMost(SOON).until(() -> calls.get("/readyz").body().contains("waiting for its storage"));
        }
    }

    @Test
    void aServerWithoutHistoryNeedsNoRightToIt() throws Exception {
        database.sql().execute("REVOKE ALL ON stream_lock_history FROM " + role);
        try (Coordinator coordinator = coordinator(role, "p", "0")) {
            coordinator.ready().get(SOON.toSeconds(), TimeUnit.SECONDS);
            assertThat(calls(coordinator).get("/readyz").statusCode()).isEqualTo(200);
        }
    }

    private Coordinator coordinator(String user, String password) throws Exception {
        return coordinator(user, password, "7d");
    }

    private Coordinator coordinator(String user, String password, String history) throws Exception {
        return new Coordinator(Settings.from(Map.of(
                "LOCK_BACKEND", "postgres",
                "DATABASE_URL", database.url().replace("postgres:postgres@", user + ":" + password + "@"),
                "LOCK_HISTORY_RETENTION", history,
                "HTTP_PORT", "0",
                "SHUTDOWN_DRAIN_MS", "0")));
    }

    private static HttpCalls calls(Coordinator coordinator) {
        return HttpCalls.to(coordinator);
    }
}

package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.streamlocks.coordinator.database.DatabaseUrl;
import io.streamlocks.testkit.rig.TestDatabase;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jooq.Record;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests a server behind a real PgBouncer. These tests are skipped if it is not installed. */
@Tag("postgres")
@Tag("process")
class ConnectionPoolerTest {

    private static final Duration SOON = Duration.ofSeconds(30);

    private static final String LEFT_BEHIND = """
            SELECT pg_backend_pid() AS pid, concat_ws(', ',
                CASE WHEN current_setting('statement_timeout') <> '0' THEN 'time-out' END,
                CASE WHEN current_setting('enable_seqscan') <> 'on' THEN 'planner' END,
                nullif(current_setting('stream_locks.epoch', true), ''),
                nullif(current_setting('stream_locks.open', true), ''),
                nullif(current_setting('stream_locks.epoch_grace', true), ''),
                nullif(current_setting('stream_locks.session', true), ''),
                (SELECT string_agg(name, ', ') FROM pg_prepared_statements),
                (SELECT string_agg(c, ', ') FROM pg_listening_channels() AS c)) AS left_behind
            """;

    @TempDir
    private Path directory;

    private final StartLog log = new StartLog();
    private TestDatabase database;

    @BeforeEach
    void start() {
        assumeTrue(PgBouncer.isInstalled(), "No pgbouncer is on the PATH or in /usr/sbin");
        database = TestDatabase.empty();
    }

    @AfterEach
    void stop() {
        log.close();
        if (database != null) {
            database.close();
        }
    }

    private PgBouncer pooler(String mode) throws Exception {
        return pooler(mode, 20);
    }

    private PgBouncer pooler(String mode, int sessions, String... more) throws Exception {
        return new PgBouncer(
                directory, mode, sessions, URI.create(database.url()).getPort(), more);
    }

    private String url(PgBouncer pooler) {
        URI direct = URI.create(database.url());
        return "postgres://postgres:postgres@127.0.0.1:" + pooler.port() + direct.getPath();
    }

    private static Coordinator coordinator(String url) throws Exception {
        return TestCoordinator.onPostgres(url);
    }

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "statement"})
    void aSharedPoolOfSessionsIsRejectedAndStaysUnchanged(String mode) throws Exception {
        try (PgBouncer pooler = pooler(mode);
                Coordinator coordinator = coordinator(url(pooler))) {
            assertThat(log.await("cannot be set up yet"))
                    .contains("gives each transaction another session", "pool_mode=session", "Connect to PostgreSQL");
            HttpCalls calls = HttpCalls.to(coordinator);
            HttpResponse<String> unready = calls.get("/readyz");
            assertThat(unready.statusCode()).isEqualTo(503);
            assertThat(unready.body()).contains("leads to a connection pooler", "pool_mode=session");
            assertThat(coordinator.ready()).isNotDone();
            assertThat(setting(url(pooler), "statement_timeout")).isEqualTo("0");
            assertThat(setting(url(pooler), "enable_seqscan")).isEqualTo("on");
        }
    }

    /** A transaction on one connection would leave no session for the other, as if the database were away. */
    @Test
    void aPoolerWithASingleSessionIsNamedToo() throws Exception {
        try (PgBouncer pooler = pooler("transaction", 1);
                Coordinator coordinator = coordinator(url(pooler))) {
            assertThat(log.await("cannot be set up yet")).contains("gives each transaction another session");
            assertThat(coordinator.ready()).isNotDone();
        }
    }

    private static String setting(String url, String name) throws Exception {
        try (Connection connection = DatabaseUrl.parse(url).dataSource().getConnection();
                ResultSet rows = connection.createStatement().executeQuery("SHOW " + name)) {
            rows.next();
            return rows.getString(1);
        }
    }

    @Test
    void handOversAreReportedThroughSessionsOfItsOwnAlsoAfterARestartOfThePooler() throws Exception {
        try (PgBouncer pooler = pooler("session", 40);
                Coordinator one = coordinator(url(pooler));
                Coordinator other = coordinator(url(pooler))) {
            one.ready().get(30, TimeUnit.SECONDS);
            other.ready().get(30, TimeUnit.SECONDS);
            UUID leaseId = UUID.randomUUID();
            assertThat(HttpCalls.to(one).acquire("a", leaseId).statusCode()).isEqualTo(200);
            assertHandedOver(one, other, "a", leaseId);

            pooler.restart();
            UUID next = UUID.randomUUID();
            await().atMost(SOON)
                    .until(() -> HttpCalls.to(one).acquire("b", next).statusCode() == 200);
            assertHandedOver(one, other, "b", next);
        }
    }

    /**
     * Lets a call wait at one server and releases the stream at another one, which reports it by a notification. Both
     * calls are made again as long as a session that ended answers them, as any client does.
     */
    private static void assertHandedOver(Coordinator holding, Coordinator waiting, String stream, UUID leaseId)
            throws Exception {
        HttpCalls calls = HttpCalls.to(waiting);
        String body = "{\"ownerId\":\"waiter\",\"leaseId\":\"" + UUID.randomUUID() + "\",\"waitMs\":25000}";
        CompletableFuture<HttpResponse<String>> waiter = waiting(calls, "/v1/locks/" + stream + "/acquire", body);
        await().atMost(SOON)
                .until(() -> calls.get("/metrics").body().contains("streamlocks_hand_overs_reported 1.0")
                        && calls.get("/v1/locks/" + stream + "/waiters").body().contains("waiter"));
        await().atMost(SOON)
                .until(() -> HttpCalls.to(holding).release(stream, leaseId).statusCode() == 204);
        assertThat(HttpCalls.fencingToken(waiter.get(25, TimeUnit.SECONDS))).isPositive();
    }

    private static CompletableFuture<HttpResponse<String>> waiting(HttpCalls calls, String path, String body) {
        return calls.postAsync(path, body)
                .thenCompose(response -> response.statusCode() == 503
                        ? waiting(calls, path, body)
                        : CompletableFuture.completedFuture(response));
    }

    @Test
    void aReloadLeadsTheServersToAPromotedStandby() throws Exception {
        try (PostgresPair pair = new PostgresPair();
                PgBouncer pooler = new PgBouncer(directory, "session", 40, pair.primaryPort());
                Coordinator coordinator = coordinator("postgres://postgres@127.0.0.1:" + pooler.port() + "/postgres")) {
            coordinator.ready().get(30, TimeUnit.SECONDS);
            HttpCalls calls = HttpCalls.to(coordinator);
            UUID leaseId = UUID.randomUUID();
            long token = HttpCalls.fencingToken(calls.acquire("a", leaseId));
            pair.awaitStandby();
            pair.killPrimary();
            assertThat(calls.renew("a", leaseId).statusCode()).isEqualTo(503);
            pair.standby().execute("SELECT pg_promote()");
            pooler.reload(pair.standbyPort());
            await().atMost(SOON).until(() -> calls.renew("a", leaseId).statusCode() == 200);
            assertThat(HttpCalls.fencingToken(calls.acquire("b", UUID.randomUUID())))
                    .isGreaterThan(token);
        }
    }

    @Test
    void aSessionThatThePoolerHandsOnHasNothingOfAServer() throws Exception {
        try (PgBouncer pooler = pooler("session")) {
            try (Coordinator coordinator = coordinator(url(pooler))) {
                coordinator.ready().get(30, TimeUnit.SECONDS);
                HttpCalls calls = HttpCalls.to(coordinator);
                UUID leaseId = UUID.randomUUID();
                assertThat(calls.acquire("a", leaseId).statusCode()).isEqualTo(200);
                // The driver prepares a statement under a name when it has run it some times.
                for (int i = 0; i < 20; i++) {
                    assertThat(calls.renew("a", leaseId).statusCode()).isEqualTo(200);
                }
            }
            // The pooler makes another session for a client that comes while all others are still being reset.
            await().atMost(SOON).until(() -> sessions("state <> 'idle' OR query NOT IN ('DISCARD ALL', '')")
                    .isEmpty());
            List<Integer> sessions = sessions("TRUE");
            assertThat(sessions).isNotEmpty();
            try (Connection connection =
                    DatabaseUrl.parse(url(pooler)).dataSource().getConnection()) {
                Record row = DSL.using(connection).fetchSingle(LEFT_BEHIND);
                assertThat(row.get("pid", Integer.class)).isIn(sessions);
                assertThat(row.get("left_behind", String.class)).isEmpty();
            }
        }
    }

    /** Returns the processes of all sessions of others with this database for which a condition holds. */
    private List<Integer> sessions(String condition) {
        return database.sql()
                .fetch("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
                        + " AND datname = current_database() AND pid <> pg_backend_pid() AND (" + condition + ")")
                .getValues(0, Integer.class);
    }

    /** The driver would find the names of its prepared statements taken. */
    @Test
    void aPoolerThatDoesNotResetSessionsIsRejectedAndStaysUnchanged() throws Exception {
        try (PgBouncer pooler = pooler("session", 20, "server_reset_query =");
                Coordinator coordinator = coordinator(url(pooler))) {
            assertThat(log.await("cannot be set up yet")).contains("server_reset_query = DISCARD ALL");
            assertThat(HttpCalls.to(coordinator).get("/readyz").body())
                    .contains("leads to a connection pooler", "server_reset_query = DISCARD ALL");
            assertThat(coordinator.ready()).isNotDone();
            assertThat(setting(url(pooler), "statement_timeout")).isEqualTo("0");
            assertThat(setting(url(pooler), "enable_seqscan")).isEqualTo("on");
        }
    }
}

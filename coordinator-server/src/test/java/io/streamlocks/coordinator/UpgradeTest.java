package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.log.CapturedLog;
import io.streamlocks.testkit.rig.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.flywaydb.core.Flyway;
import org.jooq.Record;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests two versions on one schema, as during a rolling upgrade. The statements and migrations in this test represent
 * the previous version.
 */
@Tag("postgres")
class UpgradeTest {

    private static final Duration READY_WITHIN = Duration.ofSeconds(30);

    /** Statements of servers on schema version 2, for one stream without labels. */
    private static final String ACQUIRE_2 = """
            INSERT INTO stream_locks AS l
                (stream_id, owner_id, lease_id, fencing_token, ttl_ms, acquired_at, expires_at, superseded_lease_ids)
            SELECT r.stream_id, r.owner_id, r.lease_id, nextval('stream_lock_fencing_token'), r.ttl_ms,
                clock_timestamp(), clock_timestamp() + r.ttl_ms * interval '1 millisecond', '{}'
            FROM unnest(ARRAY[?], ARRAY['before'], ARRAY[?::uuid], ARRAY[600000]) AS r (stream_id, owner_id, lease_id, ttl_ms)
                LEFT JOIN stream_locks seen ON seen.stream_id = r.stream_id
            WHERE seen.stream_id IS NULL
                OR (greatest(seen.expires_at, seen.closed_until) <= clock_timestamp()
                    AND r.lease_id <> seen.lease_id
                    AND r.lease_id <> ALL (seen.superseded_lease_ids))
            ORDER BY r.stream_id COLLATE "C"
            ON CONFLICT (stream_id) DO UPDATE SET
                owner_id = EXCLUDED.owner_id,
                lease_id = EXCLUDED.lease_id,
                fencing_token = nextval('stream_lock_fencing_token'),
                ttl_ms = EXCLUDED.ttl_ms,
                acquired_at = clock_timestamp(),
                expires_at = clock_timestamp() + EXCLUDED.ttl_ms * interval '1 millisecond',
                superseded_lease_ids = (l.lease_id || l.superseded_lease_ids)[:8],
                labels = EXCLUDED.labels
            WHERE greatest(l.expires_at, l.closed_until) <= clock_timestamp()
                AND l.lease_id <> EXCLUDED.lease_id
                AND EXCLUDED.lease_id <> ALL (l.superseded_lease_ids)
            RETURNING l.fencing_token
            """;

    private static final String RENEW_2 = """
            UPDATE stream_locks l
            SET ttl_ms = coalesce(r.ttl_ms, l.ttl_ms),
                expires_at = clock_timestamp() + coalesce(r.ttl_ms, l.ttl_ms) * interval '1 millisecond'
            FROM (
                SELECT *
                FROM unnest(ARRAY[?], ARRAY[?::uuid], ARRAY[NULL::bigint]) AS u (stream_id, lease_id, ttl_ms)
                ORDER BY stream_id COLLATE "C"
            ) r
            WHERE l.stream_id = r.stream_id AND l.lease_id = r.lease_id AND l.expires_at > clock_timestamp()
                AND starts_with(l.owner_id, '')
            RETURNING l.fencing_token
            """;

    private static final String RELEASE_2 = """
            UPDATE stream_locks l
            SET owner_id = NULL, expires_at = clock_timestamp()
            FROM (
                SELECT *
                FROM unnest(ARRAY[?], ARRAY[?::uuid]) AS u (stream_id, lease_id)
                ORDER BY stream_id COLLATE "C"
            ) r
            WHERE l.stream_id = r.stream_id AND l.lease_id = r.lease_id AND l.expires_at > clock_timestamp()
            RETURNING l.fencing_token
            """;

    @RegisterExtension
    private final CapturedLog log = new CapturedLog();

    private TestDatabase database;

    @TempDir
    private Path migrationsBefore;

    @BeforeEach
    void makeADatabaseOfTheVersionBefore() throws Exception {
        for (String migration : List.of("V1__stream_locks.sql", "V2__history_break_and_labels.sql")) {
            Files.copy(Path.of("..", "db", "migration", migration), migrationsBefore.resolve(migration));
        }
        database = TestDatabase.empty();
        migrateAsTheVersionBefore();
    }

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void callsContinueWhileALongTransactionDelaysAMigration() throws Exception {
        UUID leaseId = UUID.randomUUID();
        assertThat(run(ACQUIRE_2, "a", leaseId)).isNotNull();
        try (Connection dump = database.transaction()) {
            // pg_dump holds this lock until it ends, and ALTER TABLE waits for it.
            dump.createStatement().execute("LOCK TABLE stream_locks IN ACCESS SHARE MODE");

            try (Coordinator coordinator = coordinator()) {
                await().atMost(READY_WITHIN).until(() -> {
                    assertThat(runWithin(Duration.ofSeconds(1), RENEW_2, "a", leaseId))
                            .isNotNull();
                    return log.messages().stream().anyMatch(message -> message.contains("lock timeout"));
                });
                assertThat(coordinator.ready()).isNotDone();

                dump.commit();
                coordinator.ready().get(READY_WITHIN.toSeconds(), TimeUnit.SECONDS);
                assertThat(calls(coordinator).renew("a", leaseId).statusCode()).isEqualTo(200);
            }
        }
    }

    @Test
    void serversOfBothVersionsGrantTheSameStreamsInTurnAndTheHistoryHasThemAll() throws Exception {
        try (Coordinator coordinator = coordinator()) {
            coordinator.ready().get(READY_WITHIN.toSeconds(), TimeUnit.SECONDS);
            HttpCalls calls = calls(coordinator);

            UUID before = UUID.randomUUID();
            long first = run(ACQUIRE_2, "a", before);
            assertThat(calls.acquire("a", UUID.randomUUID()).statusCode()).isEqualTo(409);
            assertThat(HttpCalls.fencingToken(calls.renew("a", before))).isEqualTo(first);
            assertThat(run(RENEW_2, "a", before)).isEqualTo(first);
            assertThat(run(RELEASE_2, "a", before)).isEqualTo(first);

            UUID now = UUID.randomUUID();
            long second = HttpCalls.fencingToken(calls.acquire("a", now));
            assertThat(second).isGreaterThan(first);
            assertThat(run(ACQUIRE_2, "a", UUID.randomUUID())).isNull();
            assertThat(run(RENEW_2, "a", now)).isEqualTo(second);
            database.expire("a");

            assertThat(run(ACQUIRE_2, "a", UUID.randomUUID())).isGreaterThan(second);
            assertThat(database.sql()
                            .fetch(
                                    "SELECT fencing_token, end_reason, ended_by FROM stream_lock_history ORDER BY fencing_token")
                            .map(Record::intoList))
                    .containsExactly(List.of(first, "released", "before"), List.of(second, "superseded", "before"));
        }
    }

    /** The function of the trigger is that of the new version. */
    @Test
    void leasesThatThePreviousVersionEndsAreInTheHistory() throws Exception {
        try (Coordinator coordinator = coordinator()) {
            coordinator.ready().get(READY_WITHIN.toSeconds(), TimeUnit.SECONDS);
            UUID leaseId = UUID.randomUUID();
            long token = run(ACQUIRE_2, "a", leaseId);
            assertThat(run(RELEASE_2, "a", leaseId)).isEqualTo(token);
            HttpCalls calls = calls(coordinator);
            assertThat(calls.get("/v1/locks/a/history").body())
                    .contains("\"fencingToken\":" + token, "\"endReason\":\"released\"");
        }
    }

    @Test
    void thePreviousVersionStartsOnTheNewSchema() throws Exception {
        try (Coordinator coordinator = coordinator()) {
            coordinator.ready().get(READY_WITHIN.toSeconds(), TimeUnit.SECONDS);
        }

        migrateAsTheVersionBefore();

        assertThat(run(ACQUIRE_2, "a", UUID.randomUUID())).isNotNull();
    }

    private void migrateAsTheVersionBefore() {
        Flyway.configure()
                .dataSource(database.pool())
                .locations("filesystem:" + migrationsBefore)
                .load()
                .migrate();
    }

    /** Returns the fencing token that the statement returns; null if it has changed nothing. */
    private Long run(String statement, String streamId, UUID leaseId) {
        return database.sql().resultQuery(statement, streamId, leaseId).fetchOne(0, Long.class);
    }

    private Long runWithin(Duration timeout, String statement, String streamId, UUID leaseId) {
        return database.sql()
                .resultQuery(statement, streamId, leaseId)
                .queryTimeout(Math.toIntExact(timeout.toSeconds()))
                .fetchOne(0, Long.class);
    }

    private Coordinator coordinator() throws Exception {
        return TestCoordinator.onPostgres(database.url());
    }

    private static HttpCalls calls(Coordinator coordinator) {
        return HttpCalls.to(coordinator);
    }
}

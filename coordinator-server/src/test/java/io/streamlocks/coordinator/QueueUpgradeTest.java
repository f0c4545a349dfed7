package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.Owner;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.Waiter;
import io.streamlocks.coordinator.lock.postgres.PostgresLockManager;
import io.streamlocks.testkit.rig.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jooq.Record;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Servers of the version before queues, on a schema that has queues. The statements in this test represent that
 * version, for one stream.
 */
@Tag("postgres")
class QueueUpgradeTest {

    private static final String ACQUIRE_4 = """
            WITH free AS MATERIALIZED (
                SELECT r.*, seen.ctid AS place
                FROM unnest(ARRAY[?], ARRAY['before'], ARRAY[?::uuid], ARRAY[600000::bigint])
                        AS r (stream_id, owner_id, lease_id, ttl_ms)
                    LEFT JOIN stream_locks seen ON seen.stream_id = r.stream_id
                WHERE seen.stream_id IS NULL
                    OR (greatest(seen.expires_at, seen.closed_until) <= clock_timestamp()
                        AND r.lease_id <> seen.lease_id
                        AND r.lease_id <> ALL (seen.superseded_lease_ids))
            ),
            granted_again AS (
                UPDATE stream_locks l
                SET owner_id = t.owner_id, lease_id = t.lease_id,
                    fencing_token = greatest(nextval('stream_lock_fencing_token'), l.fencing_token + 1),
                    ttl_ms = t.ttl_ms, acquired_at = clock_timestamp(),
                    expires_at = clock_timestamp() + t.ttl_ms * interval '1 millisecond',
                    superseded_lease_ids = (l.lease_id || l.superseded_lease_ids)[:8],
                    labels = NULL, ended_owner_id = NULL, ended_fencing_token = NULL
                FROM (
                    SELECT l.ctid AS place, f.owner_id, f.lease_id, f.ttl_ms
                    FROM free f JOIN stream_locks l ON l.ctid = f.place
                    FOR UPDATE OF l SKIP LOCKED
                ) t
                WHERE l.ctid = t.place AND greatest(l.expires_at, l.closed_until) <= clock_timestamp()
                RETURNING l.fencing_token
            ),
            granted_first AS (
                INSERT INTO stream_locks AS l (stream_id, owner_id, lease_id, fencing_token, ttl_ms, acquired_at,
                    expires_at, superseded_lease_ids, labels)
                SELECT stream_id, owner_id, lease_id, nextval('stream_lock_fencing_token'), ttl_ms,
                    clock_timestamp(), clock_timestamp() + ttl_ms * interval '1 millisecond', '{}', NULL
                FROM free
                WHERE place IS NULL
                ON CONFLICT (stream_id) DO NOTHING
                RETURNING l.fencing_token
            )
            SELECT * FROM granted_first UNION ALL SELECT * FROM granted_again
            """;

    private static final String RENEW_4 = """
            UPDATE stream_locks l
            SET expires_at = clock_timestamp() + l.ttl_ms * interval '1 millisecond'
            FROM (
                SELECT l.ctid AS place, r.lease_id
                FROM unnest(ARRAY[?], ARRAY[?::uuid]) AS r (stream_id, lease_id)
                    JOIN stream_locks l ON l.stream_id = r.stream_id
                FOR UPDATE OF l SKIP LOCKED
            ) t
            WHERE l.ctid = t.place AND l.lease_id = t.lease_id AND l.expires_at > clock_timestamp()
            RETURNING l.fencing_token
            """;

    private static final String RELEASE_4 = """
            UPDATE stream_locks l
            SET owner_id = NULL, expires_at = clock_timestamp(),
                ended_owner_id = l.owner_id, ended_fencing_token = l.fencing_token
            FROM (
                SELECT l.ctid AS place, r.lease_id
                FROM unnest(ARRAY[?], ARRAY[?::uuid]) AS r (stream_id, lease_id)
                    JOIN stream_locks l ON l.stream_id = r.stream_id
                FOR UPDATE OF l SKIP LOCKED
            ) t
            WHERE l.ctid = t.place AND l.lease_id = t.lease_id AND l.expires_at > clock_timestamp()
            RETURNING l.fencing_token
            """;

    private static final String STREAM = "a";
    private static final Duration TTL = Duration.ofSeconds(30);

    private final TestDatabase database = TestDatabase.empty();
    private final UUID before = UUID.randomUUID();
    private LockManager locks;

    @BeforeEach
    void migrateWhileTheVersionBeforeHoldsALease() {
        database.migrateTo("4");
        assertThat(run(ACQUIRE_4, before)).isNotNull();
        database.migrateTo("latest");
        locks = new PostgresLockManager(database.pool());
    }

    @AfterEach
    void close() {
        database.close();
    }

    private Long run(String statement, UUID leaseId) {
        return database.sql().resultQuery(statement, STREAM, leaseId).fetchOne(0, Long.class);
    }

    private QueueRequest waits(String ownerId) {
        QueueRequest request =
                new QueueRequest(new AcquireRequest(STREAM, ownerId, UUID.randomUUID(), TTL), UUID.randomUUID(), TTL);
        assertThat(locks.queue(List.of(request))).containsExactly(Optional.empty());
        return request;
    }

    private List<String> waiting() {
        return locks.reads().waiters(STREAM).stream()
                .map(Waiter::owner)
                .map(Owner::id)
                .toList();
    }

    private String holder() {
        return locks.find(STREAM).orElseThrow().ownerId();
    }

    @Test
    void aReleaseByTheVersionBeforeHandsOver() {
        waits("bob");
        waits("carol");
        assertThat(run(RENEW_4, before)).isNotNull();
        assertThat(run(RELEASE_4, before)).isNotNull();
        assertThat(holder()).isEqualTo("bob");
        assertThat(waiting()).containsExactly("carol");
        assertThat(run(ACQUIRE_4, UUID.randomUUID())).as("bob holds it").isNull();
    }

    @Test
    void aBreakByTheVersionBeforeHandsOver() {
        waits("bob");
        database.sql()
                .execute(
                        "UPDATE stream_locks SET owner_id = NULL, expires_at = clock_timestamp(), broken_fencing_token = fencing_token,"
                                + " broken_by = 'ops', break_reason = 'why', closed_until = clock_timestamp(),"
                                + " ended_owner_id = owner_id, ended_fencing_token = fencing_token");
        locks.advance(List.of(STREAM));
        assertThat(holder()).isEqualTo("bob");
    }

    /** It does not know of the queue. docs/upgrading.md says so. */
    @Test
    void theVersionBeforeOvertakesOnlyAtALeaseThatExpiredAndTheQueueStays() {
        QueueRequest bob = waits("bob");
        assertThat(run(ACQUIRE_4, UUID.randomUUID())).isNull();
        database.expire(STREAM);
        UUID overtaking = UUID.randomUUID();
        Long token = run(ACQUIRE_4, overtaking);
        assertThat(token).isNotNull();
        assertThat(waiting()).containsExactly("bob");
        assertThat(locks.acquire(List.of(bob.request())).get(0)).isInstanceOf(AcquireOutcome.Held.class);
        assertThat(run(RELEASE_4, overtaking)).isEqualTo(token);
        assertThat(holder()).isEqualTo("bob");
    }

    @Test
    void theTimeThatAnOwnerWaitedIsNotShownForALeaseThatTheVersionBeforeGrantedLater() {
        QueueRequest bob = waits("bob");
        run(RELEASE_4, before);
        run(RELEASE_4, bob.leaseId());
        UUID later = UUID.randomUUID();
        run(ACQUIRE_4, later);
        run(RELEASE_4, later);
        assertThat(database.sql()
                        .fetch("SELECT owner_id, waited_ms IS NOT NULL FROM stream_lock_history ORDER BY fencing_token")
                        .map(Record::intoList))
                .containsExactly(List.of("before", false), List.of("bob", true), List.of("before", false));
    }

    @Test
    void thePurgeOfTheVersionBeforeMayForgetAStreamAndItsPlacesAreFoundMissing() {
        QueueRequest bob = waits("bob");
        database.sql().execute("DELETE FROM stream_locks");
        assertThat(locks.withoutPlace(List.of(bob))).containsExactly(bob);
        assertThat(locks.acquire(List.of(bob.request())).get(0)).isInstanceOf(AcquireOutcome.Granted.class);
    }
}

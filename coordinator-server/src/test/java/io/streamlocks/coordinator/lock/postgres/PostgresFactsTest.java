package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jooq.Record;
import org.jooq.Result;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The facts about PostgreSQL that the statements rely on. Each test stages one. */
@Tag("postgres")
class PostgresFactsTest extends StagedRace {

    @Test
    void aGrantIsJudgedAndDatedByTheClockAndNotByTheStartOfTheTransaction() throws Exception {
        Lease before = grant("alice");
        try (Connection transaction = database.transaction()) {
            sql(transaction).execute("SELECT 1");
            database.expire(stream);
            Instant ended = clock();
            Record granted = sql(transaction)
                    .fetchSingle(
                            AcquireChange.SQL,
                            new String[] {stream},
                            new String[] {"bob"},
                            new UUID[] {UUID.randomUUID()},
                            new Long[] {TTL.toMillis()},
                            new String[] {null});
            assertThat(granted.get("fencing_token", Long.class))
                    .isGreaterThan(before.lock().fencingToken());
            assertThat(instant(granted, "acquired_at")).isAfterOrEqualTo(ended);
            assertThat(instant(granted, "expires_at")).isAfterOrEqualTo(ended.plus(TTL));
        }
    }

    @Test
    void aFirstGrantIsDatedByTheClockAndNotByTheStartOfTheTransaction() throws Exception {
        try (Connection transaction = database.transaction()) {
            sql(transaction).execute("SELECT 1");
            Instant begun = clock();
            Record granted = sql(transaction)
                    .fetchSingle(
                            AcquireChange.SQL,
                            new String[] {stream},
                            new String[] {"bob"},
                            new UUID[] {UUID.randomUUID()},
                            new Long[] {TTL.toMillis()},
                            new String[] {null});
            assertThat(instant(granted, "acquired_at")).isAfterOrEqualTo(begun);
            assertThat(instant(granted, "expires_at")).isAfterOrEqualTo(begun.plus(TTL));
        }
    }

    @Test
    void aRenewalCountsFromTheClockAndNotFromTheStartOfTheTransaction() throws Exception {
        Lease lease = grant("alice");
        try (Connection transaction = database.transaction()) {
            sql(transaction).execute("SELECT 1");
            Instant begun = clock();
            assertThat(instant(renewIn(transaction, lease).get(0), "expires_at"))
                    .isAfterOrEqualTo(begun.plus(TTL));
        }
    }

    @Test
    void aLeaseThatExpiredSinceTheStartOfTheTransactionIsNotRenewed() throws Exception {
        Lease lease = grant("alice");
        try (Connection transaction = database.transaction()) {
            sql(transaction).execute("SELECT 1");
            database.expire(stream);
            assertThat(renewIn(transaction, lease)).isEmpty();
        }
    }

    private Result<Record> renewIn(Connection transaction, Lease lease) {
        return sql(transaction)
                .fetch(
                        RenewChange.SQL,
                        new String[] {stream},
                        new UUID[] {lease.leaseId()},
                        new Long[] {null},
                        new String[] {""});
    }

    private static Instant instant(Record row, String column) {
        return row.get(column, OffsetDateTime.class).toInstant();
    }

    @Test
    void theTokenIsDrawnWhileTheRowIsLocked() throws Exception {
        // A token drawn earlier could be lower than that of a grant that comes and goes before the row is locked.
        release(grant("alice"));
        assertLockedDuring("nextval(s regclass) RETURNS bigint", "pg_catalog.nextval(s)", () -> acquire("bob"));
    }

    @Test
    void aRenewalReadsTheClockWhileTheRowIsLocked() throws Exception {
        // If the clock were read earlier, the lease could expire before the row is locked and be renewed all the same.
        Lease lease = grant("alice");
        assertLockedDuring("clock_timestamp() RETURNS timestamptz", "pg_catalog.clock_timestamp()", () -> renew(lease));
    }

    /** Replaces a function of PostgreSQL by one that waits for the test, and asserts that the row is locked then. */
    private void assertLockedDuring(String function, String result, Supplier<Object> call) throws Exception {
        database.sql().execute("CREATE SCHEMA staged");
        database.sql()
                .execute("CREATE FUNCTION staged." + function + " LANGUAGE plpgsql AS 'BEGIN"
                        + " PERFORM pg_advisory_xact_lock(1); RETURN " + result + "; END'");
        database.findFirst("staged");
        try (Connection transaction = database.transaction()) {
            sql(transaction).execute("SELECT pg_advisory_xact_lock(1)");
            CompletableFuture<Object> waiting = start(call);
            awaitWaiting(1);
            assertThat(database.sql().fetch("SELECT 1 FROM stream_locks FOR UPDATE SKIP LOCKED"))
                    .as("rows that nobody has locked")
                    .isEmpty();
            transaction.commit();
            assertThat(waiting.get(10, TimeUnit.SECONDS))
                    .isInstanceOfAny(AcquireOutcome.Granted.class, RenewOutcome.Renewed.class);
        }
    }

    @Test
    void anAcquireWaitsForAnotherTransactionThatInsertsTheFirstRowOfItsStreamAndReturnsTheWinner() throws Exception {
        // The row of the winner is newer than the snapshot of the loser.
        try (Connection transaction = database.transaction()) {
            long won = grantIn(transaction, request("alice"));
            CompletableFuture<AcquireOutcome> waiting = start(() -> acquire("bob"));
            awaitWaiting(1);
            transaction.commit();
            AcquireOutcome.Held held = (AcquireOutcome.Held) waiting.get(10, TimeUnit.SECONDS);
            assertThat(held.holder().fencingToken()).isEqualTo(won);
            assertThat(held.holder().ownerId()).isEqualTo("alice");
        }
    }

    @Test
    void anAcquireThatLostTheRaceToItsOwnRepetitionIsTheSameLease() throws Exception {
        AcquireRequest request = request("alice");
        try (Connection transaction = database.transaction()) {
            long won = grantIn(transaction, request);
            CompletableFuture<AcquireOutcome> waiting =
                    start(() -> locks.acquire(List.of(request)).get(0));
            awaitWaiting(1);
            transaction.commit();
            assertThat(granted(waiting.get(10, TimeUnit.SECONDS)).lock().fencingToken())
                    .isEqualTo(won);
        }
    }

    @Test
    void aRefusalNeitherLocksNorWrites() throws Exception {
        grant("alice");
        List<Object> before = writers();
        assertThat(acquire("bob")).isInstanceOf(AcquireOutcome.Held.class);
        assertThat(writers()).isEqualTo(before);
        try (Connection transaction = database.transaction()) {
            lockRow(transaction);
            // Otherwise it would be blocked, like every poll of every worker for every held stream.
            assertThat(acquire("bob")).isInstanceOf(AcquireOutcome.Held.class);
        }
    }

    /** Returns the transactions that last wrote and last locked the row. */
    private List<Object> writers() {
        return database.sql()
                .fetchSingle("SELECT xmin::text, xmax::text FROM stream_locks WHERE stream_id = ?", stream)
                .intoList();
    }

    @Test
    void releasingKeepsTheRow() {
        Lease lease = grant("alice");
        release(lease);
        assertThat(database.sql()
                        .fetchSingle("SELECT owner_id, lease_id FROM stream_locks WHERE stream_id = ?", stream)
                        .intoList())
                .containsExactly(null, lease.leaseId());
    }

    @Test
    void aPurgedStreamContinuesWithAHigherToken() {
        Lease before = grant("alice");
        release(before);
        database.backdate(stream, Duration.ofHours(2));
        assertThat(locks.purge(Duration.ofHours(1))).isEqualTo(1);
        assertThat(rows()).isZero();
        assertThat(grant("bob").lock().fencingToken())
                .isGreaterThan(before.lock().fencingToken());
    }

    @Test
    void purgingSkipsLiveAndLockedRows() throws Exception {
        List<AcquireRequest> requests = IntStream.range(0, 2500)
                .mapToObj(i -> new AcquireRequest(stream + i, "alice", UUID.randomUUID(), TTL))
                .toList();
        locks.acquire(requests);
        // Live streams stand before, between and behind the idle ones, in more than one chunk.
        database.sql()
                .execute(
                        "UPDATE stream_locks SET expires_at = clock_timestamp() - interval '2 hours' WHERE fencing_token % 5 = 0");
        int idle = database.sql()
                .fetchSingle("SELECT count(*) FROM stream_locks WHERE expires_at < clock_timestamp()")
                .get(0, Integer.class);
        try (Connection transaction = database.transaction()) {
            sql(transaction)
                    .execute(
                            "SELECT 1 FROM stream_locks WHERE expires_at < clock_timestamp() ORDER BY stream_id LIMIT 1 FOR UPDATE");
            assertThat(locks.purge(Duration.ofHours(1))).isEqualTo(idle - 1);
            transaction.rollback();
        }
        assertThat(locks.purge(Duration.ofHours(1))).isEqualTo(1);
        assertThat(rows()).isEqualTo(2500 - idle);
    }

    @Test
    void everyRenewalIsAHotUpdate() {
        List<Lease> leases = locks
                .acquire(IntStream.range(0, 500)
                        .mapToObj(i -> new AcquireRequest(stream + i, "alice", UUID.randomUUID(), TTL))
                        .toList())
                .stream()
                .map(StagedRace::granted)
                .toList();
        for (int beat = 0; beat < 20; beat++) {
            assertThat(locks.renew(leases.stream()
                            .map(lease -> new RenewRequest(lease.lock().streamId(), lease.leaseId(), Optional.empty()))
                            .toList()))
                    .hasOnlyElementsOfType(RenewOutcome.Renewed.class);
        }
        database.awaitStatistics();
        var counts = database.sql()
                .fetchSingle("SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'stream_locks'");
        assertThat(counts.intoList()).containsExactly(10_000L, 10_000L);
    }

    private Instant clock() {
        return database.sql()
                .fetchSingle("SELECT clock_timestamp()")
                .get(0, OffsetDateTime.class)
                .toInstant();
    }

    private int rows() {
        return database.sql().fetchCount(DSL.table("stream_locks"));
    }
}

package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;

/** The facts about PostgreSQL that decide whether the statements are right, each staged. */
class PostgresFactsTest extends StagedRace {

    @Test
    void aGrantThatWaitedForTheRowBeginsWhenItGotTheRow() throws Exception {
        // The transaction's start, or what VALUES and EXCLUDED computed before the wait, would date the grant back.
        release(grant("alice"));
        try (Connection transaction = database.transaction()) {
            lockRow(transaction);
            CompletableFuture<AcquireOutcome> waiting = start(() -> acquire("bob"));
            awaitWaiting(1);
            Instant unlocked = clock();
            transaction.commit();
            Lock lock = granted(waiting.get(10, TimeUnit.SECONDS)).lock();
            assertThat(lock.acquiredAt()).isAfter(unlocked);
            assertThat(lock.expiresAt()).isAfterOrEqualTo(lock.acquiredAt().plus(TTL));
        }
    }

    @Test
    void aRenewalThatWaitedForTheRowCountsFromWhenItGotTheRow() throws Exception {
        Lease lease = grant("alice");
        try (Connection transaction = database.transaction()) {
            sql(transaction).execute("UPDATE stream_locks SET ttl_ms = ttl_ms");
            CompletableFuture<RenewOutcome> waiting = start(() -> renew(lease));
            awaitWaiting(1);
            Instant unlocked = clock();
            transaction.commit();
            RenewOutcome.Renewed renewed = (RenewOutcome.Renewed) waiting.get(10, TimeUnit.SECONDS);
            assertThat(renewed.lease().lock().expiresAt()).isAfter(unlocked.plus(TTL));
        }
    }

    @Test
    void aLeaseThatRanOutWhileItsRenewalWaitedIsNotRevived() throws Exception {
        // By the transaction's start it would still be live.
        Lease lease = grant("alice");
        try (Connection transaction = database.transaction()) {
            lockRow(transaction);
            CompletableFuture<RenewOutcome> waiting = start(() -> renew(lease));
            awaitWaiting(1);
            sql(transaction).execute("UPDATE stream_locks SET expires_at = clock_timestamp()");
            transaction.commit();
            assertThat(waiting.get(10, TimeUnit.SECONDS)).isEqualTo(new RenewOutcome.Lost(LossReason.EXPIRED));
        }
    }

    @Test
    void aRenewalThatWaitedForARollbackCountsFromBeforeTheWaitAndNobodyWasGrantedMeanwhile() throws Exception {
        // PostgreSQL asks no guard again when the one waited for changed nothing. The row was locked all the while.
        Lease lease = grant("alice");
        database.sql().execute("UPDATE stream_locks SET expires_at = clock_timestamp() + interval '3 seconds'");
        try (Connection transaction = database.transaction()) {
            lockRow(transaction);
            CompletableFuture<RenewOutcome> renewing = start(() -> renew(lease));
            awaitWaiting(1);
            await().until(() -> locks.find(stream).isEmpty());
            CompletableFuture<AcquireOutcome> acquiring = start(() -> acquire("bob"));
            awaitWaiting(2);
            Instant unlocked = clock();
            transaction.rollback();
            if (renewing.get(10, TimeUnit.SECONDS) instanceof RenewOutcome.Renewed renewed) {
                assertThat(renewed.lease().lock().expiresAt()).isBefore(unlocked.plus(TTL));
                assertThat(acquiring.get(10, TimeUnit.SECONDS)).isInstanceOf(AcquireOutcome.Held.class);
            } else {
                // The acquire got the row first.
                assertThat(acquiring.get(10, TimeUnit.SECONDS)).isInstanceOf(AcquireOutcome.Granted.class);
                assertThat(renewing.join()).isEqualTo(new RenewOutcome.Lost(LossReason.SUPERSEDED));
            }
        }
    }

    @Test
    void aLeaseThatRanOutWhileItsReleaseWaitedIsToldSo() throws Exception {
        Lease lease = grant("alice");
        try (Connection transaction = database.transaction()) {
            lockRow(transaction);
            CompletableFuture<ReleaseOutcome> waiting = start(() -> release(lease));
            awaitWaiting(1);
            sql(transaction).execute("UPDATE stream_locks SET expires_at = clock_timestamp()");
            transaction.commit();
            assertThat(waiting.get(10, TimeUnit.SECONDS)).isEqualTo(new ReleaseOutcome.Lost(LossReason.EXPIRED));
        }
    }

    @Test
    void theTokenIsDrawnWithTheRowLocked() throws Exception {
        // Drawn before the wait it would be lower than that of the grant that came and went meanwhile.
        release(grant("alice"));
        try (Connection transaction = database.transaction()) {
            lockRow(transaction);
            CompletableFuture<AcquireOutcome> waiting = start(() -> acquire("carol"));
            awaitWaiting(1);
            long between = sql(transaction)
                    .fetchSingle(
                            "UPDATE stream_locks SET lease_id = gen_random_uuid(), fencing_token = nextval('stream_lock_fencing_token'), expires_at = clock_timestamp() RETURNING fencing_token")
                    .get(0, Long.class);
            transaction.commit();
            assertThat(granted(waiting.get(10, TimeUnit.SECONDS)).lock().fencingToken())
                    .isGreaterThan(between);
        }
    }

    @Test
    void aGrantThatWaitedForALeaseToEndTakesOneStatement() throws Exception {
        // By the transaction's start the lease would seem to be live still, and a second look be needed: the stream
        // would go to whoever looks first, not to who waited.
        release(grant("alice"));
        AtomicInteger statements = new AtomicInteger();
        LockManager counted = new PostgresLockManager(counting(database.pool(), statements));
        try (Connection transaction = database.transaction()) {
            lockRow(transaction);
            CompletableFuture<AcquireOutcome> waiting =
                    start(() -> counted.acquire(List.of(request("carol"))).get(0));
            awaitWaiting(1);
            sql(transaction)
                    .execute("UPDATE stream_locks SET lease_id = gen_random_uuid(), expires_at = clock_timestamp()");
            transaction.commit();
            granted(waiting.get(10, TimeUnit.SECONDS));
        }
        assertThat(statements).hasValue(1);
    }

    @Test
    void anAcquireThatLostTheRaceForANewRowIsToldOfTheWinner() throws Exception {
        // The winner's row is newer than the loser's snapshot.
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
        release(grant("earlier"));
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
    void aLateRepetitionOfAnAcquireThatIsOverGrantsNothing() throws Exception {
        // The upsert's own guard: when this looked, the stream was free and the lease id new.
        release(grant("earlier"));
        AcquireRequest request = request("alice");
        try (Connection transaction = database.transaction()) {
            grantIn(transaction, request);
            sql(transaction).execute("UPDATE stream_locks SET owner_id = NULL, expires_at = clock_timestamp()");
            CompletableFuture<AcquireOutcome> waiting =
                    start(() -> locks.acquire(List.of(request)).get(0));
            awaitWaiting(1);
            transaction.commit();
            assertThat(waiting.get(10, TimeUnit.SECONDS)).isInstanceOf(AcquireOutcome.LeaseIdUsed.class);
        }
    }

    @Test
    void aStreamThatWasBrokenWithADelayWhileAnAcquireWaitedStaysClosed() throws Exception {
        // The acquire saw a free stream; while it waits for the row, the stream is granted and broken, with a delay. By
        // the
        // end of the lease alone it would be free when the acquire gets the row.
        release(grant("earlier"));
        try (Connection transaction = database.transaction()) {
            AcquireRequest between = request("alice");
            grantIn(transaction, between);
            CompletableFuture<AcquireOutcome> waiting = start(() -> acquire("bob"));
            awaitWaiting(1);
            sql(transaction)
                    .fetchSingle(
                            LockSql.BREAK,
                            new String[] {stream},
                            new Long[] {null},
                            new String[] {""},
                            new String[] {"operator"},
                            new String[] {"it hangs"},
                            new Long[] {Breaking.MAX_DELAY.toMillis()});
            transaction.commit();
            assertThat(waiting.get(10, TimeUnit.SECONDS)).isInstanceOf(AcquireOutcome.Delayed.class);
        }
        assertThat(locks.find(stream)).isEmpty();
    }

    @Test
    void aRefusalNeitherLocksNorWrites() throws Exception {
        grant("alice");
        try (Connection transaction = database.transaction()) {
            lockRow(transaction);
            // Would wait for the row otherwise, and with it every poll of every worker for every held stream.
            assertThat(acquire("bob")).isInstanceOf(AcquireOutcome.Held.class);
            transaction.rollback();
        }
    }

    @Test
    void releaseKeepsTheRow() {
        Lease lease = grant("alice");
        release(lease);
        assertThat(database.sql()
                        .fetchSingle("SELECT owner_id, lease_id FROM stream_locks WHERE stream_id = ?", stream)
                        .intoList())
                .containsExactly(null, lease.leaseId());
    }

    @Test
    void aPurgedStreamGoesOnWithAHigherToken() {
        Lease before = grant("alice");
        release(before);
        database.backdate(stream, Duration.ofHours(2));
        assertThat(locks.purge(Duration.ofHours(1))).isEqualTo(1);
        assertThat(rows()).isZero();
        assertThat(grant("bob").lock().fencingToken())
                .isGreaterThan(before.lock().fencingToken());
    }

    @Test
    void purgeWalksPastWhatItKeepsAndSkipsWhatIsLocked() throws Exception {
        List<AcquireRequest> requests = IntStream.range(0, 2500)
                .mapToObj(i -> new AcquireRequest(stream + i, "alice", UUID.randomUUID(), TTL))
                .toList();
        locks.acquire(requests);
        // Live ones before, between and behind the idle ones, over more than one chunk.
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

    /** Each statement borrows a connection of its own. */
    private static DataSource counting(DataSource pool, AtomicInteger connections) {
        return (DataSource) Proxy.newProxyInstance(
                PostgresFactsTest.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("getConnection")) {
                        connections.incrementAndGet();
                    }
                    return method.invoke(pool, arguments);
                });
    }
}

package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.testkit.rig.TestDatabase;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jooq.DSLContext;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * A database for one test, on which a transaction of the test makes a call wait at the critical place. No test depends
 * on the speed of the machine.
 */
abstract class StagedRace {

    static final Duration TTL = Duration.ofSeconds(30);

    final String stream = "stream-" + UUID.randomUUID();

    /** It has a thread for each concurrent call. The common pool may have only one thread. */
    final ExecutorService threads = Executors.newCachedThreadPool();

    TestDatabase database;
    LockManager locks;

    @BeforeEach
    void migrate() {
        database = TestDatabase.migrated();
        locks = new PostgresLockManager(database.pool());
    }

    @AfterEach
    void close() {
        threads.shutdownNow();
        database.close();
    }

    Lease grant(String ownerId) {
        return granted(acquire(ownerId));
    }

    AcquireOutcome acquire(String ownerId) {
        return locks.acquire(List.of(request(ownerId))).get(0);
    }

    AcquireRequest request(String ownerId) {
        return new AcquireRequest(stream, ownerId, UUID.randomUUID(), TTL);
    }

    RenewOutcome renew(Lease lease) {
        return locks.renew(List.of(new RenewRequest(stream, lease.leaseId(), Optional.empty())))
                .get(0);
    }

    ReleaseOutcome release(Lease lease) {
        return locks.release(List.of(new ReleaseRequest(stream, lease.leaseId())))
                .get(0);
    }

    static Lease granted(AcquireOutcome outcome) {
        assertThat(outcome).isInstanceOf(AcquireOutcome.Granted.class);
        return ((AcquireOutcome.Granted) outcome).lease();
    }

    <T> CompletableFuture<T> start(Supplier<T> call) {
        return CompletableFuture.supplyAsync(call, threads);
    }

    void lockRow(Connection transaction) {
        sql(transaction).execute("SELECT 1 FROM stream_locks WHERE stream_id = ? FOR UPDATE", stream);
    }

    /** Waits until this many statements of this database wait for a lock. */
    void awaitWaiting(int statements) {
        // It polls often, because PostgreSQL checks only once for the deadlock that a test creates.
        await().pollInterval(Duration.ofMillis(5))
                .until(() -> database.sql()
                                .fetchSingle(
                                        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
                                .get(0, Integer.class)
                        == statements);
    }

    /** Grants a lease like the statement of another server that is not committed yet. */
    static long grantIn(Connection transaction, AcquireRequest request) {
        return sql(transaction)
                .fetchSingle("""
                        INSERT INTO stream_locks VALUES (?, ?, ?, nextval('stream_lock_fencing_token'), 30000,
                            clock_timestamp(), clock_timestamp() + interval '30 seconds', '{}')
                        ON CONFLICT (stream_id) DO UPDATE SET
                            owner_id = EXCLUDED.owner_id, lease_id = EXCLUDED.lease_id,
                            fencing_token = EXCLUDED.fencing_token, expires_at = EXCLUDED.expires_at
                        RETURNING fencing_token
                        """, request.streamId(), request.ownerId(), request.leaseId())
                .get(0, Long.class);
    }

    static DSLContext sql(Connection connection) {
        return DSL.using(connection);
    }
}

package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.LeaveRequest;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewRequest;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Batches that need each other's rows. */
@Tag("postgres")
class LockOrderTest extends StagedRace {

    @Test
    void aCallIsTriedAgainAfterADeadlock() throws Exception {
        String first = stream + "-1";
        String second = stream + "-2";
        try (Connection transaction = database.transaction()) {
            // A foreign transaction locks the rows in the other order, and is so patient that PostgreSQL ends the call.
            sql(transaction).execute("SET LOCAL deadlock_timeout = '60s'");
            grantIn(transaction, requests(second).get(0));
            CompletableFuture<List<AcquireOutcome>> waiting = start(() -> locks.acquire(requests(first, second)));
            awaitWaiting(1);
            grantIn(transaction, requests(first).get(0));
            transaction.commit();
            assertThat(waiting.get(10, TimeUnit.SECONDS)).hasOnlyElementsOfType(AcquireOutcome.Held.class);
        }
        assertThat(deadlocks()).isEqualTo(1);
    }

    @Test
    void anAcquireInsertsNewStreamsInTheOrderOfTheirIdsAndNotInThatOfItsRequests() throws Exception {
        String first = stream + "-1";
        String second = stream + "-2";
        try (Connection transaction = database.transaction();
                Connection other = database.transaction()) {
            grantIn(transaction, requests(second).get(0));
            CompletableFuture<List<AcquireOutcome>> waiting = start(() -> locks.acquire(requests(second, first)));
            awaitWaiting(1);
            sql(other).execute("SET LOCAL lock_timeout = '100ms'");
            assertThatThrownBy(() -> grantIn(other, requests(first).get(0)))
                    .as("the first, which it must have inserted before it waits for the second")
                    .hasMessageContaining("lock timeout");
            transaction.commit();
            assertThat(waiting.get(10, TimeUnit.SECONDS).stream().map(Object::getClass))
                    .isEqualTo(List.of(AcquireOutcome.Held.class, AcquireOutcome.Granted.class));
        }
    }

    @Test
    void anAcquireThatWaitsForANewRowHasLockedNoOtherRow() throws Exception {
        // A server of the previous version may hold that row and wait for another one of the batch.
        String known = stream + "-1";
        String inserted = stream + "-2";
        locks.acquire(requests(known));
        database.expire(known);
        try (Connection transaction = database.transaction()) {
            grantIn(transaction, requests(inserted).get(0));
            CompletableFuture<List<AcquireOutcome>> waiting = start(() -> locks.acquire(requests(known, inserted)));
            awaitWaiting(1);
            assertThat(database.sql()
                            .fetch("SELECT 1 FROM stream_locks WHERE stream_id = ? FOR UPDATE SKIP LOCKED", known))
                    .hasSize(1);
            transaction.commit();
            waiting.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void anAcquireThatWaitsForANewRowHasReleasedNothingInItsTransaction() throws Exception {
        Lease held = grant("alice");
        String inserted = stream + "-2";
        Statements statements = new Statements(database.pool());
        ReleaseChange release =
                new ReleaseChange(statements, new PostgresHandOvers(statements, database.pool(), UUID.randomUUID()));
        // With the usual time-out it would wait too briefly to be looked at.
        AcquiresWithReleases both = new AcquiresWithReleases(
                statements,
                new Pass<>(statements, new AcquireChange(statements)),
                new Pass<>(statements, release),
                Duration.ofSeconds(60));
        try (Connection transaction = database.transaction()) {
            grantIn(transaction, requests(inserted).get(0));
            var waiting =
                    start(() -> both.decide(requests(inserted), List.of(new ReleaseRequest(stream, held.leaseId()))));
            awaitWaiting(1);
            assertThat(database.sql()
                            .fetch("SELECT 1 FROM stream_locks WHERE stream_id = ? FOR UPDATE SKIP LOCKED", stream))
                    .hasSize(1);
            transaction.commit();
            assertThat(waiting.get(10, TimeUnit.SECONDS).orElseThrow().released())
                    .containsExactly(new ReleaseOutcome.Released());
        }
    }

    private static List<AcquireRequest> requests(String... streams) {
        return Stream.of(streams)
                .map(id -> new AcquireRequest(id, "alice", UUID.randomUUID(), TTL))
                .toList();
    }

    @Test
    void batchesOverTheSameStreamsInAnyOrderNeverDeadlock() throws Exception {
        List<String> streams = IntStream.range(0, 200).mapToObj(i -> stream + i).toList();
        List<CompletableFuture<Void>> workers = IntStream.range(0, 4)
                .mapToObj(worker -> CompletableFuture.runAsync(
                        () -> {
                            // Each thread has a manager of its own, like a server.
                            LockManager manager = new PostgresLockManager(database.pool());
                            for (int i = 0; i < 50; i++) {
                                List<Lease> leases = manager
                                        .acquire(shuffled(streams).stream()
                                                .map(id -> new AcquireRequest(id, "worker", UUID.randomUUID(), TTL))
                                                .toList())
                                        .stream()
                                        .filter(AcquireOutcome.Granted.class::isInstance)
                                        .map(StagedRace::granted)
                                        .toList();
                                manager.renew(shuffled(leases).stream()
                                        .map(lease -> new RenewRequest(
                                                lease.lock().streamId(), lease.leaseId(), Optional.empty()))
                                        .toList());
                                // Some leases are foreign, because a call that is refused locks rows as well.
                                manager.release(shuffled(streams).stream()
                                        .map(id -> new ReleaseRequest(id, UUID.randomUUID()))
                                        .toList());
                                manager.release(shuffled(leases).stream()
                                        .map(lease ->
                                                new ReleaseRequest(lease.lock().streamId(), lease.leaseId()))
                                        .toList());
                            }
                        },
                        threads))
                .toList();
        for (CompletableFuture<Void> worker : workers) {
            worker.get(60, TimeUnit.SECONDS);
        }
        assertThat(deadlocks()).isZero();
    }

    @Test
    void acquiresWithReleasesOverTheSameStreamsInAnyOrderNeverDeadlock() throws Exception {
        List<String> streams = IntStream.range(0, 60).mapToObj(i -> stream + i).toList();
        List<CompletableFuture<Void>> workers = IntStream.range(0, 4)
                .mapToObj(worker -> CompletableFuture.runAsync(
                        () -> {
                            LockManager manager = new PostgresLockManager(database.pool());
                            List<Lease> held = new ArrayList<>();
                            for (int i = 0; i < 200; i++) {
                                List<String> named = shuffled(streams).subList(0, 30);
                                List<Lease> ends = held.stream()
                                        .filter(lease ->
                                                !named.contains(lease.lock().streamId()))
                                        .toList();
                                held.removeAll(ends);
                                manager
                                        .acquireAndRelease(
                                                named.stream()
                                                        .map(id -> new AcquireRequest(
                                                                id, "worker", UUID.randomUUID(), TTL))
                                                        .toList(),
                                                ends.stream()
                                                        .map(lease -> new ReleaseRequest(
                                                                lease.lock().streamId(), lease.leaseId()))
                                                        .toList())
                                        .acquired()
                                        .stream()
                                        .filter(AcquireOutcome.Granted.class::isInstance)
                                        .map(StagedRace::granted)
                                        .forEach(held::add);
                            }
                        },
                        threads))
                .toList();
        for (CompletableFuture<Void> worker : workers) {
            worker.get(60, TimeUnit.SECONDS);
        }
        assertThat(deadlocks()).isZero();
    }

    @Test
    void placesHandOversAndAcquiresOverTheSameStreamsInAnyOrderNeverDeadlock() throws Exception {
        List<String> streams = IntStream.range(0, 60).mapToObj(i -> stream + i).toList();
        List<CompletableFuture<Void>> workers = IntStream.range(0, 4)
                .mapToObj(worker -> CompletableFuture.runAsync(
                        () -> {
                            LockManager manager = new PostgresLockManager(database.pool());
                            for (int i = 0; i < 20; i++) {
                                List<AcquireRequest> requests =
                                        requests(shuffled(streams).toArray(String[]::new));
                                manager.acquire(requests);
                                UUID call = UUID.randomUUID();
                                manager.queue(shuffled(requests).stream()
                                        .map(request -> new QueueRequest(request, call, TTL))
                                        .toList());
                                manager.advance(shuffled(streams));
                                manager.leave(shuffled(requests).stream()
                                        .map(request -> new LeaveRequest(
                                                request.streamId(),
                                                request.leaseId(),
                                                call,
                                                request.hashCode() % 2 == 0))
                                        .toList());
                                manager.release(shuffled(requests).stream()
                                        .map(request -> new ReleaseRequest(request.streamId(), request.leaseId()))
                                        .toList());
                                manager.purge(Limits.MIN_TOMBSTONE_RETENTION);
                            }
                        },
                        threads))
                .toList();
        for (CompletableFuture<Void> worker : workers) {
            worker.get(120, TimeUnit.SECONDS);
        }
        assertThat(deadlocks()).isZero();
    }

    private long deadlocks() {
        database.awaitStatistics();
        return database.sql()
                .fetchSingle("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
                .get(0, Long.class);
    }

    private static <T> List<T> shuffled(List<T> list) {
        List<T> copy = new ArrayList<>(list);
        Collections.shuffle(copy);
        return copy;
    }
}

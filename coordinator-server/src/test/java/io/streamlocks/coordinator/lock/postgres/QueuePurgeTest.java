package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.QueueRequest;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The purge of places that died. */
@Tag("postgres")
class QueuePurgeTest extends StagedQueue {

    /** The places of this test have been dead for longer than a minute after this. */
    private static final Duration LONG = WAIT.plusSeconds(61).plus(Limits.PLACE_KEPT);

    @Test
    void placesThatDiedAreDeletedAndNoOthers() {
        Lease lease = grant("alice");
        waits("dead");
        database.backdatePlaces(stream, LONG);
        QueueRequest kept = waits("kept");
        leave(kept, true);
        waits("calling");
        purge();
        assertThat(owners()).containsExactly("kept", "calling");
        release(lease);
        leave(kept, false);
        assertThat(holder()).contains("calling");
    }

    @Test
    void aPlaceThatDiedJustNowStaysForItsStreamsNextCall() {
        grant("alice");
        waits("bob");
        database.backdatePlaces(stream, WAIT.plus(Limits.PLACE_KEPT));
        purge();
        assertThat(owners()).containsExactly("bob");
    }

    @Test
    void placesOfAStreamThatIsGoneAreDeleted() {
        grant("alice");
        waits("bob");
        database.backdatePlaces(stream, LONG);
        database.sql().execute("DELETE FROM stream_locks");
        purge();
        assertThat(owners()).isEmpty();
    }

    @Test
    void moreDeadPlacesThanOneStatementDeletesAreDeleted() {
        grant("alice");
        database.sql()
                .execute(
                        "INSERT INTO stream_lock_waiters SELECT ?, n, 'w', gen_random_uuid(), 1000, NULL, gen_random_uuid(),"
                                + " gen_random_uuid(), now() - interval '1 hour', now() - interval '1 hour'"
                                + " FROM generate_series(1, 2500) n",
                        stream);
        purge();
        assertThat(owners()).isEmpty();
    }

    @Test
    void aStreamThatIsLockedIsLeftForTheNextPurge() throws Exception {
        grant("alice");
        waits("bob");
        database.backdatePlaces(stream, LONG);
        try (Connection transaction = database.transaction()) {
            lockRow(transaction);
            purge();
            assertThat(owners()).containsExactly("bob");
        }
        purge();
        assertThat(owners()).isEmpty();
    }

    @Test
    void aCallDoesNotWaitForAPurgeThatDeletesItsDeadPlace() throws Exception {
        grant("alice");
        QueueRequest bob = waits("bob");
        database.backdatePlaces(stream, LONG);
        try (Connection purge = database.transaction()) {
            assertThat(sql(purge).execute(QueueSql.PURGE_CHUNK, 1000)).isEqualTo(1);
            assertThat(start(() -> queue(again(bob))).get(10, TimeUnit.SECONDS)).isEqualTo(BLOCKED);
            purge.commit();
        }
        assertThat(queue(again(bob))).isEmpty();
        assertThat(owners()).containsExactly("bob");
    }

    @Test
    void purgesAndPlacesAtOnceNeverDeadlockAndLoseNoLivingPlace() throws Exception {
        grant("alice");
        List<QueueRequest> all = List.of(place("a"), place("b"), place("c"), place("d"));
        CompletableFuture<Void> purging = CompletableFuture.runAsync(
                () -> {
                    for (int i = 0; i < 200; i++) {
                        purge();
                    }
                },
                threads);
        while (!purging.isDone()) {
            locks.queue(all.stream().map(StagedQueue::again).toList());
            database.backdatePlaces(stream, LONG);
        }
        purging.get(30, TimeUnit.SECONDS);
        for (QueueRequest request : all) {
            assertThat(queue(again(request))).isEmpty();
        }
        purge();
        assertThat(owners()).containsExactlyInAnyOrder("a", "b", "c", "d");
        database.awaitStatistics();
        assertThat(database.sql()
                        .fetchSingle("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
                        .get(0, Long.class))
                .isZero();
    }

    private void purge() {
        locks.purge(Limits.MIN_TOMBSTONE_RETENTION);
    }

    /** Returns the owners of all rows, dead or alive. */
    private List<String> owners() {
        return database.sql()
                .fetch("SELECT owner_id FROM stream_lock_waiters ORDER BY ticket")
                .map(row -> row.get(0, String.class));
    }
}

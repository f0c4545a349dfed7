package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.BlockedException;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import java.sql.Connection;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jooq.Record;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Calls of two servers that meet at the queue of one stream. */
@Tag("postgres")
class QueueRaceTest extends StagedQueue {

    private static final Breaking BREAKING = new Breaking("it hangs", "operator", Duration.ZERO);

    // The order of the tickets

    @Test
    void aPlaceIsBlockedWhileAnotherServerTakesOneAndComesBehindIt() throws Exception {
        grant("alice");
        QueueRequest carol = place("carol");
        try (Connection transaction = database.transaction()) {
            assertThat(queueIn(transaction, place("bob"))).isEqualTo("queued");
            assertThat(queue(carol)).isEqualTo(BLOCKED);
            transaction.commit();
        }
        assertThat(queue(carol)).isEmpty();
        assertThat(waiting()).containsExactly("bob", "carol");
    }

    @Test
    void aTicketIsDrawnAfterTheRowIsLocked() throws Exception {
        grant("alice");
        QueueRequest carol = place("carol");
        try (Connection transaction = database.transaction()) {
            // Carol's statement begins first, and cannot lock the row before bob has his place.
            sql(transaction).execute("LOCK TABLE stream_locks IN ACCESS EXCLUSIVE MODE");
            CompletableFuture<Optional<AcquireOutcome>> queueing = start(() -> queue(carol));
            awaitWaiting(1);
            assertThat(queueIn(transaction, place("bob"))).isEqualTo("queued");
            transaction.commit();
            assertThat(queueing.get(10, TimeUnit.SECONDS)).isEmpty();
        }
        assertThat(waiting()).containsExactly("bob", "carol");
    }

    @Test
    void ticketsRiseAlthoughACopyOfTheDatabaseLacksTheValueOfTheSequence() {
        grant("alice");
        database.sql().execute("SELECT setval('stream_lock_ticket', 1000)");
        waits("bob");
        database.sql().execute("SELECT setval('stream_lock_ticket', 1, false)");
        waits("carol");
        waits("dave");
        assertThat(waiting()).containsExactly("bob", "carol", "dave");
    }

    // A place and a release

    @Test
    void aPlaceThatIsTakenDuringAReleaseIsGrantedTheStreamAfterIt() throws Exception {
        grant("alice");
        QueueRequest bob = place("bob");
        try (Connection transaction = database.transaction()) {
            releaseIn(transaction);
            assertThat(queue(bob)).isEqualTo(BLOCKED);
            transaction.commit();
        }
        assertThat(queue(bob)).get().isInstanceOf(AcquireOutcome.Granted.class);
        assertThat(holder()).contains("bob");
    }

    @Test
    void aReleaseDuringWhichAPlaceIsTakenIsBlockedAndThenHandsOver() throws Exception {
        Lease lease = grant("alice");
        try (Connection transaction = database.transaction()) {
            queueIn(transaction, place("bob"));
            assertThat(release(lease)).isInstanceOf(ReleaseOutcome.Blocked.class);
            transaction.commit();
        }
        assertThat(release(lease)).isInstanceOf(ReleaseOutcome.Released.class);
        assertThat(holder()).contains("bob");
    }

    @Test
    void aReleaseThatIsRolledBackHandsNothingOver() throws Exception {
        Lease lease = grant("alice");
        waits("bob");
        try (Connection transaction = database.transaction()) {
            releaseIn(transaction);
            assertThat(sql(transaction)
                            .fetchSingle("SELECT owner_id FROM stream_locks")
                            .get(0))
                    .isEqualTo("bob");
            transaction.rollback();
        }
        assertThat(holder()).contains("alice");
        assertThat(waiting()).containsExactly("bob");
        release(lease);
        assertThat(holder()).contains("bob");
    }

    @Test
    void aHandOverIsJudgedAndDatedByTheClockAndNotByTheStartOfTheTransaction() throws Exception {
        grant("alice");
        try (Connection transaction = database.transaction()) {
            sql(transaction).execute("SELECT 1");
            waits("bob");
            database.expire(stream);
            OffsetDateTime ended = clock();
            sql(transaction).execute("SELECT stream_lock_advance(?)", stream);
            Record granted = sql(transaction).fetchSingle("SELECT owner_id, acquired_at, expires_at FROM stream_locks");
            assertThat(granted.get("owner_id")).isEqualTo("bob");
            assertThat(granted.get("acquired_at", OffsetDateTime.class)).isAfterOrEqualTo(ended);
            assertThat(granted.get("expires_at", OffsetDateTime.class)).isAfterOrEqualTo(ended.plus(TTL));
        }
    }

    private OffsetDateTime clock() {
        return database.sql().fetchSingle("SELECT clock_timestamp()").get(0, OffsetDateTime.class);
    }

    @Test
    void aHandOverIsAboveThePreviousGrantAlthoughTheSequenceIsBehind() {
        database.sql().execute("SELECT setval('stream_lock_fencing_token', 1000)");
        Lease lease = grant("alice");
        QueueRequest bob = waits("bob");
        database.sql().execute("SELECT setval('stream_lock_fencing_token', 1, false)");
        release(lease);
        assertThat(granted(locks.acquire(List.of(bob.request())).get(0)).lock().fencingToken())
                .isEqualTo(lease.lock().fencingToken() + 1);
    }

    @Test
    void noMomentLiesBetweenAReleaseAndTheNextGrant() throws Exception {
        grant("alice");
        waits("bob");
        try (Connection transaction = database.transaction()) {
            releaseIn(transaction);
            assertThat(acquire("dave")).as("as committed").isInstanceOf(AcquireOutcome.Held.class);
            transaction.commit();
        }
        assertThat(acquire("dave")).isInstanceOfSatisfying(AcquireOutcome.Held.class, held -> assertThat(
                        held.holder().ownerId())
                .isEqualTo("bob"));
    }

    // An acquire that does not wait

    @Test
    void anAcquireThatHasNotSeenAPlaceIsNotGranted() throws Exception {
        String inserted = stream + "-new";
        release(grant("alice"));
        QueueRequest bob = new QueueRequest(request("bob"), UUID.randomUUID(), Duration.ZERO);
        try (Connection transaction = database.transaction()) {
            grantIn(transaction, new AcquireRequest(inserted, "other", UUID.randomUUID(), TTL));
            // It has its snapshot, in which the stream is free and nobody waits, and waits for the new row.
            CompletableFuture<List<AcquireOutcome>> acquiring = start(() -> otherServer.acquire(
                    List.of(request("dave"), new AcquireRequest(inserted, "dave", UUID.randomUUID(), TTL))));
            awaitWaiting(1);
            assertThat(queue(bob)).isEmpty();
            transaction.commit();
            assertThat(acquiring.get(10, TimeUnit.SECONDS).get(0))
                    .isEqualTo(new AcquireOutcome.Awaited(OptionalInt.empty()));
        }
        assertThat(queue(again(bob))).get().isInstanceOf(AcquireOutcome.Granted.class);
    }

    @Test
    void anAcquireBetweenTheEndOfALeaseAndTheNextGrantIsNotGranted() {
        grant("alice");
        waits("bob");
        database.expire(stream);
        assertThat(acquire("dave")).isEqualTo(new AcquireOutcome.Awaited(OptionalInt.empty()));
        locks.advance(List.of(stream));
        assertThat(holder()).contains("bob");
    }

    // Places that end

    @Test
    void aCallThatEndsWhileItsGrantIsCommittedReturnsTheGrant() throws Exception {
        grant("alice");
        QueueRequest bob = waits("bob");
        try (Connection transaction = database.transaction()) {
            releaseIn(transaction);
            assertThat(leave(bob, true)).isEqualTo(BLOCKED);
            transaction.commit();
        }
        assertThat(leave(bob, true)).get().isInstanceOf(AcquireOutcome.Granted.class);
    }

    @Test
    void aCallThatEndsWhileItsGrantIsRolledBackKeepsItsPlace() throws Exception {
        grant("alice");
        QueueRequest bob = waits("bob");
        try (Connection transaction = database.transaction()) {
            releaseIn(transaction);
            assertThat(leave(bob, true)).isEqualTo(BLOCKED);
            transaction.rollback();
        }
        assertThat(leave(bob, true)).get().isInstanceOfSatisfying(AcquireOutcome.Held.class, held -> assertThat(
                        held.position())
                .hasValue(1));
    }

    @Test
    void theEndOfACallDoesNothingToALaterCallThatTookItsPlaceOverMeanwhile() throws Exception {
        Lease lease = grant("alice");
        QueueRequest first = waits("bob");
        try (Connection transaction = database.transaction()) {
            assertThat(queueIn(transaction, again(first))).isEqualTo("queued");
            assertThat(leave(first, false)).isEqualTo(BLOCKED);
            transaction.commit();
        }
        assertThat(leave(first, false)).isEmpty();
        leave(first, true);
        release(lease);
        assertThat(holder()).contains("bob");
    }

    @Test
    void theHeadDiesWhileTheStreamIsFreeAndTheNextIsGrantedTheStream() {
        Lease lease = grant("alice");
        QueueRequest bob = waits("bob");
        leave(bob, true);
        release(lease);
        waits("carol");
        locks.advance(List.of(stream));
        assertThat(holder()).as("bob may still come").isEmpty();
        database.sql()
                .execute(
                        "UPDATE stream_lock_waiters SET calling_until = calling_until - interval '6 seconds' WHERE owner_id = 'bob'");
        locks.advance(List.of(stream));
        assertThat(holder()).contains("carol");
        assertThat(waiting()).isEmpty();
    }

    @Test
    void aPlaceWhoseLeaseWasGrantedToAnAcquireHoldsUpNobody() {
        Lease lease = grant("alice");
        QueueRequest bob = waits("bob");
        QueueRequest carol = waits("carol");
        leave(bob, true);
        release(lease);
        granted(locks.acquire(List.of(bob.request())).get(0));
        assertThat(leave(carol, true)).get().isInstanceOfSatisfying(AcquireOutcome.Held.class, held -> assertThat(
                        held.position())
                .hasValue(1));
        database.expire(stream);
        assertThat(locks.acquire(List.of(carol.request())).get(0)).isInstanceOf(AcquireOutcome.Granted.class);
        database.expire(stream);
        assertThat(acquire("dave")).isInstanceOf(AcquireOutcome.Granted.class);
    }

    // Two servers advance

    @Test
    void theSecondOfTwoServersThatAdvanceAStreamSkipsIt() throws Exception {
        grant("alice");
        waits("bob");
        waits("carol");
        database.expire(stream);
        try (Connection transaction = database.transaction()) {
            sql(transaction).execute("SELECT stream_lock_advance(?)", stream);
            otherServer.advance(List.of(stream));
            assertThat(waiting()).as("as committed").containsExactly("bob", "carol");
            transaction.commit();
        }
        assertThat(holder()).contains("bob");
        otherServer.advance(List.of(stream));
        assertThat(holder()).contains("bob");
        assertThat(ends("public")).containsExactly(List.of("alice", "superseded", "bob"));
    }

    @Test
    void anAdvanceThatIsRolledBackIsRepeatedByAnotherServer() throws Exception {
        grant("alice");
        waits("bob");
        database.expire(stream);
        try (Connection transaction = database.transaction()) {
            sql(transaction).execute("SELECT stream_lock_advance(?)", stream);
            transaction.rollback();
        }
        otherServer.advance(List.of(stream));
        assertThat(holder()).contains("bob");
    }

    @Test
    void anAdvanceJudgesTheRowThatItHasLocked() throws Exception {
        Lease lease = grant("alice");
        waits("bob");
        database.expire(stream);
        try (Connection transaction = database.transaction()) {
            // The renewal was in time, and is not committed yet.
            sql(transaction).execute("UPDATE stream_locks SET expires_at = clock_timestamp() + interval '30 seconds'");
            locks.advance(List.of(stream));
            transaction.commit();
        }
        locks.advance(List.of(stream));
        assertThat(holder()).contains("alice");
        assertThat(release(lease)).isInstanceOf(ReleaseOutcome.Released.class);
    }

    @Test
    void manyServersThatWaitReleaseAndAdvanceServeEachWaiterOnceInTheOrderOfTheTickets() throws Exception {
        Lease lease = grant("alice");
        List<String> owners = IntStream.range(0, 12).mapToObj(i -> "w" + i).toList();
        List<CompletableFuture<Void>> queueing = owners.stream()
                .map(owner -> CompletableFuture.runAsync(() -> queueUntilDone(place(owner)), threads))
                .toList();
        for (CompletableFuture<Void> call : queueing) {
            call.get(30, TimeUnit.SECONDS);
        }
        List<String> order = waiting();
        assertThat(order).containsExactlyInAnyOrderElementsOf(owners);
        release(lease);
        List<CompletableFuture<Void>> servers = Stream.generate(() -> new PostgresLockManager(database.pool()))
                .limit(2)
                .map(server -> CompletableFuture.runAsync(() -> endLeasesUntilNobodyWaits(server), threads))
                .toList();
        for (CompletableFuture<Void> server : servers) {
            server.get(60, TimeUnit.SECONDS);
        }
        database.sql().execute("UPDATE stream_locks SET owner_id = NULL, expires_at = clock_timestamp()");
        List<String> granted = new ArrayList<>(List.of("alice"));
        granted.addAll(order);
        assertThat(ends("public").stream().map(end -> (String) end.get(0))).containsExactlyElementsOf(granted);
    }

    private void queueUntilDone(QueueRequest request) {
        LockManager server = new PostgresLockManager(database.pool());
        while (server.queue(List.of(request)).get(0).isPresent()) {
            Thread.onSpinWait();
        }
    }

    private void endLeasesUntilNobodyWaits(LockManager server) {
        while (!waiting().isEmpty()) {
            database.expire(stream);
            server.advance(List.of(stream));
        }
    }

    // A break

    @Test
    void aBreakOfAnOwnerHandsOverEachOfItsStreams() {
        List<String> streams =
                IntStream.range(0, 5).mapToObj(i -> stream + "-" + i).toList();
        locks.acquire(streams.stream()
                .map(id -> new AcquireRequest(id, "alice", UUID.randomUUID(), TTL))
                .toList());
        assertThat(locks.queue(streams.stream()
                        .map(id -> new QueueRequest(
                                new AcquireRequest(id, "bob", UUID.randomUUID(), TTL), UUID.randomUUID(), WAIT))
                        .toList()))
                .containsOnly(Optional.empty());
        assertThat(locks.breakOwner("alice", BREAKING)).isEqualTo(5);
        assertThat(streams).allSatisfy(id -> assertThat(holder(id)).contains("bob"));
        assertThat(ends("public")).hasSize(5).containsOnly(List.of("alice", "broken", "operator"));
    }

    @Test
    void aBreakOfAnOwnerThatIsBlockedAtOneStreamHandsOverTheOthers() throws Exception {
        String locked = stream + "-locked";
        grant("alice");
        locks.acquire(List.of(new AcquireRequest(locked, "alice", UUID.randomUUID(), TTL)));
        waits("bob");
        try (Connection transaction = database.transaction()) {
            sql(transaction).execute("SELECT FROM stream_locks WHERE stream_id = ? FOR UPDATE", locked);
            assertThatThrownBy(() -> locks.breakOwner("alice", BREAKING)).isInstanceOf(BlockedException.class);
        }
        assertThat(holder()).contains("bob");
        assertThat(locks.breakOwner("alice", BREAKING)).isEqualTo(1);
    }

    @Test
    void aBreakOfAnOwnerLeavesItsPlacesInQueues() {
        grant("alice");
        waits("alice");
        assertThat(locks.breakOwner("alice", BREAKING)).isEqualTo(1);
        assertThat(holder()).as("the other worker with this name").contains("alice");
    }
}

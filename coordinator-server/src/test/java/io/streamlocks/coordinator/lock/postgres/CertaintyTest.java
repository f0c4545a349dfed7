package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.BlockedException;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.EndReason;
import io.streamlocks.coordinator.lock.Grant;
import io.streamlocks.coordinator.lock.HistoryQuery;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StreamHistoryQuery;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Another transaction has renewed a lease and has not committed the renewal yet, or has only locked its row. No outcome
 * may state anything about the lease that can turn out to be wrong.
 */
@Tag("postgres")
class CertaintyTest extends StagedRace {

    private static final Breaking BREAKING = new Breaking("it hangs", "operator", Duration.ZERO);

    @Test
    void noOutcomeSaysThatALeaseHasEndedWhileItsRenewalIsCommitted() throws Exception {
        Lease lease = overAsCommitted();
        try (Connection transaction = database.transaction()) {
            renewIn(transaction);

            assertThat(renew(lease)).isInstanceOf(RenewOutcome.Blocked.class);
            assertThat(release(lease)).isInstanceOf(ReleaseOutcome.Blocked.class);
            assertThat(acquireAgain(lease)).isInstanceOf(AcquireOutcome.Blocked.class);
            assertThat(acquire("bob")).isInstanceOf(AcquireOutcome.Blocked.class);
            assertThat(breakLease()).isInstanceOf(BreakOutcome.Blocked.class);
            assertThatThrownBy(() -> locks.breakOwner("alice", BREAKING)).isInstanceOf(BlockedException.class);
            assertThatThrownBy(() -> locks.find(stream)).isInstanceOf(BlockedException.class);
            assertThat(history()).singleElement().extracting(Grant::end).isEqualTo(Optional.empty());
            assertThat(history(Optional.of(clock()))).hasSize(1);
            assertThat(expiredGrants()).isEmpty();

            transaction.commit();
        }
        assertThat(renew(lease)).isInstanceOf(RenewOutcome.Renewed.class);
        assertThat(locks.find(stream)).isPresent();
        assertThat(acquireAgain(lease)).isInstanceOf(AcquireOutcome.Granted.class);
    }

    @Test
    void aRenewalThatIsRolledBackAfterTheEndLeavesALeaseThatHasEnded() throws Exception {
        Lease lease = overAsCommitted();
        try (Connection transaction = database.transaction()) {
            renewIn(transaction);
            transaction.rollback();
        }
        assertThat(renew(lease)).isEqualTo(new RenewOutcome.Lost(LossReason.EXPIRED));
        assertThat(release(lease)).isEqualTo(new ReleaseOutcome.Lost(LossReason.EXPIRED));
        assertThat(acquireAgain(lease)).isInstanceOf(AcquireOutcome.LeaseIdUsed.class);
        assertThat(breakLease()).isInstanceOf(BreakOutcome.NotLocked.class);
        assertThat(locks.breakOwner("alice", BREAKING)).isZero();
        assertThat(locks.find(stream)).isEmpty();
        assertThat(history()).singleElement().satisfies(grant -> assertThat(
                        grant.end().orElseThrow().reason())
                .isEqualTo(EndReason.EXPIRED));
        assertThat(history(Optional.of(clock()))).isEmpty();
        assertThat(expiredGrants()).hasSize(1);
    }

    @Test
    void aRenewalDoesNotWaitForALockedRowPastTheEndOfTheLeaseAndThenRenewIt() throws Exception {
        // A lock that is rolled back changes nothing, so PostgreSQL would not judge the row again after the wait.
        Lease lease = grant("alice");
        try (Connection transaction = database.transaction()) {
            lockRow(transaction);
            CompletableFuture<RenewOutcome> renewing = start(() -> renew(lease));
            assertThat(renewing.get(10, TimeUnit.SECONDS)).isInstanceOf(RenewOutcome.Blocked.class);
            transaction.rollback();
        }
        database.expire(stream);
        assertThat(renew(lease)).isEqualTo(new RenewOutcome.Lost(LossReason.EXPIRED));
    }

    @Test
    void breakingAnOwnerFindsALeaseThatLooksExpiredUntilItsRenewalIsCommitted() throws Exception {
        Lease lease = overAsCommitted();
        try (Connection transaction = database.transaction()) {
            renewIn(transaction);
            assertThatThrownBy(() -> locks.breakOwner("alice", BREAKING))
                    .isInstanceOf(BlockedException.class)
                    .hasMessageContaining("0 leases were ended");
            transaction.commit();
        }
        assertThat(locks.breakOwner("alice", BREAKING)).isEqualTo(1);
        assertThat(renew(lease)).isEqualTo(new RenewOutcome.Lost(LossReason.BROKEN, Optional.of("it hangs")));
    }

    @Test
    void breakingAnOwnerBreaksTheLeasesThatAreNotLocked() throws Exception {
        List<Lease> leases = batch();
        try (Connection transaction = database.transaction()) {
            lock(transaction, leases.get(3));
            assertThatThrownBy(() -> locks.breakOwner("alice", BREAKING))
                    .isInstanceOf(BlockedException.class)
                    .hasMessageContaining("19 leases were ended");
        }
        assertThat(locks.breakOwner("alice", BREAKING)).isEqualTo(1);
    }

    @Test
    void oneLockedRowBlocksNoOtherRequestOfItsBatch() throws Exception {
        List<Lease> leases = batch();
        List<RenewRequest> renewals = leases.stream()
                .map(lease -> new RenewRequest(lease.lock().streamId(), lease.leaseId(), Optional.empty()))
                .toList();
        List<ReleaseRequest> releases = leases.stream()
                .map(lease -> new ReleaseRequest(lease.lock().streamId(), lease.leaseId()))
                .toList();
        List<BreakRequest> breaks = leases.stream()
                .map(lease -> new BreakRequest(lease.lock().streamId(), Optional.empty(), "", BREAKING))
                .toList();
        List<AcquireRequest> acquires = leases.stream()
                .map(lease -> new AcquireRequest(lease.lock().streamId(), "bob", UUID.randomUUID(), TTL))
                .toList();
        try (Connection transaction = database.transaction()) {
            lock(transaction, leases.get(3));
            assertBlockedAtThree(locks.renew(renewals), RenewOutcome.Renewed.class, RenewOutcome.Blocked.class);
            assertBlockedAtThree(locks.release(releases), ReleaseOutcome.Released.class, ReleaseOutcome.Blocked.class);
            assertBlockedAtThree(locks.acquire(acquires), AcquireOutcome.Granted.class, AcquireOutcome.Held.class);
            assertBlockedAtThree(locks.breakLeases(breaks), BreakOutcome.Broken.class, BreakOutcome.Blocked.class);
        }
    }

    @Test
    void requestsBehindABlockedOneAreBlockedAndNoneOvertakesIt() throws Exception {
        Lease lease = grant("alice");
        AcquireRequest first = request("bob");
        AcquireRequest second = request("carol");
        release(lease);
        try (Connection transaction = database.transaction()) {
            lockRow(transaction);
            assertThat(locks.acquire(List.of(first, second)))
                    .containsExactly(new AcquireOutcome.Blocked(), new AcquireOutcome.Blocked());
        }
    }

    @Test
    void aLeaseThatAServerOfThePreviousVersionEndedIsNotAttributedToAnEarlierOwner() {
        // That version does not set the columns that it does not have.
        release(grant("team-a/1"));
        Lease lease = grant("team-b/1");
        database.sql()
                .execute(
                        "UPDATE stream_locks SET owner_id = NULL, expires_at = clock_timestamp(), ended_owner_id = 'team-a/1',"
                                + " ended_fencing_token = 1");
        assertThat(locks.release(List.of(new ReleaseRequest(stream, lease.leaseId(), "team-b/"))))
                .containsExactly(new ReleaseOutcome.Released());
    }

    private static void assertBlockedAtThree(List<?> outcomes, Class<?> others, Class<?> blocked) {
        assertThat(outcomes.get(3)).isInstanceOf(blocked);
        assertThat(IntStream.range(0, 20).filter(i -> i != 3).mapToObj(outcomes::get))
                .hasSize(19)
                .allMatch(others::isInstance);
    }

    private List<Lease> batch() {
        return locks
                .acquire(IntStream.range(0, 20)
                        .mapToObj(i -> new AcquireRequest(stream + i, "alice", UUID.randomUUID(), TTL))
                        .toList())
                .stream()
                .map(StagedRace::granted)
                .toList();
    }

    private static void lock(Connection transaction, Lease lease) {
        sql(transaction)
                .execute(
                        "SELECT 1 FROM stream_locks WHERE stream_id = ? FOR UPDATE",
                        lease.lock().streamId());
    }

    /** Grants a lease that has expired according to the committed state. */
    private Lease overAsCommitted() {
        Lease lease = grant("alice");
        database.expire(stream);
        return lease;
    }

    /** Writes the renewal of another server, which was in time and is not committed yet. */
    private void renewIn(Connection transaction) {
        sql(transaction)
                .execute(
                        "UPDATE stream_locks SET expires_at = clock_timestamp() + interval '30 seconds' WHERE stream_id = ?",
                        stream);
    }

    private Instant clock() {
        return database.sql()
                .fetchSingle("SELECT clock_timestamp()")
                .get(0, OffsetDateTime.class)
                .toInstant();
    }

    private AcquireOutcome acquireAgain(Lease lease) {
        return locks.acquire(List.of(new AcquireRequest(stream, "alice", lease.leaseId(), TTL)))
                .get(0);
    }

    private BreakOutcome breakLease() {
        return locks.breakLeases(List.of(new BreakRequest(stream, Optional.empty(), "", BREAKING)))
                .get(0);
    }

    private List<Grant> history() {
        return history(Optional.empty());
    }

    private List<Grant> history(Optional<Instant> at) {
        return locks.reads().history(new StreamHistoryQuery(stream, at, Long.MAX_VALUE, 10))
                .grants();
    }

    private List<Grant> expiredGrants() {
        return locks.reads().history(new HistoryQuery(
                        Optional.empty(),
                        "",
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(EndReason.EXPIRED),
                        Optional.empty(),
                        10))
                .grants();
    }
}

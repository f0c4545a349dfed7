package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** After an epoch has begun, a server may grant nothing for a while: the holders of leases that were lost still work. */
@Tag("postgres")
class ClosedEpochTest extends StagedQueue {

    private static final Duration GRACE = Duration.ofMinutes(5);

    @Test
    void noStreamIsGrantedAtFirst() {
        release(grant("alice"));
        LockManager server = serverAfterAFailOver();
        assertDelayed(acquireAt(server, request("bob")));
        assertDelayed(acquireAt(server, ofStreamWithoutRow()));
        open();
        assertThat(acquireAt(server, request("bob"))).isInstanceOf(AcquireOutcome.Granted.class);
        assertThat(acquireAt(server, ofStreamWithoutRow())).isInstanceOf(AcquireOutcome.Granted.class);
    }

    @Test
    void leasesThatWereNotLostAreRenewedReleasedAndReturnedAgain() {
        AcquireRequest request = request("alice");
        Lease lease = granted(acquireAt(locks, request));
        LockManager server = serverAfterAFailOver();
        assertThat(granted(acquireAt(server, request)).lock().fencingToken())
                .isEqualTo(lease.lock().fencingToken());
        assertThat(renew(lease)).isInstanceOf(RenewOutcome.Renewed.class);
        assertThat(acquireAt(server, request("bob"))).isInstanceOf(AcquireOutcome.Held.class);
        assertThat(releaseAt(server, lease)).isInstanceOf(ReleaseOutcome.Released.class);
        assertDelayed(acquireAt(server, request("bob")));
    }

    @Test
    void aReleaseHandsNothingOverUntilTheEpochIsOpen() {
        Lease lease = grant("alice");
        QueueRequest place = waits("bob");
        LockManager server = serverAfterAFailOver();
        assertThat(releaseAt(server, lease)).isInstanceOf(ReleaseOutcome.Released.class);
        server.advance(List.of(stream));
        assertThat(waiting()).containsExactly("bob");
        assertDelayed(acquireAt(server, request("carol")));
        open();
        server.advance(List.of(stream));
        assertThat(waiting()).isEmpty();
        assertThat(acquireAt(server, place.request())).isInstanceOf(AcquireOutcome.Granted.class);
    }

    @Test
    void aCallMayWaitForAStreamThatHasARow() {
        release(grant("alice"));
        LockManager server = serverAfterAFailOver();
        assertThat(server.queue(List.of(place("bob"))).get(0)).isEmpty();
        assertDelayed(server.queue(List.of(new QueueRequest(ofStreamWithoutRow(), UUID.randomUUID(), WAIT)))
                .get(0)
                .orElseThrow());
    }

    /** Somebody may advance a stream with psql, or a server of the version before may release one. */
    @Test
    void aSessionWithoutAGraceEndsThatOfNobodyElse() {
        release(grant("alice"));
        failOver();
        database.sql().execute("SELECT stream_lock_enter_epoch()");
        assertThat(acquireAt(serverWith(Duration.ZERO), ofStreamWithoutRow()))
                .isInstanceOf(AcquireOutcome.Granted.class);
        assertDelayed(acquireAt(serverWith(GRACE), request("bob")));
    }

    @Test
    void aCallKeepsWaitingForAStreamThatIsLockedForAMoment() throws Exception {
        grant("alice");
        LockManager server = serverAfterAFailOver();
        assertDelayed(acquireAt(server, ofStreamWithoutRow()));
        try (Connection renewal = database.transaction()) {
            sql(renewal).execute("UPDATE stream_locks SET expires_at = expires_at");
            assertThat(server.queue(List.of(place("bob"))).get(0)).isEqualTo(BLOCKED);
            renewal.rollback();
        }
        assertThat(server.queue(List.of(place("bob"))).get(0)).isEmpty();
    }

    @Test
    void aStartOfTheServerClosesNothing() {
        release(grant("alice"));
        database.sql()
                .execute("UPDATE stream_lock_epoch SET server_started_at = server_started_at - interval '1 hour'");
        assertThat(acquireAt(serverWith(GRACE), request("bob"))).isInstanceOf(AcquireOutcome.Granted.class);
    }

    @Test
    void withoutAGraceStreamsAreGrantedAtOnce() {
        release(grant("alice"));
        failOver();
        assertThat(acquireAt(serverWith(Duration.ZERO), request("bob"))).isInstanceOf(AcquireOutcome.Granted.class);
    }

    private AcquireRequest ofStreamWithoutRow() {
        return new AcquireRequest("new-" + stream, "bob", UUID.randomUUID(), TTL);
    }

    private LockManager serverAfterAFailOver() {
        failOver();
        return serverWith(GRACE);
    }

    private void failOver() {
        database.sql().execute("UPDATE stream_lock_epoch SET cluster = 'another'");
    }

    /** Returns a server whose sessions have all begun after the fail-over. */
    private LockManager serverWith(Duration grace) {
        String name = database.sql().fetchSingle("SELECT current_database()").get(0, String.class);
        database.sql().execute("ALTER ROLE postgres IN DATABASE " + name + " " + PostgresLockManager.epochGrace(grace));
        return new PostgresLockManager(database.as("postgres"));
    }

    private void open() {
        database.sql().execute("UPDATE stream_lock_epoch SET began_at = began_at - interval '5 minutes'");
    }

    private static AcquireOutcome acquireAt(LockManager server, AcquireRequest request) {
        return server.acquire(List.of(request)).get(0);
    }

    private ReleaseOutcome releaseAt(LockManager server, Lease lease) {
        return server.release(List.of(new ReleaseRequest(stream, lease.leaseId())))
                .get(0);
    }

    private static void assertDelayed(AcquireOutcome outcome) {
        assertThat(outcome)
                .isInstanceOfSatisfying(AcquireOutcome.Delayed.class, delayed -> assertThat(delayed.opensIn())
                        .isBetween(GRACE.minusMinutes(1), GRACE));
    }
}

package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.LockCalls.Outcomes;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Acquires and releases that share a transaction. */
@Tag("postgres")
class AcquiresWithReleasesTest extends StagedRace {

    private final String other = stream + "-other";
    private final AcquireRequest acquireOther = new AcquireRequest(other, "bob", UUID.randomUUID(), TTL);

    /** The driver names a statement, and sends it in another way, when it has run a few times. */
    @Test
    void bothAreOneTransactionHoweverOftenTheyHaveRun() {
        for (int i = 0; i < 20; i++) {
            Lease held = grant("alice");
            AcquireRequest acquire = new AcquireRequest(other, "bob", UUID.randomUUID(), TTL);
            Outcomes outcomes = locks.acquireAndRelease(List.of(acquire), List.of(releaseOf(held)));
            assertThat(outcomes.released()).containsExactly(new ReleaseOutcome.Released());
            assertThat(transactions()).hasSize(1);
            locks.release(List.of(releaseOf(granted(outcomes.acquired().get(0)))));
        }
    }

    /** The lane tries the acquires again, alone. */
    @Test
    void releasesDoNotWaitForTheNewRowsOfOthers() throws Exception {
        Lease held = grant("alice");
        try (Connection transaction = database.transaction()) {
            grantIn(transaction, acquireOther);
            Outcomes outcomes = locks.acquireAndRelease(List.of(acquireOther), List.of(releaseOf(held)));
            assertThat(outcomes.acquired()).containsExactly(new AcquireOutcome.Undecided());
            assertThat(outcomes.released()).containsExactly(new ReleaseOutcome.Released());
            transaction.rollback();
        }
        assertThat(locks.acquire(List.of(acquireOther))).hasOnlyElementsOfType(AcquireOutcome.Granted.class);
    }

    @Test
    void theShorterTimeOutEndsWithTheTransaction() {
        String before = lockTimeout();
        locks.acquireAndRelease(List.of(acquireOther), List.of(releaseOf(grant("alice"))));
        assertThat(lockTimeout()).isEqualTo(before).isNotEqualTo("50ms");
    }

    private String lockTimeout() {
        // The pool gives a thread the connection that it has used last.
        return DSL.using(database.pool(), SQLDialect.POSTGRES)
                .fetchSingle("SHOW lock_timeout")
                .get(0, String.class);
    }

    /** The buffers of the connection might not hold them. */
    @Test
    void moreReleasesAreATransactionOfTheirOwn() {
        Lease held = grant("alice");
        List<ReleaseRequest> many = new ArrayList<>(IntStream.range(0, AcquiresWithReleases.MOST_RELEASES)
                .mapToObj(i -> new ReleaseRequest(stream + "-" + i, UUID.randomUUID()))
                .toList());
        many.add(releaseOf(held));
        Outcomes outcomes = locks.acquireAndRelease(List.of(acquireOther), many);
        assertThat(outcomes.acquired()).containsExactly(new AcquireOutcome.Undecided());
        assertThat(outcomes.released().get(many.size() - 1)).isEqualTo(new ReleaseOutcome.Released());
    }

    @Test
    void ifTheReleasesFailNothingIsGranted() {
        Lease held = grant("alice");
        database.sql().execute("""
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF NEW.owner_id IS NULL THEN
                        RAISE EXCEPTION 'No lease may end';
                    END IF;
                    RETURN NEW;
                END
                $$""");
        database.sql()
                .execute("CREATE TRIGGER refuse BEFORE UPDATE ON stream_locks FOR EACH ROW EXECUTE FUNCTION refuse()");
        assertThatThrownBy(() -> locks.acquireAndRelease(List.of(acquireOther), List.of(releaseOf(held))))
                .hasStackTraceContaining("No lease may end");
        assertThat(locks.find(other)).isEmpty();
        assertThat(locks.find(stream)).isPresent();
    }

    @Test
    void aLookThatFailsAfterTheCommitHidesNoOutcome() {
        Lease held = grant("alice");
        locks.acquire(List.of(acquireOther));
        AcquireRequest free = new AcquireRequest(stream + "-free", "bob", UUID.randomUUID(), TTL);
        // Only the looks call it, once a session has found the epoch open.
        database.sql().execute("""
                CREATE OR REPLACE FUNCTION stream_lock_opens_at() RETURNS timestamptz LANGUAGE plpgsql AS $$
                BEGIN
                    RAISE EXCEPTION 'No look succeeds' USING ERRCODE = '57P01';
                END
                $$""");
        AcquireRequest refused = new AcquireRequest(other, "carol", UUID.randomUUID(), TTL);
        Outcomes outcomes = locks.acquireAndRelease(List.of(refused, free), List.of(releaseOf(held)));
        assertThat(outcomes.acquired().get(0)).isEqualTo(new AcquireOutcome.Undecided());
        assertThat(outcomes.acquired().get(1)).isInstanceOf(AcquireOutcome.Granted.class);
        assertThat(outcomes.released()).containsExactly(new ReleaseOutcome.Released());
        assertThatThrownBy(() -> locks.acquire(List.of(refused))).isInstanceOf(StorageUnavailableException.class);
    }

    @Test
    void aLeaseThatEndsKeepsItsHistory() {
        Lease held = grant("alice");
        locks.acquireAndRelease(List.of(acquireOther), List.of(releaseOf(held)));
        assertThat(database.sql().fetch("SELECT stream_id, end_reason FROM stream_lock_history"))
                .extracting(row -> row.get(0, String.class) + " " + row.get(1, String.class))
                .containsExactly(stream + " released");
    }

    private ReleaseRequest releaseOf(Lease lease) {
        return new ReleaseRequest(lease.lock().streamId(), lease.leaseId());
    }

    /** Returns the transactions that wrote the two rows last. */
    private List<String> transactions() {
        return database.sql()
                .fetch("SELECT DISTINCT xmin::text FROM stream_locks WHERE stream_id IN (?, ?)", stream, other)
                .getValues(0, String.class);
    }
}

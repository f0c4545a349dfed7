package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.StorageCondition;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The number of dead rows, and what prevents their removal. */
@Tag("postgres")
class TableLookTest extends StagedRace {

    private static final int RENEWALS = 50;

    @Test
    void aTransactionThatHoldsDeadRowsIsReportedWithItsAge() throws Exception {
        Lease lease = grant("alice");
        try (Connection forgotten = database.transaction()) {
            renewBehind(forgotten, lease);
            assertThat(look().heldTransactions()).isGreaterThanOrEqualTo(RENEWALS);
            await().until(() -> look().oldestTransaction().orElseThrow().compareTo(Duration.ofMillis(500)) > 0);
            forgotten.rollback();
        }
        assertThat(look().heldTransactions()).isLessThan(RENEWALS);
    }

    @Test
    void deadRowsAreCountedLikeTheDatabaseCountsThem() throws Exception {
        Lease lease = grant("alice");
        try (Connection forgotten = database.transaction()) {
            renewBehind(forgotten, lease);
            // A session reports its statistics once per second, at the end of a statement.
            await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
                renew(lease);
                assertThat(look().deadRows().orElseThrow()).isGreaterThan(RENEWALS / 2);
            });
        }
        assertThat(look().liveRows()).isPresent();
    }

    /** A number without the transactions of others would look healthy. */
    @Test
    void aRoleThatMayNotSeeTheTransactionsOfOthersReportsNoAgeButWhatTheyHold() throws Exception {
        String role = "r" + stream.replace("-", "").substring(6);
        database.sql().execute("CREATE ROLE " + role + " LOGIN PASSWORD 'p'");
        database.sql().execute("GRANT SELECT ON stream_lock_epoch TO " + role);
        Lease lease = grant("alice");
        TableLook plain = new TableLook(database.as(role));
        await().untilAsserted(() -> assertThat(plain.look().oldestTransaction()).isPresent());
        try (Connection forgotten = database.transaction()) {
            renewBehind(forgotten, lease);
            StorageCondition seen = plain.look();
            assertThat(seen.oldestTransaction()).isEmpty();
            assertThat(seen.heldTransactions()).isGreaterThanOrEqualTo(RENEWALS);

            database.sql().execute("GRANT pg_read_all_stats TO " + role);
            assertThat(plain.look().oldestTransaction()).isPresent();
        }
    }

    /** Lets a transaction see a lease as it is before many renewals, and renews it. */
    private void renewBehind(Connection forgotten, Lease lease) throws SQLException {
        forgotten.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        sql(forgotten).fetch("SELECT count(*) FROM stream_locks");
        for (int i = 0; i < RENEWALS; i++) {
            renew(lease);
        }
    }

    private StorageCondition look() {
        return new TableLook(database.pool()).look();
    }
}

package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;

/** A sequence that is behind the tokens that were granted. */
@Tag("postgres")
class TokenSequenceTest extends StagedRace {

    private static final int RAISERS = 4;
    private static final int DRAWN = 300;

    @Test
    void aGrantIsAboveThePreviousOneAlthoughTheSequenceIsBehind() {
        setSequence(18);
        long before = grantAndRelease();
        setSequence(1);
        assertThat(grantAndRelease()).isEqualTo(before + 1);
        assertThat(grantAndRelease()).isEqualTo(before + 2);
    }

    @Test
    void theSequenceIsRaisedToTheHighestTokenOfTheTable() {
        setSequence(18);
        long given = grant("alice").lock().fencingToken();
        setSequence(1);
        assertThat(raise()).contains(new TokenSequence.Raised(1, given));
        assertThat(drawn()).isGreaterThan(given);
    }

    @Test
    void theSequenceIsRaisedToTheHighestTokenOfTheHistoryAlthoughItIsNotThatOfTheLatestGrant() {
        setSequence(18);
        long given = grantAndRelease();
        setSequence(1);
        database.sql().execute("DELETE FROM stream_locks");
        grantAndRelease();
        database.sql().execute("DELETE FROM stream_locks");
        assertThat(raise()).contains(new TokenSequence.Raised(2, given));
        assertThat(grantAndRelease()).isGreaterThan(given);
    }

    @Test
    void anUnusedSequenceIsRaisedAsWell() {
        database.sql()
                .execute("INSERT INTO stream_locks VALUES ('a', NULL, gen_random_uuid(), 7, 1, now(), now(), '{}')");
        assertThat(raise()).contains(new TokenSequence.Raised(0, 7));
        assertThat(drawn()).isGreaterThan(7);
    }

    @Test
    void aSequenceThatIsAheadIsLeftAlone() {
        assertThat(raise()).isEmpty();
        grant("alice");
        setSequence(1000);
        assertThat(raise()).isEmpty();
        assertThat(drawn()).isGreaterThan(1000);
    }

    /** PostgreSQL reports no last value of the sequence then. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "ALTER SEQUENCE stream_lock_fencing_token RESTART WITH 1000000",
                "SELECT setval('stream_lock_fencing_token', 1000000, false)"
            })
    void aSequenceThatWasSetAheadAndNotUsedSinceStaysAhead(String setAhead) {
        grant("alice");
        database.sql().execute(setAhead);
        assertThat(raise()).isEmpty();
        assertThat(drawn()).isGreaterThan(1_000_000);
    }

    /** Another session sets the sequence ahead after the read and before the lock. */
    @Test
    void aSequenceThatWasSetAheadAfterTheReadIsNotLowered() throws Exception {
        setSequence(18);
        grant("alice");
        setSequence(1);
        try (Connection other = database.transaction()) {
            sql(other).execute("LOCK TABLE stream_locks IN SHARE UPDATE EXCLUSIVE MODE");
            AtomicBoolean ahead = new AtomicBoolean();
            CompletableFuture<?> raising = start(() -> {
                while (!ahead.get()) {
                    tryToRaise();
                }
                return null;
            });
            awaitWaiting(1);
            setSequence(1000);
            ahead.set(true);
            other.commit();
            raising.get();
        }
        assertThat(drawn()).isGreaterThan(1000);
    }

    /**
     * PostgreSQL cancels an autovacuum in favour of a session that has waited for a second, which is longer than a call
     * waits.
     */
    @Test
    void aVacuumMayDelayTheRaiseForLongerThanACallDoes() throws Exception {
        setSequence(18);
        grant("alice");
        setSequence(1);
        try (Connection vacuum = database.transaction()) {
            sql(vacuum).execute("LOCK TABLE stream_locks IN SHARE UPDATE EXCLUSIVE MODE");
            long start = System.nanoTime();
            assertThatThrownBy(this::raise).hasRootCauseMessage("ERROR: canceling statement due to lock timeout");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(1500));
            vacuum.commit();
        }
        assertThat(raise()).isPresent();
    }

    /** Reading the whole history takes too long, but reading its newest grants does not. */
    @Test
    void aHistoryThatTakesTooLongToReadCountsWithItsNewestGrantsAndTheTable() {
        setSequence(18);
        grantAndRelease();
        database.sql().execute("ALTER TABLE stream_lock_history RENAME TO kept");
        database.sql()
                .execute("CREATE VIEW stream_lock_history AS SELECT * FROM kept"
                        + " WHERE strpos(current_query(), 'LIMIT') > 0 OR pg_sleep(60) IS NOT NULL");
        setSequence(1);
        assertThat(raise()).contains(new TokenSequence.Raised(1, 19));
        database.sql().execute("UPDATE stream_locks SET fencing_token = 40");
        assertThat(raise()).map(TokenSequence.Raised::to).contains(40L);
    }

    @Test
    void serversThatRaiseTheSequenceWhileOthersDrawNeverLowerIt() throws Exception {
        setSequence(20);
        grantAndRelease();
        setSequence(1);
        AtomicBoolean drawing = new AtomicBoolean(true);
        List<Future<?>> raisers = new ArrayList<>();
        for (int i = 0; i < RAISERS; i++) {
            raisers.add(threads.submit(() -> {
                while (drawing.get()) {
                    tryToRaise();
                }
            }));
        }
        // The streams are new, so their tokens come from the sequence. Each must be above the previous one.
        List<Long> tokens = new ArrayList<>();
        for (int i = 0; i < DRAWN; i++) {
            tokens.add(database.sql().fetchSingle("""
                            INSERT INTO stream_locks VALUES (gen_random_uuid(), NULL, gen_random_uuid(),
                                nextval('stream_lock_fencing_token'), 1, now(), now(), '{}')
                            RETURNING fencing_token""").get(0, Long.class));
        }
        drawing.set(false);
        for (Future<?> raiser : raisers) {
            raiser.get();
        }
        assertThat(tokens).isSorted().doesNotHaveDuplicates();
    }

    /** Raises the sequence, and ignores a table that stays locked for too long. */
    private void tryToRaise() {
        try {
            raise();
        } catch (StorageUnavailableException e) {
            assertThat(e).hasRootCauseMessage("ERROR: canceling statement due to lock timeout");
        }
    }

    @Test
    void aRoleNeedsTheRightToSetTheSequenceOnlyIfItIsBehind() {
        String role = "r" + stream.replace("-", "").substring(6);
        database.sql().execute("CREATE ROLE " + role + " LOGIN PASSWORD 'p'");
        database.sql().execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO " + role);
        database.sql().execute("GRANT USAGE ON SEQUENCE stream_lock_fencing_token TO " + role);
        setSequence(18);
        grant("alice");
        TokenSequence sequence = new TokenSequence(as(role));
        assertThat(sequence.raise()).isEmpty();
        database.sql().execute("ALTER SEQUENCE stream_lock_fencing_token RESTART WITH 1000");
        assertThat(sequence.raise()).isEmpty();
        setSequence(1);
        assertThatThrownBy(sequence::raise).isInstanceOfSatisfying(StorageUnavailableException.class, e -> {
            assertThat(e).hasMessageContaining("it is at 1, and the token is 19");
            assertThat(e.lack().orElseThrow())
                    .contains("GRANT UPDATE ON SEQUENCE stream_lock_fencing_token TO")
                    .doesNotContainPattern("[0-9]");
        });
        database.sql().execute("GRANT UPDATE ON SEQUENCE stream_lock_fencing_token TO " + role);
        assertThat(sequence.raise()).map(TokenSequence.Raised::to).contains(19L);
    }

    private DataSource as(String role) {
        PGSimpleDataSource dataSource = new PGSimpleDataSource();
        dataSource.setUrl(
                "jdbc:" + database.url().replace("postgres:postgres@", "").replace("postgres://", "postgresql://"));
        dataSource.setUser(role);
        dataSource.setPassword("p");
        return dataSource;
    }

    private Optional<TokenSequence.Raised> raise() {
        return new TokenSequence(database.pool()).raise();
    }

    private long grantAndRelease() {
        Lease lease = grant("alice");
        release(lease);
        return lease.lock().fencingToken();
    }

    private void setSequence(long value) {
        database.sql().execute("SELECT setval('stream_lock_fencing_token', ?)", value);
    }

    private long drawn() {
        return database.sql()
                .fetchSingle("SELECT nextval('stream_lock_fencing_token')")
                .get(0, Long.class);
    }
}

package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/** A sequence that is behind the tokens that were given. */
class TokenSequenceTest extends StagedRace {

    private static final int RAISERS = 4;
    private static final int DRAWN = 300;

    @Test
    void aGrantIsAboveTheOneBeforeThoughTheSequenceIsBehind() {
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
        assertThat(drawn()).isEqualTo(given + 1);
    }

    @Test
    void theSequenceIsRaisedToTheHighestTokenOfTheHistoryThoughItIsNotThatOfTheLatestGrant() {
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
    void aSequenceThatGaveNothingYetIsRaisedToo() {
        database.sql()
                .execute("INSERT INTO stream_locks VALUES ('a', NULL, gen_random_uuid(), 7, 1, now(), now(), '{}')");
        assertThat(raise()).contains(new TokenSequence.Raised(0, 7));
        assertThat(drawn()).isEqualTo(8);
    }

    @Test
    void aSequenceThatIsAheadIsLeftAlone() {
        assertThat(raise()).isEmpty();
        grant("alice");
        setSequence(1000);
        assertThat(raise()).isEmpty();
        assertThat(drawn()).isEqualTo(1001);
    }

    @Test
    void serversThatRaiseItWhileOthersDrawNeverTakeItBack() throws Exception {
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
        // Of new streams, whose tokens are the sequence's own: each must be above the one before, or one came twice.
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

    /** The table may be locked for longer than a server waits for it. */
    private void tryToRaise() {
        try {
            raise();
        } catch (StorageUnavailableException e) {
            assertThat(e).hasRootCauseMessage("ERROR: canceling statement due to lock timeout");
        }
    }

    @Test
    void aRoleThatMayNotSetItIsToldWhichRightIsMissing() {
        String role = "r" + stream.replace("-", "").substring(6);
        database.sql().execute("CREATE ROLE " + role + " LOGIN PASSWORD 'p'");
        database.sql().execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO " + role);
        database.sql().execute("GRANT USAGE ON SEQUENCE stream_lock_fencing_token TO " + role);
        setSequence(18);
        grant("alice");
        TokenSequence sequence = new TokenSequence(as(role));
        assertThat(sequence.raise(true)).isEmpty();
        setSequence(1);
        assertThatThrownBy(() -> sequence.raise(true))
                .isInstanceOf(StorageUnavailableException.class)
                .hasMessageContaining("is at 1, behind the token 19 that was given")
                .hasMessageContaining("GRANT UPDATE ON SEQUENCE stream_lock_fencing_token TO");
        database.sql().execute("GRANT UPDATE ON SEQUENCE stream_lock_fencing_token TO " + role);
        assertThat(sequence.raise(true)).contains(new TokenSequence.Raised(1, 19));
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
        return new TokenSequence(database.pool()).raise(true);
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

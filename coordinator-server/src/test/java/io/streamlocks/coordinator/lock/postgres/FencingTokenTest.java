package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.Lease;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.concurrent.CompletableFuture;
import org.jooq.DSLContext;
import org.jooq.Record;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Fencing tokens rise, whatever becomes of the clock, the sequence and the row of the stream. */
@Tag("postgres")
class FencingTokenTest extends StagedRace {

    private static final long SECOND = 1_000_000;
    private static final long DAY = 86_400 * SECOND;

    @Test
    void tokensOfTheFirstDayAreADayAheadOfTheClockForServersOfTheVersionBefore() {
        long now = now();
        assertThat(grantAndRelease()).isBetween(now + DAY, now + DAY + 150 * SECOND);
    }

    @Test
    void aTokenIsAtLeastTheTimeInMicroseconds() {
        grantAndRelease();
        setSequence(1);
        long before = now();
        database.sql().execute("UPDATE stream_locks SET fencing_token = 7");
        assertThat(grantAndRelease()).isBetween(before, now());
    }

    @Test
    void aTokenIsAboveThatOfItsRowAlthoughTheClockAndTheSequenceAreBehind() {
        grantAndRelease();
        setSequence(1);
        database.sql().execute("UPDATE stream_locks SET fencing_token = " + (1L << 52));
        assertThat(grantAndRelease()).isEqualTo((1L << 52) + 1);
    }

    @Test
    void aTokenIsAboveTheSequenceAlthoughTheClockIsBehind() {
        grantAndRelease();
        setSequence(1L << 52);
        assertThat(grantAndRelease()).isEqualTo((1L << 52) + 1);
    }

    @Test
    void aPurgeRaisesTheSequenceAboveTheTokensThatItDeletes() {
        grantAndRelease();
        setSequence(1);
        // As if the clock had been ahead when the stream was granted.
        database.sql().execute("UPDATE stream_locks SET fencing_token = " + (1L << 52));
        assertThat(locks.purge(Duration.ZERO)).isEqualTo(1);
        assertThat(grantAndRelease()).isGreaterThan(1L << 52);
    }

    @Test
    void aPurgeOfLowerTokensLeavesTheSequenceAlone() {
        grantAndRelease();
        setSequence(1L << 52);
        assertThat(locks.purge(Duration.ZERO)).isEqualTo(1);
        assertThat(grantAndRelease()).isBetween((1L << 52) + 1, (1L << 52) + 5);
    }

    @Test
    void thePresentEpochIsKnownAfterTheFirstGrantAndDoesNotChangeAgain() throws Exception {
        grantAndRelease();
        Record first = epoch(database.sql());
        assertThat(first.get("number", Long.class)).isZero();
        assertThat(first.get("cluster", String.class)).matches("\\d{19}, timeline 00000001");
        assertThat(first.get("place", String.class)).matches("database \\d+, table \\d+");
        long before = drawn();
        try (Connection other = newSession()) {
            sql(other).execute("SELECT stream_lock_next_token(1)");
            assertThat(epoch(sql(other)).get("number")).isEqualTo(0L);
        }
        assertThat(drawn()).isBetween(before, before + 5);
    }

    @Test
    void aPromotionARestoreOrACopyRaisesTheSequenceOnceAndBeginsAnotherEpoch() {
        grantAndRelease();
        theFirstDaysHavePassed();
        setSequence(1);
        becomeAnother();
        Record known = epoch(database.sql());
        assertAhead(120);
        Record next = epoch(database.sql());
        assertThat(next.get("number")).isEqualTo(1L);
        assertThat(next.get("began_at", OffsetDateTime.class)).isAfter(known.get("began_at", OffsetDateTime.class));
        long token = tokenOfNewSession();
        assertThat(tokenOfNewSession()).isBetween(token, token + 5);
        assertThat(epoch(database.sql())).isEqualTo(next);
    }

    @Test
    void aStartRaisesTheSequenceBecauseItMayFollowTheRestoreOfASnapshot() {
        grantAndRelease();
        theFirstDaysHavePassed();
        setSequence(1);
        restart();
        Record known = epoch(database.sql());
        assertAhead(120);
        assertThat(epoch(database.sql()).get("number")).isEqualTo(known.get("number"));
        assertThat(epoch(database.sql()).get("began_at")).isEqualTo(known.get("began_at"));
    }

    @Test
    void aLogicalCopyIsAnotherEpochAsWell() {
        grantAndRelease();
        database.sql().execute("UPDATE stream_lock_epoch SET place = 'another'");
        tokenOfNewSession();
        assertThat(epoch(database.sql()).get("number")).isEqualTo(1L);
    }

    /** The storage may have lost an earlier raise, whatever it was for. */
    @Test
    void anEpochAndAStartRaiseTheSequenceToTheSameTime() {
        grantAndRelease();
        theFirstDaysHavePassed();
        for (int i = 1; i <= 3; i++) {
            becomeAnother();
            setSequence(1);
            assertAhead(120);
            restart();
            setSequence(1);
            assertAhead(120);
        }
    }

    private void assertAhead(int seconds) {
        long now = now();
        assertThat(tokenOfNewSession()).isBetween(now + seconds * SECOND, now + (seconds + 30) * SECOND);
    }

    /** The history of another branch is unknown, so the sequence must not depend on how often it was raised there. */
    @Test
    void theSequenceIsRaisedToTheSameTimeHoweverOftenTheDatabaseWasStarted() {
        grantAndRelease();
        // As if ten seconds passed between the starts.
        long sequence = drawn() - 10 * SECOND;
        setSequence(sequence);
        restart();
        long first = tokenOfNewSession();
        setSequence(first - 10 * SECOND);
        restart();
        long second = tokenOfNewSession();
        // A restore loses both starts.
        setSequence(sequence);
        restart();
        assertThat(second).isGreaterThan(first);
        assertThat(tokenOfNewSession()).isGreaterThan(second);
    }

    @Test
    void theSequenceIsADayAheadAtFirstAndThatDayPassesInTwo() {
        grantAndRelease();
        for (int hours : new int[] {0, 12, 36, 48, 96}) {
            database.sql().execute("UPDATE stream_lock_epoch SET tokens_since = now() - ? * interval '1 hour'", hours);
            setSequence(1);
            restart();
            long day = Math.max(0, DAY - hours * DAY / 48);
            long now = now();
            assertThat(tokenOfNewSession()).isBetween(now + day + 120 * SECOND, now + day + 150 * SECOND);
        }
    }

    /** The clock was ahead when the sequence was raised last. The database may lack the grants that came after that. */
    @Test
    void aSequenceThatIsFurtherAheadIsRaisedByAMillion() {
        grantAndRelease();
        setSequence(1L << 52);
        restart();
        assertThat(tokenOfNewSession()).isBetween((1L << 52) + SECOND, (1L << 52) + SECOND + 5);
        becomeAnother();
        assertThat(tokenOfNewSession()).isBetween((1L << 52) + 2 * SECOND, (1L << 52) + 2 * SECOND + 10);
    }

    /** Two sessions find another epoch. The second one waits for the first, and then has nothing to do. */
    @Test
    void twoSessionsThatEnterAnEpochTogetherRaiseTheSequenceOnce() throws Exception {
        grantAndRelease();
        setSequence(1);
        becomeAnother();
        try (Connection first = newSession()) {
            long token = nextToken(sql(first));
            CompletableFuture<Long> second = start(this::tokenOfNewSession);
            awaitWaiting(1);
            first.commit();
            assertThat(second.get()).isBetween(token, token + 5);
        }
        assertThat(epoch(database.sql()).get("number")).isEqualTo(1L);
    }

    @Test
    void aSessionWhoseFirstGrantIsRolledBackEntersTheEpochAgain() throws Exception {
        grantAndRelease();
        becomeAnother();
        try (Connection connection = newSession()) {
            nextToken(sql(connection));
            connection.rollback();
            assertThat(epoch(database.sql()).get("cluster")).isEqualTo("another");
            nextToken(sql(connection));
            connection.commit();
        }
        assertThat(epoch(database.sql()).get("number")).isEqualTo(1L);
    }

    /** So fails Aurora unless its wal_level is logical. */
    @Test
    void aDatabaseThatDoesNotReturnItsTimelineGrantsAllTheSame() {
        grantAndRelease();
        Record before = epoch(database.sql());
        database.sql().execute("CREATE SCHEMA hosted");
        database.sql()
                .execute("CREATE FUNCTION hosted.pg_walfile_name(pg_lsn) RETURNS text LANGUAGE plpgsql AS"
                        + " 'BEGIN RAISE object_not_in_prerequisite_state; END'");
        database.findFirst("hosted");
        long token = tokenOfNewSession();
        assertThat(tokenOfNewSession()).isBetween(token, token + 5);
        // A role that may not read the timeline does not begin another epoch.
        assertThat(epoch(database.sql()).get("number")).isEqualTo(0L);
        assertThat(epoch(database.sql()).get("cluster")).isEqualTo(before.get("cluster"));
        restart();
        setSequence(1);
        assertThat(tokenOfNewSession()).isGreaterThan(token);
    }

    @Test
    void anEpochTableThatWasEmptiedBeginsAnotherEpoch() {
        grantAndRelease();
        long token = tokenOfNewSession();
        database.sql().execute("DELETE FROM stream_lock_epoch");
        assertThat(tokenOfNewSession()).isGreaterThan(token + SECOND);
        assertThat(epoch(database.sql()).get("number")).isEqualTo(1L);
    }

    /** A psql session may release streams of two installations. */
    @Test
    void aSessionEntersTheEpochOfEachSchema() throws Exception {
        grantAndRelease();
        try (Connection connection = newSession()) {
            nextToken(sql(connection));
            sql(connection).execute("CREATE SCHEMA other");
            sql(connection)
                    .execute("CREATE TABLE other.stream_lock_epoch (LIKE public.stream_lock_epoch INCLUDING ALL)");
            sql(connection).execute("SET search_path = other, public");
            nextToken(sql(connection));
            assertThat(sql(connection)
                            .fetchSingle("SELECT number FROM other.stream_lock_epoch")
                            .get(0))
                    .isEqualTo(1L);
        }
    }

    private long grantAndRelease() {
        Lease lease = grant("alice");
        release(lease);
        return lease.lock().fencingToken();
    }

    /** The pool has sessions that have entered the present epoch. */
    private Connection newSession() throws SQLException {
        Connection connection = database.as("postgres").getConnection();
        connection.setAutoCommit(false);
        return connection;
    }

    private long tokenOfNewSession() {
        try (Connection connection = newSession()) {
            long token = nextToken(sql(connection));
            connection.commit();
            return token;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Lets the database be another one than that of the latest grants, as after a promotion. */
    private void becomeAnother() {
        database.sql().execute("UPDATE stream_lock_epoch SET cluster = 'another'");
    }

    private void restart() {
        database.sql()
                .execute("UPDATE stream_lock_epoch SET server_started_at = server_started_at - interval '1 hour'");
    }

    private void theFirstDaysHavePassed() {
        database.sql().execute("UPDATE stream_lock_epoch SET tokens_since = now() - interval '1 month'");
    }

    private static long nextToken(DSLContext sql) {
        return sql.fetchSingle("SELECT stream_lock_next_token(1)").get(0, Long.class);
    }

    private static Record epoch(DSLContext sql) {
        return sql.fetchSingle("SELECT * FROM stream_lock_epoch");
    }

    private long now() {
        return database.sql()
                .fetchSingle("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
                .get(0, Long.class);
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

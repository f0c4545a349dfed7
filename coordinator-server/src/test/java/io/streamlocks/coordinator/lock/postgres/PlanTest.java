package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.EndReason;
import io.streamlocks.coordinator.lock.GrantPage.Position;
import io.streamlocks.coordinator.lock.HistoryQuery;
import io.streamlocks.coordinator.lock.StreamHistoryQuery;
import io.streamlocks.testkit.rig.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The plans of the statements, which PostgreSQL chooses when a connection first uses them. */
@Tag("postgres")
class PlanTest {

    private TestDatabase database;

    @BeforeEach
    void migrate() {
        database = TestDatabase.migrated();
    }

    @AfterEach
    void close() {
        database.close();
    }

    /**
     * A new or small table must not be read completely for each batch. The plan stays after the table has grown, until
     * the table is analyzed up to a minute later.
     */
    @ParameterizedTest
    @MethodSource("statements")
    void aStatementLooksUpEachStreamInThePrimaryKeyHoweverSmallTheTableIs(String sql) throws Exception {
        assertLooksUpEachStream(sql);
        database.sql().execute("""
                INSERT INTO stream_locks
                    (stream_id, lease_id, fencing_token, ttl_ms, acquired_at, expires_at, superseded_lease_ids)
                SELECT i, gen_random_uuid(), i, 1000, clock_timestamp(), clock_timestamp(), '{}'
                FROM generate_series(1, 5) AS i""");
        database.sql().execute("ANALYZE stream_locks");
        assertLooksUpEachStream(sql);
    }

    static List<String> statements() {
        return List.of(
                AcquireChange.SQL,
                RenewChange.SQL,
                ReleaseChange.SQL,
                BreakChange.SQL,
                LockSql.GLANCE,
                LockSql.LOOK,
                PostgresReads.FIND,
                QueueSql.LOOK,
                QueueSql.WITHOUT_PLACE);
    }

    private void assertLooksUpEachStream(String sql) throws Exception {
        assertThat(plan(sql))
                .anySatisfy(step -> assertThat(step).contains("Index Cond: ((stream_id)::text = "))
                .noneSatisfy(step -> assertThat(step).containsAnyOf("Join Filter", "Seq Scan"));
    }

    /** A search for the places of a thousand requests in one queue must not read the queue a thousand times. */
    @Test
    void aSearchForAPlaceReadsNoOtherPlaceOfTheQueue() throws Exception {
        assertThat(plan(QueueSql.WITHOUT_PLACE)).anySatisfy(step -> assertThat(step)
                .contains("Index Cond: (((stream_id)::text = r.stream_id) AND (lease_id = r.lease_id))"));
    }

    /**
     * A page must end when it is full. A plan that sorts reads every row that could be on the page, which is the whole
     * table at worst.
     */
    @ParameterizedTest
    @MethodSource("pages")
    void aPageIsReadInItsOrderAlongAnIndexHoweverLargeTheTableIs(String sql) throws Exception {
        database.sql().execute("""
                INSERT INTO stream_locks (stream_id, owner_id, lease_id, fencing_token, ttl_ms, acquired_at, expires_at,
                    superseded_lease_ids)
                SELECT i, 'owner-' || i % 50, gen_random_uuid(), i, 1000, clock_timestamp(),
                    clock_timestamp() + interval '1 hour', '{}'
                FROM generate_series(1, 20000) AS i""");
        database.sql().execute("""
                INSERT INTO stream_lock_history
                    (stream_id, owner_id, fencing_token, acquired_at, ended_at, end_reason)
                SELECT i % 1000, 'owner-' || i % 50, i, clock_timestamp() + i * interval '1 second',
                    clock_timestamp() + (i + 1) * interval '1 second', 'expired'
                FROM generate_series(1, 20000) AS i""");
        database.sql().execute("ANALYZE stream_locks, stream_lock_history");

        assertThat(plan(sql))
                .anySatisfy(step -> assertThat(step).containsPattern("Index (Only )?Scan"))
                .noneSatisfy(step -> assertThat(step).containsAnyOf("Sort", "Bitmap", "Seq Scan"));
    }

    static List<String> pages() {
        DSLContext db = DSL.using(SQLDialect.POSTGRES);
        Optional<Instant> time = Optional.of(Instant.EPOCH);
        Optional<Position> position = Optional.of(new Position(Instant.EPOCH, 1));
        List<String> pages = new ArrayList<>(List.of(
                PostgresReads.LIST,
                PostgresReads.LIST_OF_PREFIX,
                PostgresReads.LIST_OF_OWNER,
                PostgresReads.LIST_OF_PREFIX_AND_OWNER,
                QueueSql.WAITERS));
        for (Optional<Instant> at : List.of(Optional.<Instant>empty(), time)) {
            pages.add(PostgresHistory.ended(db, new StreamHistoryQuery("s", at, 1, 100))
                    .getSQL());
        }
        for (Optional<String> owner : List.of(Optional.<String>empty(), Optional.of("o"))) {
            for (String prefix : List.of("", "s")) {
                for (HistoryQuery query : List.of(
                        new HistoryQuery(
                                owner, prefix, Optional.empty(), Optional.empty(), Optional.empty(), position, 100),
                        new HistoryQuery(owner, prefix, time, time, Optional.of(EndReason.EXPIRED), position, 100))) {
                    pages.add(PostgresHistory.edge(db, query).getSQL());
                    pages.add(PostgresHistory.ended(db, query, position).getSQL());
                }
            }
        }
        return pages;
    }

    private List<String> plan(String sql) throws Exception {
        List<String> steps = new ArrayList<>();
        String numbered = sql;
        List<String> nulls = new ArrayList<>();
        while (numbered.contains("?")) {
            nulls.add("NULL");
            numbered = numbered.replaceFirst("\\?", "\\$" + nulls.size());
        }
        try (Connection connection = database.pool().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("PREPARE planned AS " + numbered);
            try (ResultSet rows =
                    statement.executeQuery("EXPLAIN EXECUTE planned (" + String.join(", ", nulls) + ")")) {
                while (rows.next()) {
                    steps.add(rows.getString(1).trim());
                }
            }
            statement.execute("DEALLOCATE planned");
        }
        return steps;
    }
}

package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.testkit.rig.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
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
                PostgresReads.FIND);
    }

    private void assertLooksUpEachStream(String sql) throws Exception {
        assertThat(plan(sql))
                .anySatisfy(step -> assertThat(step).contains("Index Cond: ((stream_id)::text = "))
                .noneSatisfy(step -> assertThat(step).containsAnyOf("Join Filter", "Seq Scan"));
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

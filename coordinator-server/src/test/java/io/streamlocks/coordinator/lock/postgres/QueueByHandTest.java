package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import java.sql.Connection;
import java.sql.Savepoint;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A person releases a stream that others wait for. */
@Tag("postgres")
class QueueByHandTest extends StagedQueue {

    private static final String RELEASE = ".stream_locks SET owner_id = NULL, expires_at = clock_timestamp()";

    @Test
    void aReleaseByHandHandsOverWhateverTheSearchPathIsAndLeavesItAsItWas() throws Exception {
        Lease lease = grant("alice");
        waits("bob");
        try (Connection person = database.transaction()) {
            sql(person).execute("SET search_path = pg_catalog, elsewhere");
            sql(person).execute("UPDATE public" + RELEASE);
            assertThat(searchPath(person)).isEqualTo("pg_catalog, elsewhere");
            person.commit();
            assertThat(searchPath(person)).isEqualTo("pg_catalog, elsewhere");
            sql(person).execute("RESET search_path");
            person.commit();
        }
        assertThat(holder()).contains("bob");
        assertThat(ends("public")).containsExactly(List.of("alice", "released", "alice"));
        assertThat(release(lease)).isInstanceOf(ReleaseOutcome.Lost.class);
    }

    @Test
    void aPathThatIsSetForTheTransactionEndsWithIt() throws Exception {
        grant("alice");
        waits("bob");
        try (Connection person = database.transaction()) {
            String before = searchPath(person);
            sql(person).execute("SET LOCAL search_path = ''");
            sql(person).execute("UPDATE public" + RELEASE);
            assertThat(searchPath(person)).isEqualTo("\"\"");
            person.commit();
            assertThat(searchPath(person)).isEqualTo(before);
        }
        assertThat(holder()).contains("bob");
    }

    @Test
    void aHandOverThatFailsLeavesTheSearchPathAndTheLeaseAsTheyWere() throws Exception {
        grant("alice");
        waits("bob");
        database.sql().execute("ALTER TABLE stream_locks ADD CONSTRAINT not_bob CHECK (owner_id <> 'bob')");
        try (Connection person = database.transaction()) {
            sql(person).execute("SET search_path = pg_catalog");
            Savepoint before = person.setSavepoint();
            assertThatThrownBy(() -> sql(person).execute("UPDATE public" + RELEASE))
                    .hasMessageContaining("not_bob");
            person.rollback(before);
            assertThat(searchPath(person)).isEqualTo("pg_catalog");
            person.commit();
            assertThat(searchPath(person)).isEqualTo("pg_catalog");
            sql(person).execute("RESET search_path");
            person.commit();
        }
        assertThat(holder()).contains("alice");
        assertThat(waiting()).containsExactly("bob");
    }

    @Test
    void aRenamedSchemaKeepsHandingOver() {
        grant("alice");
        waits("bob");
        database.sql().execute("ALTER SCHEMA public RENAME TO \"Our Locks\"");
        database.sql().execute("UPDATE \"Our Locks\"" + RELEASE);
        assertThat(database.sql()
                        .fetchSingle("SELECT owner_id FROM \"Our Locks\".stream_locks")
                        .get(0))
                .isEqualTo("bob");
        assertThat(ends("\"Our Locks\"")).containsExactly(List.of("alice", "released", "alice"));
    }

    @Test
    void oneStatementHandsOverAllStreamsThatItReleases() {
        grant("alice");
        waits("bob");
        database.sql()
                .execute("INSERT INTO stream_locks SELECT 'more-' || n, 'alice', gen_random_uuid(),"
                        + " nextval('stream_lock_fencing_token'), 30000, now(), now() + interval '1 hour', '{}'"
                        + " FROM generate_series(1, 20) n");
        database.sql()
                .fetch("SELECT stream_lock_queue('more-' || n, 'w' || n, gen_random_uuid(), 30000, NULL,"
                        + " gen_random_uuid(), gen_random_uuid(), 20000) FROM generate_series(1, 20) n");
        database.sql().execute("UPDATE public" + RELEASE);
        assertThat(database.sql()
                        .fetchSingle("SELECT count(*) FROM stream_locks WHERE owner_id = 'w' || substr(stream_id, 6)")
                        .get(0, Integer.class))
                .isEqualTo(20);
        assertThat(holder()).contains("bob");
    }

    @Test
    void aStreamThatIsDeletedByHandLosesItsQueueToTheNextAcquire() {
        grant("alice");
        var bob = waits("bob");
        database.sql().execute("DELETE FROM stream_locks");
        assertThat(locks.withoutPlace(List.of(bob))).containsExactly(bob);
        assertThat(queue(bob)).as("an acquire grants it").isEqualTo(BLOCKED);
        grant("bob");
    }

    private static String searchPath(Connection connection) {
        return sql(connection).fetchSingle("SHOW search_path").get(0, String.class);
    }
}

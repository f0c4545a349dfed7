package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.Lease;
import java.sql.Connection;
import java.util.List;
import org.jooq.Record;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Statements that people and other programs run on the tables. */
@Tag("postgres")
class ByHandTest extends StagedRace {

    @Test
    void theEndOfALeaseIsRecordedWhateverTheSearchPathIs() throws Exception {
        Lease lease = grant("alice");
        try (Connection person = database.transaction()) {
            sql(person).execute("SET LOCAL search_path = ''");
            sql(person).execute("UPDATE public.stream_locks SET owner_id = NULL, expires_at = clock_timestamp()");
            person.commit();
        }
        assertThat(history("public")).containsExactly(List.of(lease.lock().fencingToken(), "released", "alice"));

        Lease purged = grant("bob");
        database.expire(stream);
        try (Connection person = database.transaction()) {
            sql(person).execute("SET LOCAL search_path = ''");
            sql(person).execute("DELETE FROM public.stream_locks");
            person.commit();
        }
        assertThat(history("public")).hasSize(2).anyMatch(grant -> grant.get(0)
                .equals(purged.lock().fencingToken()));
    }

    @Test
    void aRenamedSchemaKeepsRecordingHistory() throws Exception {
        grant("alice");
        database.sql().execute("ALTER SCHEMA public RENAME TO renamed");
        database.sql().execute("UPDATE renamed.stream_locks SET owner_id = NULL, expires_at = clock_timestamp()");
        assertThat(history("renamed")).hasSize(1);
    }

    @Test
    void aHistoryThatIsPublishedCanBePurged() {
        database.sql().execute("CREATE PUBLICATION everything FOR ALL TABLES");
        release(grant("alice"));
        database.sql()
                .execute("UPDATE stream_lock_history SET acquired_at = acquired_at - interval '1 day',"
                        + " ended_at = ended_at - interval '1 day'");
        assertThat(locks.purgeHistory(TTL)).isEqualTo(1);
    }

    private List<List<Object>> history(String schema) {
        return database.sql()
                .fetch("SELECT fencing_token, end_reason, ended_by FROM " + schema
                        + ".stream_lock_history ORDER BY fencing_token")
                .map(Record::intoList);
    }
}

package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.testkit.rig.TestDatabase;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A server whose role lacks a right logs the GRANT statement, and starts once it has been executed. */
@Tag("postgres")
class MissingRightsTest {

    private static final String MUST_RUN = "Run this as a role that may grant it: ";

    private final String role = "r" + UUID.randomUUID().toString().replace("-", "");
    private final StartLog log = new StartLog();
    private TestDatabase database;

    @BeforeEach
    void start() {
        database = TestDatabase.empty();
        // This is the default since PostgreSQL 15.
        database.sql().execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
        database.sql().execute("CREATE ROLE " + role + " LOGIN PASSWORD 'x'");
    }

    @AfterEach
    void stop() {
        database.sql().execute("DROP OWNED BY " + role);
        database.sql().execute("DROP ROLE " + role);
        log.close();
        database.close();
    }

    /** Starts a server as the role, runs the SQL that it logs, and waits until it grants a lease. */
    private String assertThatItAsksFor(String options, String... grants) throws Exception {
        String url = database.url().replace("postgres:postgres@", role + ":x@") + options;
        try (Coordinator coordinator = TestCoordinator.onPostgres(url)) {
            String line = log.await(MUST_RUN);
            String sql = line.substring(line.indexOf(MUST_RUN) + MUST_RUN.length());
            assertThat(sql.split("; ")).contains(grants);
            database.sql().execute(sql);
            coordinator.ready().get(30, TimeUnit.SECONDS);
            HttpCalls calls = HttpCalls.to(coordinator);
            assertThat(calls.acquire("a", UUID.randomUUID()).statusCode()).isEqualTo(200);
            return sql;
        }
    }

    @Test
    @Tag("slow")
    void theRightToCreateTables() throws Exception {
        assertThatItAsksFor("", "GRANT USAGE, CREATE ON SCHEMA public TO " + role);
    }

    @Test
    void theRightsToTablesOfAnotherRole() throws Exception {
        database.close();
        database = TestDatabase.migrated();
        // This table belongs to another application. The server needs no right to it, nor the right to create tables.
        database.sql().execute("CREATE TABLE flyway_schema_history (LIKE stream_lock_schema_history)");
        String asked = assertThatItAsksFor(
                "",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON stream_locks TO " + role,
                "GRANT SELECT, INSERT, DELETE ON stream_lock_history TO " + role,
                "GRANT SELECT, INSERT, UPDATE, DELETE ON stream_lock_waiters TO " + role,
                "GRANT SELECT, INSERT, UPDATE, DELETE ON stream_lock_members TO " + role,
                "GRANT SELECT, INSERT, UPDATE ON stream_lock_epoch TO " + role,
                "GRANT SELECT ON stream_lock_schema_history TO " + role,
                "GRANT UPDATE ON SEQUENCE stream_lock_fencing_token TO " + role,
                "GRANT USAGE ON SEQUENCE stream_lock_ticket TO " + role);
        assertThat(asked).doesNotContain("flyway", "CREATE", "OWNER");
    }

    /** A database may grant functions to nobody by default. */
    @Test
    void theRightsToFunctionsOfAnotherRole() throws Exception {
        database.sql().execute("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC");
        database.migrateTo("latest");
        assertThatItAsksFor(
                "",
                "GRANT EXECUTE ON FUNCTION stream_lock_advance(text) TO " + role,
                "GRANT EXECUTE ON FUNCTION stream_lock_enter_epoch() TO " + role,
                "GRANT EXECUTE ON FUNCTION stream_lock_first_token(bigint) TO " + role,
                "GRANT EXECUTE ON FUNCTION stream_lock_hand_over(text) TO " + role,
                "GRANT EXECUTE ON FUNCTION stream_lock_is_preceded(text,uuid,uuid,uuid[]) TO " + role,
                "GRANT EXECUTE ON FUNCTION stream_lock_leave(text,uuid,uuid,text,boolean) TO " + role,
                "GRANT EXECUTE ON FUNCTION stream_lock_next_token(bigint) TO " + role,
                "GRANT EXECUTE ON FUNCTION stream_lock_raise(bigint) TO " + role,
                "GRANT EXECUTE ON FUNCTION stream_lock_queue(text,text,uuid,bigint,text[],uuid,uuid,bigint) TO " + role,
                "GRANT EXECUTE ON FUNCTION stream_lock_waiting(text,uuid,uuid[]) TO " + role);
    }

    @Test
    void aMissingSchema() throws Exception {
        assertThatItAsksFor("?currentSchema=locks", "CREATE SCHEMA locks AUTHORIZATION " + role);
    }
}

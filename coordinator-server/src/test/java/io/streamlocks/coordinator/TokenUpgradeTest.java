package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.testkit.rig.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.UUID;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests that roles with few rights keep working when the tokens begin to follow the clock. */
@Tag("postgres")
class TokenUpgradeTest {

    @AutoClose
    private final TestDatabase database = TestDatabase.empty();

    private final String byTable = role();
    private final String byColumn = role();

    private String role() {
        String role = "r" + UUID.randomUUID().toString().replace("-", "");
        database.sql().execute("CREATE ROLE " + role + " LOGIN");
        return role;
    }

    @Test
    void rolesThatCouldHandStreamsOverCanDoSoAfterTheMigration() throws Exception {
        // A database may grant functions to nobody by default.
        database.sql().execute("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC");
        database.migrateTo("7");
        String both = byTable + ", " + byColumn;
        database.sql().execute("GRANT SELECT ON stream_locks TO " + both);
        database.sql().execute("GRANT UPDATE ON stream_locks TO " + byTable);
        database.sql().execute("GRANT UPDATE (owner_id, fencing_token) ON stream_locks TO " + byColumn);
        database.sql().execute("GRANT USAGE ON SEQUENCE stream_lock_fencing_token TO " + both);
        database.sql().execute("GRANT EXECUTE ON FUNCTION stream_lock_hand_over TO " + both);
        database.migrateTo("latest");
        long first = tokenOf(byTable);
        assertThat(tokenOf(byColumn)).isGreaterThan(first);
    }

    private long tokenOf(String role) throws SQLException {
        try (Connection connection = database.as(role).getConnection()) {
            return DSL.using(connection)
                    .fetchSingle("SELECT stream_lock_next_token(1)")
                    .get(0, Long.class);
        }
    }
}

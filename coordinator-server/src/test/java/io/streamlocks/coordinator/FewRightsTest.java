package io.streamlocks.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import io.streamlocks.coordinator.command.Commands;
import io.streamlocks.coordinator.lock.AcquireOutcome.Granted;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.LockQuery;
import io.streamlocks.coordinator.lock.MemberReport;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StreamHistoryQuery;
import io.streamlocks.coordinator.lock.postgres.PostgresLockManager;
import io.streamlocks.coordinator.lock.postgres.TableLook;
import io.streamlocks.testkit.rig.TestDatabase;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import org.jooq.exception.DataAccessException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A role with only the rights that docs/operations.md grants can do all that a server does, and nothing more. */
@Tag("postgres")
class FewRightsTest {

    private static final Duration TTL = Duration.ofSeconds(30);

    private TestDatabase database;
    private TwoRoles roles;
    private LockManager locks;

    @BeforeEach
    void start() throws Exception {
        database = TestDatabase.empty();
        database.sql().execute("CREATE SCHEMA few");
        roles = TwoRoles.create(database, "few");
        assertThat(migrate(TwoRoles.OWNER)).isZero();
        roles.grant();
        locks = new PostgresLockManager(roles.source(TwoRoles.SERVERS));
    }

    @AfterEach
    void stop() {
        roles.close();
        database.close();
    }

    @Test
    void nothingMoreIsAllowed() {
        // Before PostgreSQL 15, everybody could create tables there.
        database.sql().execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
        for (String sql : List.of(
                "TRUNCATE stream_locks",
                "TRUNCATE stream_lock_history",
                "DROP TABLE stream_locks",
                "DROP FUNCTION stream_lock_hand_over",
                "DROP SEQUENCE stream_lock_ticket",
                "DROP SCHEMA few CASCADE",
                "ALTER TABLE stream_locks ADD COLUMN more text",
                "ALTER TABLE stream_locks DISABLE TRIGGER ALL",
                "ALTER SEQUENCE stream_lock_fencing_token RESTART",
                "CREATE INDEX ON stream_locks (expires_at)",
                "CREATE TABLE few.another ()",
                "CREATE TABLE public.another ()",
                "CREATE TEMPORARY TABLE another ()",
                "CREATE SCHEMA another",
                "CREATE OR REPLACE FUNCTION stream_lock_raise(token bigint) RETURNS void LANGUAGE sql AS ''",
                "UPDATE stream_lock_history SET owner_id = 'another'",
                "DELETE FROM stream_lock_epoch",
                "DELETE FROM stream_lock_schema_history",
                "SELECT last_value FROM stream_lock_ticket")) {
            assertThatThrownBy(() -> roles.asServers().execute(sql))
                    .as(sql)
                    .isInstanceOfSatisfying(DataAccessException.class, refused -> assertThat(refused.sqlState())
                            .isEqualTo("42501"));
        }
    }

    private int migrate(String role) {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8);
        return Commands.run(List.of("migrate"), Map.of("DATABASE_URL", roles.url(role)), nowhere, nowhere);
    }

    @Test
    void eachRightOnThePageIsNeeded() throws Exception {
        assertThat(firstFailure()).isEqualTo("none");
        Map<String, String> failures = new LinkedHashMap<>();
        for (String grant : roles.singleGrants()) {
            String right = grant.substring("GRANT ".length(), grant.indexOf(" TO "));
            try (Connection admin = roles.source("postgres").getConnection();
                    Statement statement = admin.createStatement()) {
                statement.execute("REVOKE " + right + " FROM " + TwoRoles.SERVERS);
                failures.put(right, firstFailure());
                statement.execute(grant);
            }
        }
        assertThat(failures)
                .containsExactlyInAnyOrderEntriesOf(Map.ofEntries(
                        entry("USAGE ON SCHEMA few", "acquire"),
                        entry("SELECT ON stream_lock_schema_history", "start"),
                        entry("SELECT ON stream_locks", "acquire"),
                        entry("INSERT ON stream_locks", "acquire"),
                        entry("UPDATE ON stream_locks", "acquire"),
                        entry("DELETE ON stream_locks", "purge"),
                        entry("SELECT ON stream_lock_waiters", "wait"),
                        entry("INSERT ON stream_lock_waiters", "wait"),
                        entry("UPDATE ON stream_lock_waiters", "wait"),
                        entry("DELETE ON stream_lock_waiters", "wait"),
                        entry("SELECT ON stream_lock_members", "report to a group"),
                        entry("INSERT ON stream_lock_members", "report to a group"),
                        entry("UPDATE ON stream_lock_members", "report to a group"),
                        entry("DELETE ON stream_lock_members", "leave a group"),
                        entry("SELECT ON stream_lock_history", "read history"),
                        entry("INSERT ON stream_lock_history", "release"),
                        entry("DELETE ON stream_lock_history", "purge history"),
                        entry("SELECT ON stream_lock_epoch", "acquire"),
                        entry("UPDATE ON stream_lock_epoch", "begin an epoch"),
                        entry("INSERT ON stream_lock_epoch", "begin an epoch without its row"),
                        entry("UPDATE ON SEQUENCE stream_lock_fencing_token", "acquire"),
                        entry("USAGE ON SEQUENCE stream_lock_ticket", "wait")));
    }

    private interface Step {
        void run() throws Exception;
    }

    /** Does what a server does as its role, and returns the name of the first step that fails. */
    private String firstFailure() {
        String stream = "s" + UUID.randomUUID();
        UUID first = UUID.randomUUID();
        // A step of before may have left the epoch without its row.
        roles.asOwner().execute("SELECT stream_lock_enter_epoch()");
        Map<String, Step> steps = new LinkedHashMap<>();
        steps.put("acquire", () -> acquire(stream, first));
        steps.put("renew", () -> locks.renew(List.of(new RenewRequest(stream, first, Optional.empty()))));
        steps.put("wait", () -> wait(stream));
        steps.put("release", () -> {
            locks.release(List.of(new ReleaseRequest(stream, first)));
            assertThat(locks.find(stream).orElseThrow().ownerId()).isEqualTo("waiter");
        });
        steps.put(
                "break",
                () -> locks.breakLeases(List.of(
                        new BreakRequest(stream, Optional.empty(), "", new Breaking("test", "test", Duration.ZERO)))));
        steps.put("report to a group", () -> report(stream));
        steps.put("leave a group", () -> locks.groups().leave(stream, "worker"));
        steps.put("list", () -> locks.reads().list(new LockQuery(Optional.empty(), "", "", 10)));
        steps.put("read history", () -> assertThat(locks.reads()
                        .history(new StreamHistoryQuery(stream, Optional.empty(), Long.MAX_VALUE, 10))
                        .grants())
                .hasSize(2));
        steps.put("measure", () -> {
            locks.liveLeases();
            new TableLook(roles.source(TwoRoles.SERVERS)).look();
        });
        steps.put("purge", () -> {
            roles.asOwner().execute("UPDATE stream_locks SET expires_at = expires_at - interval '1 hour'");
            assertThat(locks.purge(Duration.ofMinutes(1))).isPositive();
        });
        steps.put("purge history", () -> assertThat(locks.purgeHistory(Duration.ZERO))
                .isPositive());
        steps.put("begin an epoch", () -> {
            roles.asOwner().execute("UPDATE stream_lock_epoch SET server_started_at = NULL");
            acquire(stream, UUID.randomUUID());
        });
        steps.put("begin an epoch without its row", () -> {
            roles.asOwner().execute("DELETE FROM stream_lock_epoch");
            acquire("another-" + stream, UUID.randomUUID());
        });
        steps.put("start", () -> assertThat(migrate(TwoRoles.SERVERS)).isZero());
        for (Map.Entry<String, Step> step : steps.entrySet()) {
            try {
                step.getValue().run();
            } catch (Exception | AssertionError e) {
                return step.getKey();
            }
        }
        return "none";
    }

    private void acquire(String stream, UUID leaseId) {
        assertThat(locks.acquire(List.of(new AcquireRequest(stream, "worker", leaseId, TTL))))
                .hasOnlyElementsOfType(Granted.class);
    }

    private void wait(String stream) {
        AcquireRequest request = new AcquireRequest(stream, "waiter", UUID.randomUUID(), TTL);
        assertThat(locks.queue(List.of(new QueueRequest(request, UUID.randomUUID(), TTL))))
                .containsExactly(Optional.empty());
    }

    private void report(String group) {
        locks.groups().report(new MemberReport(group, "worker", 1, 2, OptionalInt.empty(), TTL));
    }
}

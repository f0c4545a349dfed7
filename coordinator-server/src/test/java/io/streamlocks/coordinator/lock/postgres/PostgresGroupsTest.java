package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.lock.Group;
import io.streamlocks.coordinator.lock.GroupSummary;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.Member;
import io.streamlocks.coordinator.lock.MemberReport;
import io.streamlocks.testkit.rig.TestDatabase;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Groups in PostgreSQL: what other transactions and the purge do to their rows. */
@Tag("postgres")
class PostgresGroupsTest {

    private static final Duration TTL = Duration.ofMinutes(1);

    private static TestDatabase database;
    private static LockManager locks;

    private final String group = "group-" + UUID.randomUUID();

    @BeforeAll
    static void migrate() {
        database = TestDatabase.migrated();
        locks = new PostgresLockManager(database.pool());
    }

    @AfterAll
    static void close() {
        database.close();
    }

    private Optional<Group> report(String ownerId, int held) {
        return locks.groups().report(new MemberReport(group, ownerId, held, 100, OptionalInt.empty(), TTL));
    }

    private List<String> rows() {
        return database.sql()
                .fetch("SELECT owner_id FROM stream_lock_members WHERE group_id = ? ORDER BY owner_id", group)
                .map(row -> row.get(0, String.class));
    }

    private void backdate(String ownerId, Duration age) {
        database.sql()
                .execute(
                        "UPDATE stream_lock_members SET expires_at = expires_at - ?::bigint * interval '1 millisecond'"
                                + " WHERE group_id = ? AND owner_id = ?",
                        age.toMillis(),
                        group,
                        ownerId);
    }

    private void awaitWaitingStatement() {
        await().until(() -> database.sql()
                        .fetchSingle("SELECT count(*) FROM pg_locks WHERE NOT granted")
                        .get(0, Integer.class)
                > 0);
    }

    @Test
    void membersThatExpiredAMinuteAgoAreDeletedAndNoOthers() {
        report("dead", 1);
        report("expired", 1);
        report("alive", 1);
        backdate("dead", TTL.plusSeconds(61));
        backdate("expired", TTL.plusSeconds(1));
        locks.purge(Limits.MIN_TOMBSTONE_RETENTION);
        assertThat(rows()).containsExactly("alive", "expired");
    }

    @Test
    void moreExpiredMembersThanOneStatementDeletesAreDeleted() {
        database.sql()
                .execute(
                        "INSERT INTO stream_lock_members SELECT ?, n::text, 0, 0, NULL, now() - interval '1 hour'"
                                + " FROM generate_series(1, 2500) n",
                        group);
        locks.purge(Limits.MIN_TOMBSTONE_RETENTION);
        assertThat(rows()).isEmpty();
    }

    @Test
    void aListOfMoreMembersThanOneStatementReadsIsComplete() {
        for (int i = 0; i < 3; i++) {
            database.sql()
                    .execute(
                            "INSERT INTO stream_lock_members SELECT ?, n::text, 1, 0, NULL, now() + interval '1 minute'"
                                    + " FROM generate_series(1, ?) n",
                            group + "/" + i,
                            4000 + i);
        }
        assertThat(locks.groups().list(group))
                .extracting(GroupSummary::members, GroupSummary::held)
                .containsExactly(tuple(4000, 4000), tuple(4001, 4001), tuple(4002, 4002));
    }

    @Test
    void aListHasAThousandGroupsAtMost() {
        database.sql()
                .execute(
                        "INSERT INTO stream_lock_members SELECT ? || n, 'alice', 1, 0, NULL, now() + interval '1 minute'"
                                + " FROM generate_series(10001, 11001) n",
                        group);
        assertThat(locks.groups().list(group))
                .hasSize(Limits.MAX_LISTED_GROUPS)
                .last()
                .isEqualTo(new GroupSummary(group + "11000", 1, 1, 1, 0, 0));
    }

    @Test
    void aPurgeLeavesAMemberThatReportsAgain() throws Exception {
        report("alice", 1);
        backdate("alice", TTL.plusMinutes(5));
        try (Connection reporting = database.transaction();
                Statement statement = reporting.createStatement()) {
            statement.execute("UPDATE stream_lock_members SET expires_at = clock_timestamp() + interval '1 minute'"
                    + " WHERE group_id = '" + group + "'");
            // The purge must not wait for the report, and must not delete what it finds afterwards.
            locks.purge(Limits.MIN_TOMBSTONE_RETENTION);
            reporting.commit();
        }
        assertThat(rows()).containsExactly("alice");
    }

    @Test
    void aMemberWhoseRowIsLockedHoldsUpOnlyItself() throws Exception {
        report("alice", 1);
        CompletableFuture<Optional<Group>> alice;
        try (Connection other = database.transaction();
                Statement statement = other.createStatement()) {
            statement.execute("SELECT FROM stream_lock_members WHERE group_id = '" + group + "' FOR UPDATE");
            assertThat(report("bob", 2).orElseThrow().members())
                    .extracting(Member::ownerId)
                    .containsExactly("alice", "bob");
            assertThat(locks.groups().find(group).orElseThrow().members()).hasSize(2);
            alice = CompletableFuture.supplyAsync(() -> report("alice", 3));
            awaitWaitingStatement();
        }
        assertThat(alice.join().orElseThrow().held()).isEqualTo(5);
    }

    @Test
    void aNewMemberThatIsCommittedDuringAReportIsSeenByTheNextOne() throws Exception {
        report("alice", 10);
        CompletableFuture<Optional<Group>> waiting;
        try (Connection joining = database.transaction();
                Statement statement = joining.createStatement()) {
            // Bob's row is there, but not committed, so that his own report waits for it, and Alice does not see it.
            statement.execute("INSERT INTO stream_lock_members VALUES ('" + group
                    + "', 'bob', 1, 1, NULL, clock_timestamp() + interval '1 minute')");
            waiting = CompletableFuture.supplyAsync(() -> report("bob", 20));
            awaitWaitingStatement();
            assertThat(report("alice", 11).orElseThrow().members()).hasSize(1);
            joining.commit();
        }
        // The statement of Bob continues with the committed row, and still has its snapshot of the others.
        assertThat(waiting.join().orElseThrow().shares()).containsOnlyKeys("alice", "bob");
        Group group = report("alice", 12).orElseThrow();
        assertThat(group.held()).isEqualTo(32);
    }
}

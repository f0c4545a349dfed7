package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.Group;
import io.streamlocks.coordinator.lock.GroupSummary;
import io.streamlocks.coordinator.lock.Groups;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.Member;
import io.streamlocks.coordinator.lock.MemberReport;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Groups in PostgreSQL. A call is one statement, except for a list. This class is thread-safe.
 *
 * <p>A report changes one row, that of its member, and reads the others as they are committed. Two members that report
 * at the same time do not see each other's latest report. The next report of each does.
 *
 * @param statements runs the statements
 */
record PostgresGroups(Statements statements) implements Groups {

    private static final String MEMBER = """
            m.group_id, m.owner_id, m.held, m.wanted, m.capacity,
            greatest(0, extract(epoch FROM m.expires_at - clock_timestamp()) * 1000)::bigint AS expires_in_ms
            """;

    private static final String IS_LIVE = "m.expires_at > clock_timestamp()";

    /**
     * Binds the group, the owner and the most other members; the group, the owner, the two counts, the capacity, the
     * ttl in ms, and again the most other members. Returns the live members, with this one unless there are too many.
     *
     * <p>A member that reports again is never refused. Two new members can be accepted at the same time, so the limit
     * can be exceeded by as many as there are connections.
     */
    private static final String REPORT = String.format(Locale.ROOT, """
            WITH other AS MATERIALIZED (
                SELECT m.* FROM stream_lock_members m
                WHERE m.group_id = ? AND m.owner_id <> ? AND %2$s
                ORDER BY m.owner_id
                LIMIT ?
            ),
            own AS (
                INSERT INTO stream_lock_members AS m (group_id, owner_id, held, wanted, capacity, expires_at)
                SELECT r.group_id, r.owner_id, r.held, r.wanted, r.capacity,
                    clock_timestamp() + r.ttl_ms * interval '1 millisecond'
                FROM (SELECT ?::varchar AS group_id, ?::varchar AS owner_id, ?::integer AS held, ?::integer AS wanted,
                    ?::integer AS capacity, ?::bigint AS ttl_ms) r
                WHERE (SELECT count(*) FROM other) < ?
                    OR EXISTS (
                        SELECT FROM stream_lock_members m
                        WHERE m.group_id = r.group_id AND m.owner_id = r.owner_id AND %2$s)
                ON CONFLICT (group_id, owner_id) DO UPDATE
                SET held = excluded.held,
                    wanted = excluded.wanted,
                    capacity = excluded.capacity,
                    expires_at = excluded.expires_at
                RETURNING m.*
            )
            SELECT %1$s FROM other m
            UNION ALL
            SELECT %1$s FROM own m
            ORDER BY owner_id
            """, MEMBER, IS_LIVE);

    /** Binds the group and the owner. Returns a row if it was a live member. */
    private static final String LEAVE = String.format(Locale.ROOT, """
            WITH gone AS (
                DELETE FROM stream_lock_members m WHERE m.group_id = ? AND m.owner_id = ? RETURNING m.*
            )
            SELECT m.owner_id FROM gone m WHERE %s
            """, IS_LIVE);

    /** Binds the group. Returns its live members. */
    private static final String FIND = String.format(Locale.ROOT, """
            SELECT %s FROM stream_lock_members m WHERE m.group_id = ? AND %s ORDER BY m.owner_id
            """, MEMBER, IS_LIVE);

    /**
     * Binds a group and an owner, the group id before which to end, and the number of members. Returns the live members
     * after the given one, in the order of groups and owners.
     */
    private static final String LIST = String.format(Locale.ROOT, """
            SELECT %s FROM stream_lock_members m
            WHERE (m.group_id, m.owner_id) > (?, ?) AND m.group_id < ? AND %s
            ORDER BY m.group_id, m.owner_id
            LIMIT ?
            """, MEMBER, IS_LIVE);

    /** The members of one statement of a list. There can be a million of them, which must not be in memory at once. */
    private static final int LISTED_AT_ONCE = 5000;

    /**
     * Binds the number of members. Deletes members that expired at least a minute ago. A member that reports again at
     * this moment is skipped.
     */
    static final String PURGE_CHUNK = """
            WITH dead AS MATERIALIZED (
                SELECT group_id, owner_id
                FROM stream_lock_members
                WHERE expires_at < clock_timestamp() - interval '1 minute'
                LIMIT ?
                FOR UPDATE SKIP LOCKED
            )
            DELETE FROM stream_lock_members m
            USING dead
            WHERE m.group_id = dead.group_id AND m.owner_id = dead.owner_id
            """;

    @Override
    public Optional<Group> report(MemberReport report) {
        List<Member> members = statements.query(
                "record the report of a member",
                REPORT,
                PostgresGroups::members,
                report.groupId(),
                report.ownerId(),
                Limits.MAX_GROUP_MEMBERS,
                report.groupId(),
                report.ownerId(),
                report.held(),
                report.wanted(),
                boxed(report.capacity()),
                report.ttl().toMillis(),
                Limits.MAX_GROUP_MEMBERS);
        boolean isMember = members.stream().anyMatch(member -> member.ownerId().equals(report.ownerId()));
        return isMember ? Optional.of(Group.of(report.groupId(), members)) : Optional.empty();
    }

    private static @Nullable Integer boxed(OptionalInt value) {
        return value.isPresent() ? (Integer) value.getAsInt() : null;
    }

    @Override
    public boolean leave(String groupId, String ownerId) {
        return statements.query("remove a member", LEAVE, ResultSet::next, groupId, ownerId);
    }

    @Override
    public Optional<Group> find(String groupId) {
        List<Member> members = statements.query("find a group", FIND, PostgresGroups::members, groupId);
        return members.isEmpty() ? Optional.empty() : Optional.of(Group.of(groupId, members));
    }

    @Override
    public List<GroupSummary> list(String prefix) {
        Summaries listed = new Summaries(prefix);
        while (!listed.isComplete()) {
            int read = statements.query(
                    "list groups",
                    LIST,
                    listed::add,
                    listed.groupId,
                    listed.ownerId,
                    prefix + PostgresReads.PAST_PREFIX,
                    LISTED_AT_ONCE);
            if (read < LISTED_AT_ONCE) {
                listed.end();
                break;
            }
        }
        return listed.done;
    }

    /** The groups of a list so far, and the members of the one that is being read. */
    private static final class Summaries {
        private final List<GroupSummary> done = new ArrayList<>();
        private final List<Member> members = new ArrayList<>();

        // The latest member that was read.
        private String groupId;
        private String ownerId = "";

        Summaries(String first) {
            this.groupId = first;
        }

        boolean isComplete() {
            return done.size() == Limits.MAX_LISTED_GROUPS;
        }

        /** Returns the number of members that were read. */
        int add(ResultSet rows) throws SQLException {
            int read = 0;
            while (rows.next() && !isComplete()) {
                String next = rows.getString("group_id");
                if (!next.equals(groupId)) {
                    end();
                }
                groupId = next;
                Member member = member(rows);
                ownerId = member.ownerId();
                members.add(member);
                read++;
            }
            return read;
        }

        /** Counts the members of the group that has been read to its end. */
        void end() {
            if (!members.isEmpty() && !isComplete()) {
                done.add(Group.of(groupId, members).summary());
            }
            members.clear();
        }
    }

    private static List<Member> members(ResultSet rows) throws SQLException {
        List<Member> members = new ArrayList<>();
        while (rows.next()) {
            members.add(member(rows));
        }
        return members;
    }

    private static Member member(ResultSet row) throws SQLException {
        Integer capacity = row.getObject("capacity", Integer.class);
        return new Member(
                row.getString("owner_id"),
                row.getInt("held"),
                row.getInt("wanted"),
                capacity == null ? OptionalInt.empty() : OptionalInt.of(capacity),
                Duration.ofMillis(row.getLong("expires_in_ms")));
    }
}

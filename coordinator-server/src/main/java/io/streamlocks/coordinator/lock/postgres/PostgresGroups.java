package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.Group;
import io.streamlocks.coordinator.lock.Groups;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.Member;
import io.streamlocks.coordinator.lock.MemberReport;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Groups in PostgreSQL. A call is one statement. This class is thread-safe.
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
            SELECT %1$s, false AS is_own FROM other m
            UNION ALL
            SELECT %1$s, true FROM own m
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

    /** Binds the lowest group id, the one before which to end, and the number of groups. Returns their live members. */
    private static final String LIST = String.format(Locale.ROOT, """
            WITH live AS MATERIALIZED (
                SELECT m.* FROM stream_lock_members m WHERE m.group_id >= ? AND m.group_id < ? AND %2$s
            )
            SELECT %1$s FROM live m
            WHERE m.group_id IN (SELECT group_id FROM live GROUP BY group_id ORDER BY group_id LIMIT ?)
            ORDER BY m.group_id, m.owner_id
            """, MEMBER, IS_LIVE);

    /**
     * Binds the number of members. Deletes members that expired at least a minute ago. A member that reports again at
     * this moment is skipped.
     */
    static final String PURGE_CHUNK = """
            DELETE FROM stream_lock_members m
            USING (
                SELECT group_id, owner_id
                FROM stream_lock_members
                WHERE expires_at < clock_timestamp() - interval '1 minute'
                LIMIT ?
                FOR UPDATE SKIP LOCKED
            ) dead
            WHERE m.group_id = dead.group_id AND m.owner_id = dead.owner_id
            """;

    @Override
    public Optional<Group> report(MemberReport report) {
        boolean[] isMember = new boolean[1];
        List<Member> members = statements.query(
                "record the report of a member",
                REPORT,
                rows -> {
                    List<Member> all = new ArrayList<>();
                    while (rows.next()) {
                        all.add(member(rows));
                        isMember[0] |= rows.getBoolean("is_own");
                    }
                    return all;
                },
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
        return isMember[0] ? Optional.of(Group.of(report.groupId(), members)) : Optional.empty();
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
        return statements.query("find a group", FIND, PostgresGroups::groups, groupId).stream()
                .findFirst();
    }

    @Override
    public List<Group> list(String prefix) {
        return statements.query(
                "list groups",
                LIST,
                PostgresGroups::groups,
                prefix,
                prefix + PostgresReads.PAST_PREFIX,
                Limits.MAX_LISTED_GROUPS);
    }

    private static List<Group> groups(ResultSet rows) throws SQLException {
        Map<String, List<Member>> members = new LinkedHashMap<>();
        while (rows.next()) {
            members.computeIfAbsent(rows.getString("group_id"), id -> new ArrayList<>())
                    .add(member(rows));
        }
        return members.entrySet().stream()
                .map(entry -> Group.of(entry.getKey(), entry.getValue()))
                .toList();
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

package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.BlockedException;
import io.streamlocks.coordinator.lock.GrantPage;
import io.streamlocks.coordinator.lock.HistoryQuery;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockPage;
import io.streamlocks.coordinator.lock.LockQuery;
import io.streamlocks.coordinator.lock.LockReads;
import io.streamlocks.coordinator.lock.StreamHistoryQuery;
import io.streamlocks.coordinator.lock.Waiter;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/** Reads live locks, and passes the reads of history on. This class is thread-safe. */
record PostgresReads(Statements statements, PostgresHistory history, PostgresQueues queues) implements LockReads {

    /** It is above every stream id that begins with a prefix: no id contains this character, which Unicode reserves. */
    static final String PAST_PREFIX = Character.toString(Character.MAX_CODE_POINT);

    private static final String OF_PREFIX = " AND l.stream_id >= ? AND l.stream_id < ?";
    private static final String OF_OWNER = " AND l.owner_id = ?";

    /** Binds a stream id. Returns its lock as committed, if its lease is live. */
    static final String FIND = String.format(Locale.ROOT, """
            SELECT %s
            FROM stream_locks l
            WHERE l.stream_id = ? AND l.expires_at > clock_timestamp()
            """, LeaseRow.LEASE);

    /**
     * Binds the stream id after which to begin, and the number of locks. Returns the live locks as committed. It has no
     * condition that does not apply. The planner would take it for one that few rows meet, and would read and sort all
     * rows for each page.
     */
    static final String LIST = list("");

    /** Binds the lowest stream id and the one before which to end between the parameters of {@link #LIST}. */
    static final String LIST_OF_PREFIX = list(OF_PREFIX);

    /** Binds the owner between the parameters of {@link #LIST}. */
    static final String LIST_OF_OWNER = list(OF_OWNER);

    /** Binds what {@link #LIST_OF_PREFIX} binds, and then the owner, between the parameters of {@link #LIST}. */
    static final String LIST_OF_PREFIX_AND_OWNER = list(OF_PREFIX + OF_OWNER);

    private static String list(String conditions) {
        return String.format(Locale.ROOT, """
                SELECT %s
                FROM stream_locks l
                WHERE l.stream_id > ? AND l.expires_at > clock_timestamp()%s
                ORDER BY l.stream_id
                LIMIT ?
                """, LeaseRow.LEASE, conditions);
    }

    Optional<Lock> find(String streamId) {
        Optional<Lock> live =
                statements.query("find", FIND, rows -> locks(rows).stream().findFirst(), streamId);
        return live.isPresent() ? live : findLocked(streamId);
    }

    /** The committed row shows no live lease, but a renewal may be about to commit. Only the locked row is certain. */
    private Optional<Lock> findLocked(String streamId) {
        List<Optional<Lock>> certain = new ArrayList<>();
        statements.look(
                "find",
                LockSql.LOOK,
                List.of(streamId),
                new UUID[1],
                (index, row) ->
                        certain.add(row.getBoolean("is_live") ? Optional.of(LeaseRow.lock(row)) : Optional.empty()));
        if (certain.isEmpty()) {
            throw new BlockedException("Another transaction has this stream locked in the database. Try again.", 0);
        }
        return certain.get(0);
    }

    @Override
    public LockPage list(LockQuery query) {
        boolean hasPrefix = !query.prefix().isEmpty();
        boolean hasOwner = query.ownerId().isPresent();
        List<Object> values = new ArrayList<>();
        values.add(query.after());
        if (hasPrefix) {
            values.add(query.prefix());
            values.add(query.prefix() + PAST_PREFIX);
        }
        query.ownerId().ifPresent(values::add);
        values.add(query.pageSize() + 1);
        String ofAll = hasOwner ? LIST_OF_OWNER : LIST;
        String ofPrefix = hasOwner ? LIST_OF_PREFIX_AND_OWNER : LIST_OF_PREFIX;
        String sql = hasPrefix ? ofPrefix : ofAll;
        return LockPage.of(statements.query("list", sql, PostgresReads::locks, values.toArray()), query.pageSize());
    }

    @Override
    public GrantPage history(StreamHistoryQuery query) {
        return history.page(query);
    }

    @Override
    public GrantPage history(HistoryQuery query) {
        return history.page(query);
    }

    @Override
    public List<Waiter> waiters(String streamId) {
        return queues.waiters(streamId);
    }

    private static List<Lock> locks(ResultSet rows) throws SQLException {
        List<Lock> locks = new ArrayList<>();
        while (rows.next()) {
            locks.add(LeaseRow.lock(rows));
        }
        return locks;
    }
}

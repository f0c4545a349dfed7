package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.StreamHistoryQuery;
import io.streamlocks.coordinator.lock.HistoryQuery;
import io.streamlocks.coordinator.lock.GrantPage;
import io.streamlocks.coordinator.lock.LockReads;
import io.streamlocks.coordinator.lock.BlockedException;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockPage;
import io.streamlocks.coordinator.lock.LockQuery;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/** Reads live locks, and passes the reads of history on. This class is thread-safe. */
record PostgresReads(Statements statements, PostgresHistory history) implements LockReads {

    /** It is above every stream id that begins with a prefix: no id contains this character, which Unicode reserves. */
    static final String PAST_PREFIX = Character.toString(Character.MAX_CODE_POINT);

    /** Binds a stream id. Returns its lock as committed, if its lease is live. */
    static final String FIND = String.format(Locale.ROOT, """
            SELECT %s
            FROM stream_locks l
            WHERE l.stream_id = ? AND l.expires_at > clock_timestamp()
            """, LeaseRow.LEASE);

    /**
     * Binds the stream id after which to begin, the lowest stream id, the one before which to end, the owner (null for
     * any), and the number of locks. Returns the live locks as committed.
     */
    private static final String LIST = String.format(Locale.ROOT, """
            SELECT %s
            FROM stream_locks l
            WHERE l.stream_id > ? AND l.stream_id >= ? AND l.stream_id < ? AND l.expires_at > clock_timestamp()
                AND l.owner_id = coalesce(?::text, l.owner_id)
            ORDER BY l.stream_id
            LIMIT ?
            """, LeaseRow.LEASE);

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
        List<Lock> locks = statements.query(
                "list",
                LIST,
                PostgresReads::locks,
                query.after(),
                query.prefix(),
                query.prefix() + PAST_PREFIX,
                query.ownerId().orElse(null),
                query.pageSize() + 1);
        return LockPage.of(locks, query.pageSize());
    }

    @Override
    public GrantPage history(StreamHistoryQuery query) {
        return history.page(query);
    }

    @Override
    public GrantPage history(HistoryQuery query) {
        return history.page(query);
    }

    private static List<Lock> locks(ResultSet rows) throws SQLException {
        List<Lock> locks = new ArrayList<>();
        while (rows.next()) {
            locks.add(LeaseRow.lock(rows));
        }
        return locks;
    }
}

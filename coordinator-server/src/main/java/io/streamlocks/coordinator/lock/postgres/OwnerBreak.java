package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.BlockedException;
import io.streamlocks.coordinator.lock.Breaking;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Breaks all leases of an owner. This class is thread-safe. */
record OwnerBreak(Statements statements) {

    private static final int CHUNK = 1_000;

    /** How long the walk waits for rows that are locked. */
    private static final long BLOCKED_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final long BLOCKED_RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /**
     * Binds the stream after which to begin, the number of rows to look at, the owner, the operator, the reason, and
     * for how long in ms the streams stay closed. It walks along the primary key, because there is no index on owners.
     *
     * <p>It locks all rows that the snapshot shows as the owner's, live or not, because a lease whose renewal is being
     * committed looks as if it had expired. No second look follows at the rows that it leaves out, so it also changes a
     * version that is newer than its snapshot: the update finds the row by the stream. {@code blocked} is the number of
     * rows of the owner that another transaction has locked.
     */
    private static final String SQL = """
            WITH chunk AS MATERIALIZED (
                SELECT stream_id, owner_id
                FROM stream_locks
                WHERE stream_id > ?
                ORDER BY stream_id
                LIMIT ?
            ),
            breaking AS MATERIALIZED (
                SELECT ?::text AS owner_id, ?::text AS broken_by, ?::text AS break_reason,
                    ?::bigint * interval '1 millisecond' AS delay
            ),
            locked AS MATERIALIZED (
                SELECT l.stream_id, l.owner_id, l.expires_at
                FROM chunk c JOIN breaking b ON b.owner_id = c.owner_id
                    JOIN stream_locks l ON l.stream_id = c.stream_id
                FOR UPDATE OF l SKIP LOCKED
            ),
            broken AS (
                UPDATE stream_locks l
                SET owner_id = NULL, expires_at = clock_timestamp(), broken_fencing_token = l.fencing_token,
                    broken_by = b.broken_by, break_reason = b.break_reason, closed_until = clock_timestamp() + b.delay,
                    ended_owner_id = l.owner_id, ended_fencing_token = l.fencing_token
                FROM locked t, breaking b
                WHERE l.stream_id = t.stream_id AND t.owner_id = b.owner_id AND t.expires_at > clock_timestamp()
                RETURNING l.stream_id
            )
            SELECT (SELECT max(stream_id) FROM chunk) AS last,
                (SELECT count(*) FROM chunk) AS seen,
                (SELECT count(*) FROM chunk c JOIN breaking b ON b.owner_id = c.owner_id)
                    - (SELECT count(*) FROM locked) AS blocked,
                (SELECT count(*) FROM broken) AS broken
            """;

    private record Chunk(String last, int seen, int blocked, int broken) {
        static Chunk of(ResultSet rows) throws SQLException {
            rows.next();
            return new Chunk(
                    rows.getString("last"), rows.getInt("seen"), rows.getInt("blocked"), rows.getInt("broken"));
        }
    }

    int breakOwner(String ownerId, Breaking breaking) {
        int broken = 0;
        boolean blocked = false;
        long began = System.nanoTime();
        String after = "";
        while (after != null) {
            Chunk chunk = breakChunk(after, ownerId, breaking);
            broken += chunk.broken();
            if (chunk.blocked() > 0 && System.nanoTime() - began < BLOCKED_NANOS) {
                // Most of the time a call that is about to commit has them locked.
                LockSupport.parkNanos(BLOCKED_RETRY_NANOS);
            } else {
                blocked |= chunk.blocked() > 0;
                after = chunk.seen() < CHUNK ? null : chunk.last();
            }
        }
        if (blocked) {
            throw new BlockedException(
                    "Other transactions have some of the owner's streams locked in the database. " + broken
                            + " leases were ended. Try again to end the others.",
                    broken);
        }
        // A lease that this walk found to have ended may still be live on a standby.
        statements.read("break", LockSql.CONFIRM, rows -> {});
        return broken;
    }

    private Chunk breakChunk(String after, String ownerId, Breaking breaking) {
        return statements.query(
                "break",
                SQL,
                Chunk::of,
                after,
                CHUNK,
                ownerId,
                breaking.by(),
                breaking.reason(),
                breaking.delay().toMillis());
    }
}

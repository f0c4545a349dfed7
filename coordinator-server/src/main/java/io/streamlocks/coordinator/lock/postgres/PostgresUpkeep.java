package io.streamlocks.coordinator.lock.postgres;

import static io.streamlocks.coordinator.lock.postgres.generated.Tables.STREAM_LOCKS;

import io.streamlocks.coordinator.lock.Upkeep;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Map;
import org.jooq.Record;
import org.jooq.Record2;
import org.jooq.impl.DSL;

/** Purges streams and history, and counts leases. This class is thread-safe. */
record PostgresUpkeep(Statements statements) implements Upkeep {

    private static final int CHUNK = 1000;

    /**
     * Binds the stream after which to begin, the number of rows to look at, and the idle time in ms.
     *
     * <p>It walks along the primary key, because an index on {@code expires_at} would cost every renewal its HOT
     * update. Rows that a call has locked are skipped, because they are not idle, and so are streams that callers wait
     * for. The triggers of the table write to history the leases that expired. The sequence is raised above the tokens of
     * the deleted rows, since the next grants of these streams have nothing else to rise above if the clock is set back.
     */
    private static final String PURGE_CHUNK = """
            WITH chunk AS MATERIALIZED (
                SELECT stream_id, expires_at
                FROM stream_locks
                WHERE stream_id > ?
                ORDER BY stream_id
                LIMIT ?
            ),
            idle AS MATERIALIZED (
                SELECT l.stream_id
                FROM chunk c JOIN stream_locks l USING (stream_id)
                WHERE l.expires_at < clock_timestamp() - ?::bigint * interval '1 millisecond'
                    AND (l.awaited_until IS NULL OR l.awaited_until <= clock_timestamp())
                ORDER BY l.stream_id
                FOR UPDATE OF l SKIP LOCKED
            ),
            purged AS (
                DELETE FROM stream_locks l
                USING idle i
                WHERE l.stream_id = i.stream_id
                RETURNING l.fencing_token
            )
            SELECT (SELECT max(stream_id) FROM chunk) AS last,
                (SELECT count(*) FROM chunk) AS seen,
                (SELECT count(*) FROM purged) AS purged,
                (SELECT stream_lock_raise(max(fencing_token)) FROM purged HAVING count(*) > 0) AS raised
            """;

    /**
     * Binds how long ago in ms a grant must have ended, the time and the token of the grant after which to begin, and
     * the number of grants to look at. It walks along the index by time, and ends where grants are too young to have
     * ended that long ago. The walk is therefore about as long as what it purges.
     */
    private static final String PURGE_HISTORY_CHUNK = """
            WITH chunk AS MATERIALIZED (
                SELECT ctid, acquired_at, fencing_token, ended_at, clock_timestamp() - d.ended_for AS before
                FROM (SELECT ?::bigint * interval '1 millisecond' AS ended_for) d, stream_lock_history
                WHERE (acquired_at, fencing_token) > (?::timestamptz, ?::bigint)
                    AND acquired_at < clock_timestamp() - d.ended_for
                ORDER BY acquired_at, fencing_token
                LIMIT ?
            ),
            purged AS (
                DELETE FROM stream_lock_history h
                USING chunk c
                WHERE h.ctid = c.ctid AND c.ended_at < c.before
                RETURNING h.fencing_token
            ),
            last AS (
                SELECT acquired_at, fencing_token FROM chunk ORDER BY acquired_at DESC, fencing_token DESC LIMIT 1
            )
            SELECT (SELECT acquired_at FROM last), (SELECT fencing_token FROM last),
                (SELECT count(*) FROM chunk) AS seen,
                (SELECT count(*) FROM purged) AS purged
            """;

    @Override
    public int purge(Duration idleFor) {
        int places = CHUNK;
        while (places == CHUNK) {
            places = statements.run("purge places", db -> db.execute(QueueSql.PURGE_CHUNK, CHUNK));
        }
        int members = CHUNK;
        while (members == CHUNK) {
            members = statements.run("purge members", db -> db.execute(PostgresGroups.PURGE_CHUNK, CHUNK));
        }
        int purged = 0;
        String after = "";
        while (after != null) {
            String from = after;
            Record chunk = statements.run("purge", db -> db.fetchSingle(PURGE_CHUNK, from, CHUNK, idleFor.toMillis()));
            purged += chunk.get("purged", Integer.class);
            after = chunk.get("seen", Integer.class) < CHUNK ? null : chunk.get("last", String.class);
        }
        return purged;
    }

    @Override
    public int purgeHistory(Duration endedFor) {
        int purged = 0;
        OffsetDateTime acquiredAt = Instant.EPOCH.atOffset(ZoneOffset.UTC);
        long fencingToken = 0;
        boolean hasMore = true;
        while (hasMore) {
            OffsetDateTime afterTime = acquiredAt;
            long afterToken = fencingToken;
            Record chunk = statements.run(
                    "purge history",
                    db -> db.fetchSingle(PURGE_HISTORY_CHUNK, endedFor.toMillis(), afterTime, afterToken, CHUNK));
            purged += chunk.get("purged", Integer.class);
            hasMore = chunk.get("seen", Integer.class) == CHUNK;
            if (hasMore) {
                acquiredAt = chunk.get("acquired_at", OffsetDateTime.class);
                fencingToken = chunk.get("fencing_token", Long.class);
            }
        }
        return purged;
    }

    @Override
    public Map<String, Long> liveLeases() {
        return statements.run(
                "count",
                db -> db.transactionResult(transaction -> {
                    // This reads every row, and the primary key, which the other statements need, is the longest way.
                    transaction.dsl().execute("SET LOCAL enable_seqscan = on");
                    return transaction
                            .dsl()
                            .select(STREAM_LOCKS.OWNER_ID, DSL.count().cast(Long.class))
                            .from(STREAM_LOCKS)
                            .where(STREAM_LOCKS.EXPIRES_AT.gt(DSL.field("clock_timestamp()", OffsetDateTime.class)))
                            .groupBy(STREAM_LOCKS.OWNER_ID)
                            .fetchMap(Record2::value1, Record2::value2);
                }));
    }
}

package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.LockManager;

/**
 * The statements that change leases. Four rules hold for all of them, and each has a test of its own:
 *
 * <ul>
 *   <li>Time is {@code clock_timestamp()}, never the start of the transaction: a statement that waits for a row lock
 *       must judge by the time at which it got it.
 *   <li>What is decided is decided on the row as locked, not as the statement's snapshot shows it.
 *   <li>Rows are locked in the byte order of {@code stream_id}, by every statement, so that two batches that share
 *       streams cannot wait for each other.
 *   <li>A statement names a stream once only; {@link PostgresLockManager} sees to that.
 * </ul>
 */
final class LockSql {

    /**
     * Binds: stream ids, owner ids, lease ids, ttls in ms.
     *
     * <p>A stream that the snapshot shows as held is answered from the snapshot: it was held while the call was under
     * way, which is all that "held" says, and a poll for a held stream neither locks a row nor writes one. The others
     * are upserted. Where another grant comes first, the upsert's own WHERE sees it and grants nothing; the row to
     * answer with is then newer than the snapshot, so the verdict is 'raced', and the caller asks once more.
     *
     * <p>The token of a stream that has a row is drawn in DO UPDATE, with the row lock held. Drawn in the SELECT above
     * it, it could be lower than the token of a grant that came and went while this statement waited. A stream without
     * a row has had no grant for longer than any statement can run, so there the SELECT's token is high enough.
     */
    static final String ACQUIRE = """
            WITH request AS MATERIALIZED (
                SELECT *
                FROM unnest(?::text[], ?::text[], ?::uuid[], ?::bigint[])
                    WITH ORDINALITY AS r (stream_id, new_owner_id, new_lease_id, new_ttl_ms, position)
            ),
            seen AS MATERIALIZED (
                SELECT r.*, l.owner_id, l.lease_id, l.fencing_token, l.ttl_ms, l.acquired_at, l.expires_at,
                    l.superseded_lease_ids, coalesce(l.expires_at > clock_timestamp(), false) AS live
                FROM request r LEFT JOIN stream_locks l USING (stream_id)
            ),
            judged AS MATERIALIZED (
                SELECT s.*, CASE
                    WHEN new_lease_id = lease_id AND live THEN 'granted'
                    WHEN new_lease_id = lease_id OR new_lease_id = ANY (superseded_lease_ids) THEN 'used'
                    WHEN live THEN 'held'
                    ELSE 'free' END AS verdict
                FROM seen s
            ),
            granted AS (
                INSERT INTO stream_locks AS l
                    (stream_id, owner_id, lease_id, fencing_token, ttl_ms, acquired_at, expires_at,
                        superseded_lease_ids)
                SELECT stream_id, new_owner_id, new_lease_id, nextval('stream_lock_fencing_token'), new_ttl_ms,
                    clock_timestamp(), clock_timestamp() + new_ttl_ms * interval '1 millisecond', '{}'
                FROM judged
                WHERE verdict = 'free'
                ORDER BY stream_id COLLATE "C"
                ON CONFLICT (stream_id) DO UPDATE SET
                    owner_id = EXCLUDED.owner_id,
                    lease_id = EXCLUDED.lease_id,
                    fencing_token = nextval('stream_lock_fencing_token'),
                    ttl_ms = EXCLUDED.ttl_ms,
                    acquired_at = clock_timestamp(),
                    expires_at = clock_timestamp() + EXCLUDED.ttl_ms * interval '1 millisecond',
                    superseded_lease_ids = (l.lease_id || l.superseded_lease_ids)[:%d]
                WHERE l.expires_at <= clock_timestamp()
                    AND l.lease_id <> EXCLUDED.lease_id
                    AND EXCLUDED.lease_id <> ALL (l.superseded_lease_ids)
                RETURNING l.*
            )
            SELECT j.position, j.stream_id,
                CASE WHEN g.stream_id IS NOT NULL THEN 'granted'
                    WHEN j.verdict = 'free' THEN 'raced'
                    ELSE j.verdict END AS verdict,
                coalesce(g.owner_id, j.owner_id) AS owner_id,
                coalesce(g.lease_id, j.lease_id) AS lease_id,
                coalesce(g.fencing_token, j.fencing_token) AS fencing_token,
                coalesce(g.ttl_ms, j.ttl_ms) AS ttl_ms,
                coalesce(g.acquired_at, j.acquired_at) AS acquired_at,
                coalesce(g.expires_at, j.expires_at) AS expires_at,
                clock_timestamp() AS answered_at
            FROM judged j LEFT JOIN granted g USING (stream_id)
            """.formatted(LockManager.SUPERSEDED_REMEMBERED);

    /**
     * Binds: stream ids, lease ids, ttls in ms (null for the lease's own).
     *
     * <p>The rows are locked first, in order, and judged then: whatever this waited for is over, and whether the lease
     * is live is asked only once nobody can change the answer. A guard in the UPDATE alone would be asked before a wait
     * for a transaction that then rolls back, and not again after it.
     */
    private static final String LOCK_AND_JUDGE = """
            WITH request AS MATERIALIZED (
                SELECT *
                FROM unnest(?::text[], ?::uuid[], ?::bigint[])
                    WITH ORDINALITY AS r (stream_id, lease_id, new_ttl_ms, position)
            ),
            locked AS MATERIALIZED (
                SELECT l.stream_id, l.owner_id, l.lease_id, l.ttl_ms, l.expires_at, l.superseded_lease_ids
                FROM request r JOIN stream_locks l USING (stream_id)
                ORDER BY l.stream_id
                FOR NO KEY UPDATE OF l
            ),
            judged AS MATERIALIZED (
                SELECT r.position, r.stream_id, coalesce(r.new_ttl_ms, k.ttl_ms) AS ttl_ms, CASE
                    WHEN r.lease_id = k.lease_id AND k.owner_id IS NULL THEN 'released'
                    WHEN r.lease_id = k.lease_id AND k.expires_at > clock_timestamp() THEN 'live'
                    WHEN r.lease_id = k.lease_id THEN 'expired'
                    WHEN r.lease_id = ANY (k.superseded_lease_ids) THEN 'superseded'
                    ELSE 'unknown' END AS verdict
                FROM request r LEFT JOIN locked k USING (stream_id)
            ),
            """;

    /** Binds: as {@link #LOCK_AND_JUDGE}. The fencing token is the grant's and stays. */
    static final String RENEW = LOCK_AND_JUDGE + """
            renewed AS (
                UPDATE stream_locks l
                SET ttl_ms = j.ttl_ms, expires_at = clock_timestamp() + j.ttl_ms * interval '1 millisecond'
                FROM judged j
                WHERE l.stream_id = j.stream_id AND j.verdict = 'live'
                RETURNING l.*
            )
            SELECT j.position, j.stream_id, j.verdict, n.owner_id, n.lease_id, n.fencing_token, n.ttl_ms,
                n.acquired_at, n.expires_at, clock_timestamp() AS answered_at
            FROM judged j LEFT JOIN renewed n USING (stream_id)
            """;

    /** Binds: as {@link #LOCK_AND_JUDGE}. The row stays, as a tombstone that knows the lease id. */
    static final String RELEASE = LOCK_AND_JUDGE + """
            released AS (
                UPDATE stream_locks l
                SET owner_id = NULL, expires_at = clock_timestamp()
                FROM judged j
                WHERE l.stream_id = j.stream_id AND j.verdict = 'live'
            )
            SELECT position, verdict FROM judged
            """;

    /**
     * Binds: the stream after which to begin, how many rows to look at, and the idle time in ms.
     *
     * <p>A walk along the primary key, since an index on {@code expires_at} would cost every renewal its HOT update.
     * Rows that a call has locked are skipped: they are not idle.
     */
    static final String PURGE_CHUNK = """
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
                ORDER BY l.stream_id
                FOR UPDATE OF l SKIP LOCKED
            ),
            purged AS (
                DELETE FROM stream_locks l
                USING idle i
                WHERE l.stream_id = i.stream_id
                RETURNING l.stream_id
            )
            SELECT (SELECT max(stream_id) FROM chunk) AS last,
                (SELECT count(*) FROM chunk) AS seen,
                (SELECT count(*) FROM purged) AS purged
            """;

    private LockSql() {}
}

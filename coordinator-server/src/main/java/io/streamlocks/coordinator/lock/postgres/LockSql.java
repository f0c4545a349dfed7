package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.LockManager;

/**
 * The statements that change leases, and the one that looks at what was not changed. Four rules hold for all of them, and
 * each has a test of its own:
 *
 * <ul>
 *   <li>Time is {@code clock_timestamp()}, never the start of the transaction: a statement that waited for a row that
 *       another has changed must judge, and count, by the time at which it got it.
 *   <li>What is decided is decided on the row as locked, not as the statement's snapshot shows it.
 *   <li>Rows are locked in the byte order of {@code stream_id}, by every statement, so that two batches that share
 *       streams cannot wait for each other.
 *   <li>A statement that changes leases names a stream once only; {@link PostgresLockManager} sees to that.
 * </ul>
 *
 * <p>A statement that waited for a row that was <em>not</em> changed, because the other transaction rolled back, has
 * judged before the wait, and its times are from before the wait. Nobody else can have been granted the stream meanwhile,
 * since the row was locked all the while; the lease is only shorter than one that is counted from now.
 */
final class LockSql {

    /**
     * For each connection that runs these statements. Planned once and for arrays of any length, as a walk along the
     * request with a look into the primary key for each stream: a plan of its own for each call would cost more than the
     * call, and a hash join, which the planner likes for a long batch on a small table, would lock rows in another order.
     * A row that is read costs far more than a page here, since a connection plans when it first runs a statement, which may
     * be on a table of a few rows: to read all of them for each call would be cheapest, and would stay the plan until the
     * table is analyzed, which may be when it has thousands. (With fewer than five it still is.) And warnings
     * must arrive: one of them says that a commit is not on the standby (see {@link Statements}).
     */
    static final String SESSION_SETTINGS = """
            SET plan_cache_mode = force_generic_plan;
            SET enable_hashjoin = off;
            SET enable_mergejoin = off;
            SET enable_seqscan = off;
            SET jit = off;
            SET cpu_tuple_cost = 10;
            SET client_min_messages = warning""";

    /** For each connection too, if the triggers are to write no history. */
    static final String WITHOUT_HISTORY = "SET stream_locks.history = 'off'";

    /**
     * Binds: stream ids, owner ids, lease ids, ttls in ms, labels as the text of an array. Answers with what was granted.
     *
     * <p>A stream that the snapshot shows as held is left out, so that a poll for a held stream neither locks a row nor
     * writes one. The others are upserted; where another grant comes first, the upsert's own WHERE sees it and grants
     * nothing.
     *
     * <p>The token of a stream that has a row is drawn in DO UPDATE, with the row lock held. Drawn in the SELECT, it
     * could be lower than the token of a grant that came and went while this statement waited. A stream without a row
     * has had no grant for longer than any statement can run, so there the SELECT's token is high enough.
     */
    static final String ACQUIRE = """
            INSERT INTO stream_locks AS l
                (stream_id, owner_id, lease_id, fencing_token, ttl_ms, acquired_at, expires_at, superseded_lease_ids,
                labels)
            SELECT r.stream_id, r.owner_id, r.lease_id, nextval('stream_lock_fencing_token'), r.ttl_ms,
                clock_timestamp(), clock_timestamp() + r.ttl_ms * interval '1 millisecond', '{}',
                r.labels::text[]
            FROM unnest(?::text[], ?::text[], ?::uuid[], ?::bigint[], ?::text[])
                    AS r (stream_id, owner_id, lease_id, ttl_ms, labels)
                LEFT JOIN stream_locks seen ON seen.stream_id = r.stream_id
            WHERE seen.stream_id IS NULL
                OR (greatest(seen.expires_at, seen.closed_until) <= clock_timestamp()
                    AND r.lease_id <> seen.lease_id
                    AND r.lease_id <> ALL (seen.superseded_lease_ids))
            ORDER BY r.stream_id COLLATE "C"
            ON CONFLICT (stream_id) DO UPDATE SET
                owner_id = EXCLUDED.owner_id,
                lease_id = EXCLUDED.lease_id,
                fencing_token = nextval('stream_lock_fencing_token'),
                ttl_ms = EXCLUDED.ttl_ms,
                acquired_at = clock_timestamp(),
                expires_at = clock_timestamp() + EXCLUDED.ttl_ms * interval '1 millisecond',
                superseded_lease_ids = (l.lease_id || l.superseded_lease_ids)[:%d],
                labels = EXCLUDED.labels
            WHERE greatest(l.expires_at, l.closed_until) <= clock_timestamp()
                AND l.lease_id <> EXCLUDED.lease_id
                AND EXCLUDED.lease_id <> ALL (l.superseded_lease_ids)
            RETURNING l.stream_id, l.owner_id, l.lease_id, l.fencing_token, l.ttl_ms, l.acquired_at, l.expires_at,
                l.labels, clock_timestamp() AS answered_at
            """.formatted(LockManager.SUPERSEDED_REMEMBERED);

    /**
     * Binds: stream ids, lease ids, ttls in ms (null for the lease's own), what the owners must begin with. Answers with
     * what was renewed. The fencing token is the grant's and stays.
     */
    static final String RENEW = """
            UPDATE stream_locks l
            SET ttl_ms = coalesce(r.ttl_ms, l.ttl_ms),
                expires_at = clock_timestamp() + coalesce(r.ttl_ms, l.ttl_ms) * interval '1 millisecond'
            FROM (
                SELECT *
                FROM unnest(?::text[], ?::uuid[], ?::bigint[], ?::text[]) AS u (stream_id, lease_id, ttl_ms, owner_prefix)
                ORDER BY stream_id COLLATE "C"
            ) r
            WHERE l.stream_id = r.stream_id AND l.lease_id = r.lease_id AND l.expires_at > clock_timestamp()
                AND starts_with(l.owner_id, r.owner_prefix)
            RETURNING l.stream_id, l.owner_id, l.lease_id, l.fencing_token, l.ttl_ms, l.acquired_at, l.expires_at,
                l.labels, clock_timestamp() AS answered_at
            """;

    /**
     * Binds: stream ids, lease ids, what the owners must begin with. Answers with what was released. The row stays, as a
     * tombstone that knows the lease id.
     */
    static final String RELEASE = """
            UPDATE stream_locks l
            SET owner_id = NULL, expires_at = clock_timestamp()
            FROM (
                SELECT *
                FROM unnest(?::text[], ?::uuid[], ?::text[]) AS u (stream_id, lease_id, owner_prefix)
                ORDER BY stream_id COLLATE "C"
            ) r
            WHERE l.stream_id = r.stream_id AND l.lease_id = r.lease_id AND l.expires_at > clock_timestamp()
                AND starts_with(l.owner_id, r.owner_prefix)
            RETURNING l.stream_id
            """;

    /**
     * Binds: stream ids, lease ids. Answers with how each lease and its stream stand, in order; {@code is_latest} is null
     * for a stream without a row.
     */
    static final String LOOK = """
            SELECT l.stream_id, l.owner_id, l.lease_id, l.fencing_token, l.ttl_ms, l.acquired_at, l.expires_at,
                l.labels, l.break_reason, l.closed_until, clock_timestamp() AS answered_at,
                l.lease_id = r.lease_id AS is_latest,
                r.lease_id = ANY (l.superseded_lease_ids) AS is_superseded,
                l.expires_at > clock_timestamp() AS is_live,
                l.broken_fencing_token = l.fencing_token AS is_broken,
                l.closed_until > clock_timestamp() AS is_closed
            FROM unnest(?::text[], ?::uuid[]) WITH ORDINALITY AS r (stream_id, lease_id, position)
                LEFT JOIN stream_locks l ON l.stream_id = r.stream_id
            ORDER BY r.position
            """;

    /**
     * Binds: stream ids. Answers nothing of use.
     *
     * <p>A read shows what is committed on this server, though the commit may not have reached the synchronous standby that
     * it was to wait for: somebody cancelled the wait, or the server was restarted during it. To lock a row is to write, and
     * its commit is answered when the standby has all that was written before.
     */
    static final String CONFIRM = """
            SELECT l.stream_id
            FROM (SELECT stream_id FROM unnest(?::text[]) AS u (stream_id) ORDER BY stream_id COLLATE "C") r
                JOIN stream_locks l ON l.stream_id = r.stream_id
            FOR UPDATE OF l
            """;

    /**
     * Binds nothing. Answers whether writes are refused, and how many sessions of this role have waited so long for a
     * standby that their calls were given up. A session that waits so is not ended by any time-out, so it goes on to tell.
     */
    static final String CHECK = """
            SELECT current_setting('transaction_read_only')::boolean AS is_read_only,
                (SELECT count(*)
                FROM pg_stat_activity
                WHERE usename = current_user AND datname = current_database() AND wait_event = 'SyncRep'
                    AND query_start < clock_timestamp() - interval '2 seconds') AS waiting
            """;

    /**
     * Binds: stream ids, expected fencing tokens (null for any), what the owners must begin with, who breaks, why, for how
     * long in ms the streams stay closed. Answers with what was broken.
     *
     * <p>The rows are locked first and then changed, since the answer has the owner, and a row that was changed has none.
     */
    static final String BREAK = """
            WITH target AS MATERIALIZED (
                SELECT l.stream_id, l.owner_id, l.fencing_token, l.labels, l.acquired_at,
                    r.broken_by, r.break_reason, r.delay_ms
                FROM (
                        SELECT *
                        FROM unnest(?::text[], ?::bigint[], ?::text[], ?::text[], ?::text[], ?::bigint[])
                            AS u (stream_id, fencing_token, owner_prefix, broken_by, break_reason, delay_ms)
                        ORDER BY stream_id COLLATE "C"
                    ) r
                    JOIN stream_locks l ON l.stream_id = r.stream_id
                WHERE l.expires_at > clock_timestamp() AND l.fencing_token = coalesce(r.fencing_token, l.fencing_token)
                    AND starts_with(l.owner_id, r.owner_prefix)
                FOR UPDATE OF l
            )
            UPDATE stream_locks l
            SET owner_id = NULL, expires_at = clock_timestamp(), broken_fencing_token = l.fencing_token,
                broken_by = t.broken_by, break_reason = t.break_reason,
                closed_until = clock_timestamp() + t.delay_ms * interval '1 millisecond'
            FROM target t
            WHERE l.stream_id = t.stream_id AND l.fencing_token = t.fencing_token AND l.expires_at > clock_timestamp()
            RETURNING t.*, l.expires_at AS ended_at
            """;

    /**
     * Binds: the stream after which to begin, how many rows to look at, the owner, who breaks, why, for how long in ms the
     * streams stay closed. A walk like that of {@link #PURGE_CHUNK}, as there is no index on owners.
     */
    static final String BREAK_OWNER_CHUNK = """
            WITH chunk AS MATERIALIZED (
                SELECT stream_id
                FROM stream_locks
                WHERE stream_id > ?
                ORDER BY stream_id
                LIMIT ?
            ),
            target AS MATERIALIZED (
                SELECT l.stream_id
                FROM chunk c JOIN stream_locks l USING (stream_id)
                WHERE l.owner_id = ? AND l.expires_at > clock_timestamp()
                ORDER BY l.stream_id
                FOR UPDATE OF l
            ),
            broken AS (
                UPDATE stream_locks l
                SET owner_id = NULL, expires_at = clock_timestamp(), broken_fencing_token = l.fencing_token,
                    broken_by = ?, break_reason = ?,
                    closed_until = clock_timestamp() + ?::bigint * interval '1 millisecond'
                FROM target t
                WHERE l.stream_id = t.stream_id AND l.expires_at > clock_timestamp()
                RETURNING l.stream_id
            )
            SELECT (SELECT max(stream_id) FROM chunk) AS last,
                (SELECT count(*) FROM chunk) AS seen,
                (SELECT count(*) FROM broken) AS broken
            """;

    /**
     * Binds: the stream after which to begin, how many rows to look at, and the idle time in ms.
     *
     * <p>A walk along the primary key, since an index on {@code expires_at} would cost every renewal its HOT update.
     * Rows that a call has locked are skipped: they are not idle. The triggers of the table move to history what ran out.
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

    /**
     * Binds: for how long in ms a grant must have been over, the time and the token of the grant after which to begin, how
     * many to look at. A walk along the index by time, which ends where grants are too young to have been over for that
     * long.
     */
    static final String PURGE_HISTORY_CHUNK = """
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

    private LockSql() {}
}

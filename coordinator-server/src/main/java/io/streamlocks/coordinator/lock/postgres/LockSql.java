package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.Limits;
import java.util.Locale;

/**
 * The statements that change leases, and those that look at what was not changed. Five rules hold for all of them, and each
 * has a test of its own:
 *
 * <ul>
 *   <li>Time is {@code clock_timestamp()}, never the start of the transaction.
 *   <li>A statement that changes a row locks it first and judges it afterwards. Judged before, a lease could run out between
 *       the judgement and the lock, and be renewed all the same. So each change is made to the row version that was locked, which its
 *       {@code ctid} names. A version that is newer than the statement's snapshot is left out; the caller looks again.
 *   <li>No statement waits for a row. {@code SKIP LOCKED} leaves out a row that another transaction has locked, and the
 *       caller hears that it is blocked. So one locked row holds up nobody but those who ask for it, and two batches that
 *       share streams cannot wait for each other. New rows alone are waited for, if another transaction inserts the same
 *       ones; they are inserted in the byte order of {@code stream_id}.
 *   <li>That a lease is over is answered only from a row that was locked ({@link #LOOK}). The committed row alone does not
 *       tell: another transaction may have renewed the lease in time, and its commit may still wait for the disk or a
 *       standby. ({@link #LOOK} computes its answer just before it locks a row, and once more if the row has changed by then.
 *       A lease that is over stays so, so that is as good.)
 *   <li>A statement that changes leases names a stream once only; {@link PostgresLockManager} sees to that.
 * </ul>
 */
final class LockSql {

    /**
     * For each connection that runs these statements. Planned once and for arrays of any length, as a walk along the
     * request with a look into the primary key for each stream: a plan of its own for each call would cost more than the
     * call, and a hash join, which the planner likes for a long batch on a small table, would read the whole table.
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

    /** The lease of a row {@code l}. */
    private static final String LEASE = """
            l.stream_id, l.owner_id, l.lease_id, l.fencing_token, l.ttl_ms, l.acquired_at, l.expires_at, l.labels,
                clock_timestamp() AS answered_at""";

    /** How the lease of a request {@code r} and its stream's row {@code l} stand; all null without a row. */
    private static final String STANDING = String.format(Locale.ROOT, """
            r.position, %s, l.break_reason, l.closed_until, l.ended_owner_id,
                l.lease_id = r.lease_id AS is_latest,
                r.lease_id = ANY (l.superseded_lease_ids) AS is_superseded,
                l.expires_at > clock_timestamp() AS is_live,
                l.broken_fencing_token = l.fencing_token AS is_broken,
                l.ended_fencing_token = l.fencing_token AS is_end_known,
                l.closed_until > clock_timestamp() AS is_closed""", LEASE);

    /**
     * Binds: stream ids, owner ids, lease ids, ttls in ms, labels as the text of an array. Answers with what was granted.
     *
     * <p>A stream that the snapshot shows as held is left out, so that a poll for a held stream neither locks a row nor
     * writes one. The rows of the others are locked, and granted if they are still free then.
     *
     * <p>The token of a stream that has a row is drawn with the row lock held. Drawn before, it could be lower than the token
     * of a grant that came and went meanwhile. It is above the row's own whatever the sequence says, which may have been set
     * back or copied without its value. A stream without a row has had no grant for longer than any statement can
     * run, so there a token drawn before the insert is high enough. The new rows come first: for them alone the statement may
     * have to wait, and it should hold no other row meanwhile.
     */
    static final String ACQUIRE = String.format(Locale.ROOT, """
            WITH free AS MATERIALIZED (
                SELECT r.*, seen.ctid AS place
                FROM unnest(?::text[], ?::text[], ?::uuid[], ?::bigint[], ?::text[])
                        AS r (stream_id, owner_id, lease_id, ttl_ms, labels)
                    LEFT JOIN stream_locks seen ON seen.stream_id = r.stream_id
                WHERE seen.stream_id IS NULL
                    OR (greatest(seen.expires_at, seen.closed_until) <= clock_timestamp()
                        AND r.lease_id <> seen.lease_id
                        AND r.lease_id <> ALL (seen.superseded_lease_ids))
            ),
            granted_again AS (
                UPDATE stream_locks l
                SET owner_id = t.owner_id,
                    lease_id = t.lease_id,
                    fencing_token = greatest(nextval('stream_lock_fencing_token'), l.fencing_token + 1),
                    ttl_ms = t.ttl_ms,
                    acquired_at = clock_timestamp(),
                    expires_at = clock_timestamp() + t.ttl_ms * interval '1 millisecond',
                    superseded_lease_ids = (l.lease_id || l.superseded_lease_ids)[:%1$d],
                    labels = t.labels::text[],
                    ended_owner_id = NULL,
                    ended_fencing_token = NULL
                FROM (
                    SELECT l.ctid AS place, f.owner_id, f.lease_id, f.ttl_ms, f.labels
                    FROM free f JOIN stream_locks l ON l.ctid = f.place
                    FOR UPDATE OF l SKIP LOCKED
                ) t
                WHERE l.ctid = t.place AND greatest(l.expires_at, l.closed_until) <= clock_timestamp()
                RETURNING %2$s
            ),
            granted_first AS (
                INSERT INTO stream_locks AS l
                    (stream_id, owner_id, lease_id, fencing_token, ttl_ms, acquired_at, expires_at,
                    superseded_lease_ids, labels)
                SELECT stream_id, owner_id, lease_id, nextval('stream_lock_fencing_token'), ttl_ms,
                    clock_timestamp(), clock_timestamp() + ttl_ms * interval '1 millisecond', '{}', labels::text[]
                FROM free
                WHERE place IS NULL
                ORDER BY stream_id COLLATE "C"
                ON CONFLICT (stream_id) DO NOTHING
                RETURNING %2$s
            )
            SELECT * FROM granted_first
            UNION ALL
            SELECT * FROM granted_again
            """, Limits.SUPERSEDED_REMEMBERED, LEASE);

    /**
     * Binds: stream ids, lease ids, ttls in ms (null for the lease's own), what the owners must begin with. Answers with
     * what was renewed. The fencing token is the grant's and stays.
     */
    static final String RENEW = String.format(Locale.ROOT, """
            UPDATE stream_locks l
            SET ttl_ms = coalesce(t.ttl_ms, l.ttl_ms),
                expires_at = clock_timestamp() + coalesce(t.ttl_ms, l.ttl_ms) * interval '1 millisecond'
            FROM (
                SELECT l.ctid AS place, r.lease_id, r.ttl_ms, r.owner_prefix
                FROM unnest(?::text[], ?::uuid[], ?::bigint[], ?::text[]) AS r (stream_id, lease_id, ttl_ms, owner_prefix)
                    JOIN stream_locks l ON l.stream_id = r.stream_id
                FOR UPDATE OF l SKIP LOCKED
            ) t
            WHERE l.ctid = t.place AND l.lease_id = t.lease_id AND l.expires_at > clock_timestamp()
                AND starts_with(l.owner_id, t.owner_prefix)
            RETURNING %s
            """, LEASE);

    /**
     * Binds: stream ids, lease ids, what the owners must begin with. Answers with what was released. The row stays, as a
     * tombstone that knows the lease id and whose it was.
     */
    static final String RELEASE = """
            UPDATE stream_locks l
            SET owner_id = NULL, expires_at = clock_timestamp(),
                ended_owner_id = l.owner_id, ended_fencing_token = l.fencing_token
            FROM (
                SELECT l.ctid AS place, r.lease_id, r.owner_prefix
                FROM unnest(?::text[], ?::uuid[], ?::text[]) AS r (stream_id, lease_id, owner_prefix)
                    JOIN stream_locks l ON l.stream_id = r.stream_id
                FOR UPDATE OF l SKIP LOCKED
            ) t
            WHERE l.ctid = t.place AND l.lease_id = t.lease_id AND l.expires_at > clock_timestamp()
                AND starts_with(l.owner_id, t.owner_prefix)
            RETURNING l.stream_id
            """;

    /**
     * Binds: stream ids, lease ids. Answers with how each lease and its stream stand as committed, without a lock: good
     * enough to say who holds a stream, and not to say that a lease is over.
     */
    static final String GLANCE = String.format(Locale.ROOT, """
            SELECT %s
            FROM unnest(?::text[], ?::uuid[]) WITH ORDINALITY AS r (stream_id, lease_id, position)
                LEFT JOIN stream_locks l ON l.stream_id = r.stream_id
            """, STANDING);

    /**
     * Binds: stream ids, lease ids. Answers with how each lease and its stream stand, in any order, and nothing for a row
     * that another transaction has locked. A stream without a row has nothing but its position.
     *
     * <p>To lock a row is to write, so the answer comes when a synchronous standby has all that was written before. A read
     * alone shows what is committed on this server, though its commit may not have reached the standby that it was to wait
     * for: somebody cancelled the wait, or the server was restarted during it.
     */
    static final String LOOK = String.format(Locale.ROOT, """
            WITH asked AS MATERIALIZED (
                SELECT * FROM unnest(?::text[], ?::uuid[]) WITH ORDINALITY AS u (stream_id, lease_id, position)
            ),
            locked AS MATERIALIZED (
                SELECT %1$s
                FROM asked r JOIN stream_locks l ON l.stream_id = r.stream_id
                FOR UPDATE OF l SKIP LOCKED
            )
            SELECT * FROM locked
            UNION ALL
            SELECT %1$s
            FROM asked r LEFT JOIN stream_locks l ON l.stream_id = r.stream_id
            WHERE l.stream_id IS NULL
            """, STANDING);

    /**
     * Binds nothing, and answers nothing of use. It writes a few bytes of log, so its commit is answered when a synchronous
     * standby has all that was written before: for an answer that is read from many rows.
     */
    static final String CONFIRM = "SELECT pg_logical_emit_message(true, 'stream-locks', '')";

    /**
     * Binds nothing. Answers whether writes are refused, how many sessions of this role have waited so long for a
     * standby that their calls were given up, and what is {@linkplain Needs missing}. A session that waits so is not ended by
     * any time-out, so it goes on to tell.
     */
    static final String CHECK = String.format(Locale.ROOT, """
            WITH %s
            SELECT current_setting('transaction_read_only')::boolean AS is_read_only,
                (SELECT count(*)
                FROM pg_stat_activity
                WHERE usename = current_user AND datname = current_database() AND wait_event = 'SyncRep'
                    AND query_start < clock_timestamp() - interval '2 seconds') AS waiting,
                (SELECT string_agg(DISTINCT what, ', ' ORDER BY what) FROM missing) AS missing,
                (SELECT string_agg(DISTINCT mend || 'the role of DATABASE_URL', '; ') FROM missing) AS mend
            """, Needs.MISSING);

    /**
     * Binds: stream ids, expected fencing tokens (null for any), what the owners must begin with, who breaks, why, for how
     * long in ms the streams stay closed. Answers with what was broken.
     *
     * <p>The answer has the owner, which the row lacks once it is changed.
     */
    static final String BREAK = """
            WITH locked AS MATERIALIZED (
                SELECT l.ctid AS place, l.stream_id, l.owner_id, l.fencing_token, l.labels, l.acquired_at,
                    r.fencing_token AS expected_fencing_token, r.owner_prefix, r.broken_by, r.break_reason, r.delay_ms
                FROM unnest(?::text[], ?::bigint[], ?::text[], ?::text[], ?::text[], ?::bigint[])
                        AS r (stream_id, fencing_token, owner_prefix, broken_by, break_reason, delay_ms)
                    JOIN stream_locks l ON l.stream_id = r.stream_id
                FOR UPDATE OF l SKIP LOCKED
            )
            UPDATE stream_locks l
            SET owner_id = NULL, expires_at = clock_timestamp(), broken_fencing_token = l.fencing_token,
                broken_by = t.broken_by, break_reason = t.break_reason,
                closed_until = clock_timestamp() + t.delay_ms * interval '1 millisecond',
                ended_owner_id = l.owner_id, ended_fencing_token = l.fencing_token
            FROM locked t
            WHERE l.ctid = t.place AND l.expires_at > clock_timestamp()
                AND l.fencing_token = coalesce(t.expected_fencing_token, l.fencing_token)
                AND starts_with(l.owner_id, t.owner_prefix)
            RETURNING t.stream_id, t.owner_id, t.fencing_token, t.labels, t.acquired_at, t.broken_by, t.break_reason,
                l.expires_at AS ended_at
            """;

    /**
     * Binds: the stream after which to begin, how many rows to look at, the owner, who breaks, why, for how long in ms the
     * streams stay closed. A walk like that of {@link #PURGE_CHUNK}, as there is no index on owners.
     *
     * <p>It locks all rows that the snapshot shows as the owner's, live or not: a lease whose renewal is being committed
     * seems to be over. Nobody looks again for what it leaves out, so it changes a version that is newer than its snapshot,
     * too: the update finds it by the stream. {@code blocked} is how many rows of the owner another transaction has locked.
     */
    static final String BREAK_OWNER_CHUNK = """
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

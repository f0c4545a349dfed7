package io.streamlocks.coordinator.lock.postgres;

import java.util.Locale;

/**
 * The statements on the queues of streams. The functions of the migration that created the table of places contain the
 * rules: each locks the row of its stream, or skips the stream if another transaction has it locked, and judges the
 * queue afterwards. Every change of a queue, and every grant, therefore happens one after another. {@link
 * io.streamlocks.coordinator.lock} has the argument.
 */
final class QueueSql {

    /**
     * Binds stream ids, owner ids, lease ids, ttls in ms, labels as the text of an array, calls, the times in ms
     * for which they wait, and the server. Returns what has become of each request. A stream without a row is closed
     * until the epoch opens.
     */
    static final String QUEUE = """
            SELECT r.position,
                CASE WHEN f.outcome = 'blocked' AND (SELECT stream_lock_opens_at()) > clock_timestamp()
                        AND NOT EXISTS (SELECT FROM stream_locks l WHERE l.stream_id = r.stream_id)
                    THEN 'closed' ELSE f.outcome END AS outcome,
                NULL AS place_position
            FROM unnest(?::text[], ?::text[], ?::uuid[], ?::bigint[], ?::text[], ?::uuid[], ?::bigint[])
                    WITH ORDINALITY AS r (stream_id, owner_id, lease_id, ttl_ms, labels, call_id, waits_ms, position),
                LATERAL stream_lock_queue(
                    r.stream_id, r.owner_id, r.lease_id, r.ttl_ms, r.labels::text[], ?::uuid, r.call_id, r.waits_ms)
                    AS f (outcome)
            """;

    /**
     * Binds stream ids, lease ids, calls (null for any call), the prefixes that the owners must have, and whether the
     * place is kept. Returns what has become of each request, and the positions of places that are kept.
     */
    static final String LEAVE = """
            SELECT r.position, f.outcome, f.place_position
            FROM unnest(?::text[], ?::uuid[], ?::uuid[], ?::text[], ?::boolean[])
                    WITH ORDINALITY AS r (stream_id, lease_id, call_id, owner_prefix, keeps_place, position),
                LATERAL stream_lock_leave(r.stream_id, r.lease_id, r.call_id, r.owner_prefix, r.keeps_place) f
            """;

    /** Binds stream ids. Returns nothing of use. */
    static final String ADVANCE = "SELECT stream_lock_advance(r.stream_id) FROM unnest(?::text[]) AS r (stream_id)";

    /**
     * Binds stream ids, the fencing tokens that are known, and the horizon in ms. Returns the streams whose token is
     * another one, or which can be granted within the horizon.
     *
     * <p>A live lease that is new may be a grant, which a server returns to its caller. It is certain only when a
     * synchronous standby has it. This then writes a few bytes, as {@link LockSql#CONFIRM} does. Without standbys, a
     * grant that can be read is certain, and this writes nothing.
     */
    static final String LOOK = String.format(Locale.ROOT, """
            SELECT %s, l.expires_at > clock_timestamp() AS is_live,
                greatest(l.expires_at, l.closed_until, (SELECT stream_lock_opens_at())) AS grantable_at,
                CASE WHEN l.fencing_token <> r.fencing_token AND l.expires_at > clock_timestamp()
                        AND current_setting('synchronous_standby_names') <> ''
                    THEN pg_logical_emit_message(true, 'stream-locks', '') END AS confirmed
            FROM unnest(?::text[], ?::bigint[]) AS r (stream_id, fencing_token)
                JOIN stream_locks l ON l.stream_id = r.stream_id
            WHERE l.fencing_token <> r.fencing_token
                OR greatest(l.expires_at, l.closed_until) <= clock_timestamp() + ?::bigint * interval '1 millisecond'
            """, LeaseRow.LEASE);

    /**
     * Binds stream ids and lease ids. Returns the positions of the requests that have neither a place nor a lease. The
     * subquery looks each place up by both. A join would read the whole queue for each request.
     */
    static final String WITHOUT_PLACE = """
            SELECT r.position
            FROM unnest(?::text[], ?::uuid[]) WITH ORDINALITY AS r (stream_id, lease_id, position)
                LEFT JOIN stream_locks l ON l.stream_id = r.stream_id
            WHERE l.lease_id IS DISTINCT FROM r.lease_id
                AND (l.stream_id IS NULL OR (
                    SELECT w.ticket FROM stream_lock_waiters w
                    WHERE w.stream_id = r.stream_id AND w.lease_id = r.lease_id) IS NULL)
            """;

    /** Binds a stream id and the number of places. Returns the first places that are alive, in their order. */
    static final String WAITERS = """
            SELECT w.owner_id, w.labels, w.waiting_since, clock_timestamp() AS answered_at
            FROM stream_lock_waiters w JOIN stream_locks l ON l.stream_id = w.stream_id
            WHERE w.stream_id = ? AND w.calling_until > clock_timestamp() - interval '5 seconds'
                AND w.lease_id <> l.lease_id AND w.lease_id <> ALL (l.superseded_lease_ids)
            ORDER BY w.ticket
            LIMIT ?
            """;

    /**
     * Binds the number of places. Deletes places that died at least a minute ago, on streams that nobody has asked for
     * since. It locks the row of each stream first, as every change of a queue does, and skips a stream that another
     * transaction has locked. A call that takes a place therefore never waits for this.
     */
    static final String PURGE_CHUNK = """
            WITH dead AS MATERIALIZED (
                SELECT stream_id, ticket
                FROM stream_lock_waiters
                WHERE calling_until < clock_timestamp() - interval '1 minute'
                LIMIT ?
            ),
            locked AS MATERIALIZED (
                SELECT l.stream_id
                FROM stream_locks l
                WHERE l.stream_id IN (SELECT d.stream_id FROM dead d)
                FOR UPDATE OF l SKIP LOCKED
            )
            DELETE FROM stream_lock_waiters w
            USING dead d
            WHERE w.stream_id = d.stream_id AND w.ticket = d.ticket
                AND (d.stream_id IN (SELECT stream_id FROM locked)
                    OR NOT EXISTS (SELECT FROM stream_locks l WHERE l.stream_id = d.stream_id))
            """;

    private QueueSql() {}
}

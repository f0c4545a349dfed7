-- The two questions that statements on leases ask about the queue of a stream. PostgreSQL prepares a subquery for each
-- run of a statement, even if no row needs it. A function costs nothing until it is called, and few streams have a
-- queue. Both functions are STABLE: they see what the calling statement sees.
--
-- Servers of the version before do not call them.

-- [jooq ignore start]

-- Returns the number of living places that wait for a stream. An acquire that is granted leaves its place to the next
-- hand-over, so the lease ids that were granted are passed as well.
CREATE FUNCTION stream_lock_waiting(stream text, latest uuid, superseded uuid[])
RETURNS integer STABLE LANGUAGE plpgsql AS $$
BEGIN
    RETURN (
        SELECT count(*)
        FROM stream_lock_waiters w
        WHERE w.stream_id = stream AND w.calling_until > clock_timestamp() - interval '5 seconds'
            AND w.lease_id <> latest AND w.lease_id <> ALL (superseded));
END
$$;

-- Returns whether another caller comes before a lease id in the queue of a stream. A lease id without a living place
-- comes after all of them.
CREATE FUNCTION stream_lock_is_preceded(stream text, lease uuid, latest uuid, superseded uuid[])
RETURNS boolean STABLE LANGUAGE plpgsql AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM stream_lock_waiters w
        WHERE w.stream_id = stream AND w.lease_id <> lease
            AND w.calling_until > clock_timestamp() - interval '5 seconds'
            AND w.lease_id <> latest AND w.lease_id <> ALL (superseded)
            AND NOT EXISTS (
                SELECT FROM stream_lock_waiters own
                WHERE own.stream_id = stream AND own.lease_id = lease AND own.ticket < w.ticket
                    AND own.calling_until > clock_timestamp() - interval '5 seconds'));
END
$$;

-- [jooq ignore stop]

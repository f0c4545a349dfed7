-- The queue of a stream: who waits for it, in the order of the tickets. lock/package-info.java has the rules.
--
-- Servers of the version before neither read nor write any of this, and the streams that they release are handed over by
-- the trigger all the same.

CREATE SEQUENCE stream_lock_ticket CACHE 1 NO CYCLE;

CREATE TABLE stream_lock_waiters (
    stream_id     varchar(255) COLLATE "C" NOT NULL,
    -- Drawn while the row of the stream is locked, so the order of the tickets of a stream is that of their commits.
    ticket        bigint       NOT NULL,
    owner_id      varchar(255) NOT NULL,
    lease_id      uuid         NOT NULL,
    ttl_ms        bigint       NOT NULL,
    labels        text[],
    -- The server that has the call. It listens on a channel with this name.
    server_id     uuid         NOT NULL,
    call_id       uuid         NOT NULL,
    waiting_since timestamptz  NOT NULL,
    -- The place is granted the stream only while this lies ahead of clock_timestamp(). It outlives it by five seconds.
    calling_until timestamptz  NOT NULL,
    PRIMARY KEY (stream_id, ticket),
    UNIQUE (stream_id, lease_id)
);

-- No place of the stream is alive after this time; null if it has none. Each statement that adds a place writes it, and
-- thereby a new version of the row: an acquire that has not seen the place then does not find the version that it read.
ALTER TABLE stream_locks ADD COLUMN awaited_until timestamptz;
-- How long the owner of the lease with this token waited. A server of the version before would leave a plain column as it
-- is on the stream's next lease.
ALTER TABLE stream_locks ADD COLUMN waited_ms bigint;
ALTER TABLE stream_locks ADD COLUMN waited_fencing_token bigint;
ALTER TABLE stream_lock_history ADD COLUMN waited_ms bigint;

-- [jooq ignore start]

-- Places come and go at the rate of hand-overs, and each search begins at the oldest one.
ALTER TABLE stream_lock_waiters SET (
    fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

-- As in V4, with the time that the owner waited.
DO $migration$
BEGIN
    EXECUTE format($function$
        CREATE OR REPLACE FUNCTION %1$I.stream_lock_ended() RETURNS trigger LANGUAGE plpgsql AS $body$
        DECLARE
            ended_at timestamptz := OLD.expires_at;
            reason text := 'expired';
            ended_by text;
            break_reason text;
            waited bigint := CASE WHEN OLD.waited_fencing_token = OLD.fencing_token THEN OLD.waited_ms END;
        BEGIN
            IF TG_OP = 'DELETE' THEN
                NULL;
            ELSIF NEW.lease_id <> OLD.lease_id THEN
                reason := 'superseded';
                ended_by := NEW.owner_id;
            ELSIF NEW.broken_fencing_token = OLD.fencing_token THEN
                ended_at := NEW.expires_at;
                reason := 'broken';
                ended_by := NEW.broken_by;
                break_reason := NEW.break_reason;
            ELSE
                ended_at := NEW.expires_at;
                reason := 'released';
                ended_by := OLD.owner_id;
            END IF;
            IF TG_TABLE_SCHEMA = %1$L THEN
                INSERT INTO %1$I.stream_lock_history
                VALUES (OLD.stream_id, OLD.owner_id, OLD.fencing_token, OLD.labels, OLD.acquired_at,
                    ended_at, reason, ended_by, break_reason, waited);
            ELSE
                EXECUTE pg_catalog.format(
                        'INSERT INTO %%I.stream_lock_history VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
                        TG_TABLE_SCHEMA)
                    USING OLD.stream_id, OLD.owner_id, OLD.fencing_token, OLD.labels, OLD.acquired_at,
                        ended_at, reason, ended_by, break_reason, waited;
            END IF;
            RETURN NULL;
        END
        $body$
        $function$, current_schema());
END
$migration$;

-- Hands a stream over to the first place of its queue, if the stream can be granted. The caller has the row of the stream
-- locked. The places before it, which are dead or whose lease id was granted already, are deleted. If the first place is between
-- two calls, nobody is granted the stream.
CREATE FUNCTION stream_lock_hand_over(stream text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    latest record;
    place record;
    token bigint;
BEGIN
    SELECT * INTO latest FROM stream_locks l WHERE l.stream_id = stream;
    IF NOT FOUND OR greatest(latest.expires_at, latest.closed_until) > clock_timestamp() THEN
        RETURN;
    END IF;
    SELECT * INTO place
    FROM stream_lock_waiters w
    WHERE w.stream_id = stream AND w.calling_until > clock_timestamp() - interval '5 seconds'
        AND w.lease_id <> latest.lease_id AND w.lease_id <> ALL (latest.superseded_lease_ids)
    ORDER BY w.ticket
    LIMIT 1;
    IF NOT FOUND THEN
        DELETE FROM stream_lock_waiters w WHERE w.stream_id = stream;
        UPDATE stream_locks l SET awaited_until = NULL WHERE l.stream_id = stream;
        RETURN;
    END IF;
    DELETE FROM stream_lock_waiters w WHERE w.stream_id = stream AND w.ticket < place.ticket;
    IF place.calling_until <= clock_timestamp() THEN
        RETURN;
    END IF;
    DELETE FROM stream_lock_waiters w WHERE w.stream_id = stream AND w.ticket = place.ticket;
    token := greatest(nextval('stream_lock_fencing_token'), latest.fencing_token + 1);
    UPDATE stream_locks l
    SET owner_id = place.owner_id,
        lease_id = place.lease_id,
        fencing_token = token,
        ttl_ms = place.ttl_ms,
        acquired_at = clock_timestamp(),
        expires_at = clock_timestamp() + place.ttl_ms * interval '1 millisecond',
        superseded_lease_ids = (l.lease_id || l.superseded_lease_ids)[:8],
        labels = place.labels,
        ended_owner_id = NULL,
        ended_fencing_token = NULL,
        waited_ms = 1000 * extract(epoch FROM clock_timestamp() - place.waiting_since),
        waited_fencing_token = token,
        awaited_until = CASE WHEN EXISTS (SELECT FROM stream_lock_waiters w WHERE w.stream_id = stream)
            THEN l.awaited_until END
    WHERE l.stream_id = stream;
    -- The server that carries out the change looks at the stream in the same transaction. NOTIFY would hold up the
    -- commits of others.
    IF place.server_id::text IS DISTINCT FROM current_setting('stream_locks.server', true) THEN
        PERFORM pg_notify('stream_locks_' || place.server_id, token || ' ' || stream);
    END IF;
END
$$;

-- Takes a place, or continues in it. Returns what has become of the request: blocked (also if
-- the stream has no row, so that an acquire grants it), used, granted or queued.
CREATE FUNCTION stream_lock_queue(
    stream text, owner text, lease uuid, ttl bigint, shown text[], server uuid, of_call uuid, waits_ms bigint
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    latest record;
    until timestamptz;
BEGIN
    SELECT * INTO latest FROM stream_locks l WHERE l.stream_id = stream FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 'blocked';
    END IF;
    IF latest.lease_id = lease THEN
        RETURN CASE WHEN latest.expires_at > clock_timestamp() THEN 'granted' ELSE 'used' END;
    END IF;
    IF lease = ANY (latest.superseded_lease_ids) THEN
        RETURN 'used';
    END IF;
    until := clock_timestamp() + waits_ms * interval '1 millisecond';
    -- A place that has died is another place, behind those that came in the meantime.
    DELETE FROM stream_lock_waiters w
    WHERE w.stream_id = stream AND w.lease_id = lease AND w.calling_until <= clock_timestamp() - interval '5 seconds';
    INSERT INTO stream_lock_waiters AS w
    VALUES (stream,
        -- A logical copy has the places and not the value of the sequence.
        greatest(nextval('stream_lock_ticket'), 1 + (SELECT max(q.ticket) FROM stream_lock_waiters q WHERE q.stream_id = stream)),
        owner, lease, ttl, shown, server, of_call, clock_timestamp(), until)
    ON CONFLICT (stream_id, lease_id) DO UPDATE
    SET owner_id = owner, ttl_ms = ttl, labels = shown, server_id = server, call_id = of_call, calling_until = until;
    UPDATE stream_locks l
    SET awaited_until = greatest(l.awaited_until, until + interval '5 seconds')
    WHERE l.stream_id = stream;
    PERFORM stream_lock_hand_over(stream);
    RETURN CASE WHEN EXISTS (SELECT FROM stream_locks l WHERE l.stream_id = stream AND l.lease_id = lease)
        THEN 'granted' ELSE 'queued' END;
END
$$;

-- Ends the call of a place: keeps the place for five seconds, or deletes it. A null call stands for any call. Returns what
-- has become of the request, and the position of a place that is kept: blocked, left, granted if the lease is live, or none.
CREATE FUNCTION stream_lock_leave(
    stream text, lease uuid, of_call uuid, prefix text, keep boolean, OUT outcome text, OUT place_position bigint
) LANGUAGE plpgsql AS $$
DECLARE
    latest record;
    place record;
BEGIN
    SELECT * INTO latest FROM stream_locks l WHERE l.stream_id = stream FOR UPDATE SKIP LOCKED;
    IF NOT FOUND AND EXISTS (SELECT FROM stream_locks l WHERE l.stream_id = stream) THEN
        outcome := 'blocked';
        RETURN;
    END IF;
    SELECT * INTO place
    FROM stream_lock_waiters w
    WHERE w.stream_id = stream AND w.lease_id = lease AND (of_call IS NULL OR w.call_id = of_call)
        AND starts_with(w.owner_id, prefix);
    IF NOT FOUND THEN
        outcome := CASE WHEN latest.lease_id = lease AND latest.expires_at > clock_timestamp()
            AND starts_with(latest.owner_id, prefix) THEN 'granted' ELSE 'none' END;
        RETURN;
    END IF;
    outcome := 'left';
    IF keep THEN
        UPDATE stream_lock_waiters w SET calling_until = least(w.calling_until, clock_timestamp())
        WHERE w.stream_id = stream AND w.ticket = place.ticket;
        SELECT count(*) INTO place_position
        FROM stream_lock_waiters w
        WHERE w.stream_id = stream AND w.ticket <= place.ticket
            AND w.calling_until > clock_timestamp() - interval '5 seconds'
            -- An acquire that is granted leaves the place to the next hand-over.
            AND w.lease_id IS DISTINCT FROM latest.lease_id
            AND w.lease_id <> ALL (coalesce(latest.superseded_lease_ids, '{}'));
    ELSE
        DELETE FROM stream_lock_waiters w WHERE w.stream_id = stream AND w.ticket = place.ticket;
        PERFORM stream_lock_hand_over(stream);
    END IF;
END
$$;

-- Hands a stream over that has become free without a release.
CREATE FUNCTION stream_lock_advance(stream text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM stream_locks l WHERE l.stream_id = stream FOR UPDATE SKIP LOCKED;
    IF FOUND THEN
        PERFORM stream_lock_hand_over(stream);
    END IF;
END
$$;

-- The release and the next grant are one transaction, whichever statement releases: that of a server, of a server of the
-- version before, or of a person, whose search_path may not name this schema.
CREATE FUNCTION stream_lock_freed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    path text := current_setting('search_path');
BEGIN
    PERFORM set_config('search_path', quote_ident(TG_TABLE_SCHEMA), true);
    PERFORM stream_lock_hand_over(NEW.stream_id);
    PERFORM set_config('search_path', path, true);
    RETURN NULL;
END
$$;

-- The triggers of a table run in the order of their names, so the history has the end of the lease before the next grant.
CREATE TRIGGER stream_lock_freed AFTER UPDATE OF owner_id ON stream_locks
    FOR EACH ROW
    WHEN (OLD.owner_id IS NOT NULL AND NEW.owner_id IS NULL AND NEW.awaited_until IS NOT NULL)
    EXECUTE FUNCTION stream_lock_freed();

-- [jooq ignore stop]

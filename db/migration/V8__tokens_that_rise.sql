-- Tokens that rise after any fail-over, restore or copy. lock/package-info.java has the argument.
--
-- Servers of the version before draw the tokens of acquires from the sequence alone. The sequence is therefore set a day ahead of
-- the clock, so that for a day their tokens are not below those that the clock gives. Their hand-overs call the function below.

-- The epoch: one unbroken history of the database. There is one row.
CREATE TABLE stream_lock_epoch (
    is_present        boolean     NOT NULL PRIMARY KEY,
    -- How many promotions, restores and copies were noticed.
    number            bigint      NOT NULL,
    began_at          timestamptz NOT NULL,
    -- When tokens began to follow the clock.
    tokens_since      timestamptz NOT NULL,
    -- The identifier and the timeline; null if the database does not return them.
    cluster           varchar(50),
    -- The database and this table: a logical restore changes one of them.
    place             varchar(50),
    server_started_at timestamptz
);

-- [jooq ignore start]

ALTER TABLE stream_lock_epoch ADD CHECK (is_present);

-- Lets a session grant leases in the present epoch. The first session of an epoch raises the sequence, because the clock may be
-- behind that of the server whose latest grants were lost.
--
-- A start of the server counts, because a file-system snapshot that was restored has the identity of before. If nothing was
-- restored, some numbers are left out.
--
-- The sequence is raised to a time, which is the same for epochs and starts, because the database may have lost earlier raises:
-- what they raised it to is then an earlier time. A raise that is not lost may have been by a clock that is ahead of this one.
-- The sequence therefore also rises by a million, for the grants that are lost after a raise that is known. In the first two
-- days, the time that counts begins a day ahead, with the sequence, and runs at half the speed.
CREATE FUNCTION stream_lock_enter_epoch() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    known record;
    here_cluster text;
    here_place text;
    started_at timestamptz := pg_postmaster_start_time();
    is_another boolean;
    drawn bigint;
    by_clock bigint;
    since bigint;
BEGIN
    BEGIN
        SELECT format('%s, timeline %s', s.system_identifier, left(pg_walfile_name(pg_current_wal_lsn()), 8))
        INTO here_cluster FROM pg_control_system() s;
    EXCEPTION WHEN OTHERS THEN
        -- Hosted databases refuse this with various errors. The start of the server differs after a fail-over there as well.
        here_cluster := NULL;
    END;
    SELECT format('database %s, table %s', d.oid, 'stream_lock_epoch'::regclass::oid)
    INTO here_place FROM pg_database d WHERE d.datname = current_database();
    SELECT * INTO known FROM stream_lock_epoch;
    IF NOT FOUND THEN
        -- Somebody has emptied the table, or copied it without its row.
        INSERT INTO stream_lock_epoch
        VALUES (true, 0, clock_timestamp(), clock_timestamp(), 'unknown', 'unknown', NULL)
        ON CONFLICT DO NOTHING;
        SELECT * INTO STRICT known FROM stream_lock_epoch;
    END IF;
    IF (known.cluster, known.place, known.server_started_at)
            IS DISTINCT FROM (coalesce(here_cluster, known.cluster), here_place, started_at) THEN
        -- Sessions that come at the same time wait here, and then find the epoch begun.
        SELECT * INTO STRICT known FROM stream_lock_epoch FOR UPDATE;
    END IF;
    IF (known.cluster, known.place, known.server_started_at)
            IS DISTINCT FROM (coalesce(here_cluster, known.cluster), here_place, started_at) THEN
        -- The comparisons are null if one of the two is not known.
        is_another := coalesce(known.cluster <> here_cluster, false) OR coalesce(known.place <> here_place, false);
        drawn := nextval('stream_lock_fencing_token');
        by_clock := extract(epoch FROM clock_timestamp()) * 1000000;
        since := extract(epoch FROM known.tokens_since) * 1000000;
        by_clock := greatest(by_clock, (since + by_clock) / 2 + 86400000000);
        PERFORM setval('stream_lock_fencing_token', greatest(drawn + 1000000, by_clock + 120000000));
        UPDATE stream_lock_epoch e
        SET number = CASE WHEN is_another THEN e.number + 1 ELSE e.number END,
            began_at = CASE WHEN is_another THEN clock_timestamp() ELSE e.began_at END,
            cluster = coalesce(here_cluster, e.cluster),
            place = here_place,
            server_started_at = started_at;
    END IF;
    -- It is undone if the transaction is rolled back. A session ends with its server, so it cannot outlive the epoch. It can use
    -- the tables of several schemas, so the setting names the table.
    PERFORM set_config('stream_locks.epoch', 'stream_lock_epoch'::regclass::oid::text, false);
END
$$;

-- The first token of a session.
CREATE FUNCTION stream_lock_first_token(previous bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM stream_lock_enter_epoch();
    RETURN stream_lock_next_token(previous);
END
$$;

-- Returns a token for the next grant of a stream, whose row is locked and has the previous token. The token is above all that the
-- stream has had: by the row, by the sequence if the row was purged, and by the clock if the grants were lost. PostgreSQL puts
-- the body of this function into the statement, so it costs no call.
CREATE FUNCTION stream_lock_next_token(previous bigint) RETURNS bigint LANGUAGE sql AS $$
    SELECT CASE WHEN current_setting('stream_locks.epoch', true) = 'stream_lock_epoch'::regclass::oid::text
        THEN greatest(nextval('stream_lock_fencing_token'), previous + 1,
            (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
        ELSE stream_lock_first_token(previous) END
$$;

-- Returns until when this session grants no lease; null if it does. The holders of leases that were lost may have some time to
-- notice that, after an epoch has begun. Each session has a setting for that time, so a session without it, such as that of a
-- person, does not end the time of the others. A session that has found the epoch open does not look again.
CREATE FUNCTION stream_lock_opens_at() RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN current_setting('stream_locks.open', true) IS DISTINCT FROM 'stream_lock_epoch'::regclass::oid::text
        THEN (
            SELECT e.began_at + nullif(current_setting('stream_locks.epoch_grace', true), '')::interval
            FROM stream_lock_epoch e
            WHERE e.number > 0
        ) END
$$;

-- Looks whether the epoch is open, and remembers in the session if it is.
CREATE FUNCTION stream_lock_opens() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('stream_locks.epoch', true) IS DISTINCT FROM 'stream_lock_epoch'::regclass::oid::text THEN
        PERFORM stream_lock_enter_epoch();
    END IF;
    IF stream_lock_opens_at() > clock_timestamp() THEN
        RETURN false;
    END IF;
    PERFORM set_config('stream_locks.open', 'stream_lock_epoch'::regclass::oid::text, false);
    RETURN true;
END
$$;

-- Returns whether this session grants leases.
CREATE FUNCTION stream_lock_is_open() RETURNS boolean LANGUAGE sql AS $$
    SELECT CASE WHEN current_setting('stream_locks.open', true) = 'stream_lock_epoch'::regclass::oid::text
        THEN true ELSE stream_lock_opens() END
$$;

-- Raises the sequence above the token of a row that is deleted. Others draw from the sequence between the two steps, so the new
-- value is further ahead than they can come: the sequence is never set back.
CREATE FUNCTION stream_lock_raise(token bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('stream_lock_fencing_token') <= token THEN
        PERFORM FROM stream_lock_epoch FOR UPDATE;
        IF nextval('stream_lock_fencing_token') <= token THEN
            PERFORM setval('stream_lock_fencing_token', token + 1000000);
        END IF;
    END IF;
END
$$;

INSERT INTO stream_lock_epoch VALUES (true, 0, clock_timestamp(), clock_timestamp(), NULL, NULL, NULL);

SELECT setval('stream_lock_fencing_token', greatest(
    nextval('stream_lock_fencing_token'), (extract(epoch FROM clock_timestamp() + interval '1 day') * 1000000)::bigint));

-- Servers of the version before hand streams over with the new functions, so their roles need the rights at once. The roles are
-- those that may do the same with the functions and columns of before.
DO $migration$
DECLARE
    role text;
BEGIN
    FOR role IN
        SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END
        FROM (
            SELECT relacl AS acl FROM pg_class WHERE oid = 'stream_locks'::regclass
            UNION ALL
            SELECT attacl FROM pg_attribute WHERE attrelid = 'stream_locks'::regclass
            UNION ALL
            SELECT acldefault('r', relowner) FROM pg_class WHERE oid = 'stream_locks'::regclass
        ) t CROSS JOIN aclexplode(t.acl) a
        WHERE a.privilege_type = 'UPDATE'
    LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON stream_lock_epoch TO %s', role);
        EXECUTE format('GRANT USAGE, UPDATE ON SEQUENCE stream_lock_fencing_token TO %s', role);
    END LOOP;
    FOR role IN
        SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END
        FROM pg_proc p CROSS JOIN aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
        WHERE p.oid = 'stream_lock_hand_over(text)'::regprocedure AND a.privilege_type = 'EXECUTE'
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION stream_lock_enter_epoch(), stream_lock_first_token(bigint),'
            ' stream_lock_next_token(bigint), stream_lock_is_open(), stream_lock_opens(), stream_lock_opens_at(),'
            ' stream_lock_raise(bigint) TO %s', role);
    END LOOP;
END
$migration$;

-- As in V5, with the next token, and only in an epoch that is open.
CREATE OR REPLACE FUNCTION stream_lock_hand_over(stream text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    latest record;
    place record;
    token bigint;
BEGIN
    SELECT * INTO latest FROM stream_locks l WHERE l.stream_id = stream;
    IF NOT FOUND OR greatest(latest.expires_at, latest.closed_until) > clock_timestamp() OR NOT stream_lock_is_open() THEN
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
    token := stream_lock_next_token(latest.fencing_token);
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

-- [jooq ignore stop]

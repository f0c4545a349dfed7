-- Tokens that rise after any fail-over, restore or copy. lock/package-info.java has the argument.
--
-- Servers of the version before draw the tokens of acquires from the sequence alone. It is therefore set a day ahead of the
-- clock: for that long, their tokens are above those that the clock gives. A hand-over of theirs is the function below.

-- The epoch: one unbroken history of the database. There is one row.
CREATE TABLE stream_lock_epoch (
    is_present        boolean     NOT NULL PRIMARY KEY,
    -- How many promotions, restores and copies there have been, as far as they were noticed.
    number            bigint      NOT NULL,
    began_at          timestamptz NOT NULL,
    -- When tokens began to follow the clock.
    tokens_since      timestamptz NOT NULL,
    -- The cluster, its timeline, the database and the table. Each promotion, restore or copy changes one of them.
    identity          varchar(200),
    server_started_at timestamptz
);

-- [jooq ignore start]

INSERT INTO stream_lock_epoch VALUES (true, 0, clock_timestamp(), clock_timestamp());

-- Whoever grants leases needs the new table. Roles that were given the rights by hand keep working.
DO $migration$
DECLARE
    grantee text;
BEGIN
    FOR grantee IN
        SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END
        FROM pg_class c CROSS JOIN aclexplode(c.relacl) a
        WHERE c.oid = 'stream_locks'::regclass AND a.privilege_type = 'UPDATE' AND a.grantee <> c.relowner
    LOOP
        EXECUTE format('GRANT SELECT, UPDATE ON stream_lock_epoch TO %s', grantee);
        EXECUTE format('GRANT USAGE, UPDATE ON SEQUENCE stream_lock_fencing_token TO %s', grantee);
    END LOOP;
END
$migration$;

-- Lets a session grant leases in the present epoch. The first session of an epoch raises the sequence, because the clock may be
-- behind that of the server whose latest grants were lost.
--
-- A start counts, because a file-system snapshot that was restored has the identity of before. If nothing was restored, a few
-- numbers are left out.
--
-- The new value depends on the time, so it is above that of an earlier epoch or start that this history does not contain. Each
-- epoch is further ahead of the clock than the one before: a promotion may follow a start that the promoted server has not heard
-- of. In the first two days the time that counts begins a day ahead, with the sequence, and runs at half the speed.
CREATE FUNCTION stream_lock_enter_epoch() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    known record;
    cluster text := 'cluster ?, timeline ?';
    here text;
    started_at timestamptz := pg_postmaster_start_time();
    is_another boolean;
    drawn bigint;
    by_clock bigint;
    since bigint;
    ahead bigint;
BEGIN
    BEGIN
        SELECT format('cluster %s, timeline %s', s.system_identifier, left(pg_walfile_name(pg_current_wal_lsn()), 8))
        INTO cluster FROM pg_control_system() s;
    EXCEPTION WHEN insufficient_privilege OR undefined_function OR feature_not_supported THEN
        -- Some hosted databases do not tell. A promotion or a restore starts a server there as well.
        NULL;
    END;
    SELECT format('%s, database %s, table %s', cluster, d.oid, 'stream_lock_epoch'::regclass::oid)
    INTO here FROM pg_database d WHERE d.datname = current_database();
    SELECT * INTO STRICT known FROM stream_lock_epoch;
    IF (known.identity, known.server_started_at) IS DISTINCT FROM (here, started_at) THEN
        -- Sessions that come at the same time wait here, and then find the epoch begun.
        SELECT * INTO STRICT known FROM stream_lock_epoch FOR UPDATE;
    END IF;
    IF (known.identity, known.server_started_at) IS DISTINCT FROM (here, started_at) THEN
        is_another := known.identity <> here;
        drawn := nextval('stream_lock_fencing_token');
        by_clock := extract(epoch FROM clock_timestamp()) * 1000000;
        since := extract(epoch FROM known.tokens_since) * 1000000;
        ahead := greatest(by_clock, (since + by_clock) / 2 + 86400000000)
            + 45000000 + 75000000 * CASE WHEN is_another THEN known.number + 1 ELSE known.number END;
        -- The sequence may have been set further ahead by hand.
        PERFORM setval('stream_lock_fencing_token', CASE WHEN drawn < ahead THEN ahead ELSE drawn + 45000000 END);
        UPDATE stream_lock_epoch e
        SET number = CASE WHEN is_another THEN e.number + 1 ELSE e.number END,
            began_at = CASE WHEN is_another THEN clock_timestamp() ELSE e.began_at END,
            identity = here,
            server_started_at = started_at;
    END IF;
    -- It is undone if the transaction is rolled back. No session outlives the epoch in which it could write.
    PERFORM set_config('stream_locks.epoch', 'entered', false);
END
$$;

-- The first token of a session.
CREATE FUNCTION stream_lock_first_token(previous bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM stream_lock_enter_epoch();
    RETURN greatest(nextval('stream_lock_fencing_token'), previous + 1,
        (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
END
$$;

-- Returns a token for the next grant of a stream, whose row is locked and has the previous token. The token is above all that the
-- stream has had: by the row, by the sequence if the row was purged, and by the clock if the grants were lost. PostgreSQL puts
-- the body of this function into the statement, so it costs no call.
CREATE FUNCTION stream_lock_next_token(previous bigint) RETURNS bigint LANGUAGE sql AS $$
    SELECT CASE WHEN current_setting('stream_locks.epoch', true) = 'entered'
        THEN greatest(nextval('stream_lock_fencing_token'), previous + 1,
            (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
        ELSE stream_lock_first_token(previous) END
$$;

-- Raises the sequence above the token of a row that is deleted. Others draw from the sequence meanwhile, and it must not be set
-- back. So it is set so far ahead that they cannot have come as far.
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

SELECT setval('stream_lock_fencing_token', greatest(
    nextval('stream_lock_fencing_token'), (extract(epoch FROM clock_timestamp() + interval '1 day') * 1000000)::bigint));

-- As in V5, with the next token.
CREATE OR REPLACE FUNCTION stream_lock_hand_over(stream text) RETURNS void LANGUAGE plpgsql AS $$
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

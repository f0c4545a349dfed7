-- Whoever changes a lease by hand has a search_path of their own, which need not name the schema of these tables. And a
-- history that is published must let go of its oldest grants.

-- [jooq ignore start]

-- The name of the schema is written into the function, once, instead of a SET search_path, which each call would pay for. A
-- schema that has been renamed since is found by the trigger's own table, at the price of planning each INSERT.
DO $migration$
BEGIN
    EXECUTE format($function$
        CREATE OR REPLACE FUNCTION %1$I.stream_lock_ended() RETURNS trigger LANGUAGE plpgsql AS $body$
        DECLARE
            ended_at timestamptz := OLD.expires_at;
            reason text := 'expired';
            ended_by text;
            break_reason text;
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
                    ended_at, reason, ended_by, break_reason);
            ELSE
                EXECUTE pg_catalog.format(
                        'INSERT INTO %%I.stream_lock_history VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)',
                        TG_TABLE_SCHEMA)
                    USING OLD.stream_id, OLD.owner_id, OLD.fencing_token, OLD.labels, OLD.acquired_at,
                        ended_at, reason, ended_by, break_reason;
            END IF;
            RETURN NULL;
        END
        $body$
        $function$, current_schema());
END
$migration$;

-- A publication refuses to delete from a table whose rows nothing tells apart. No key: see V2. The whole row is written to
-- the log only where wal_level is logical, and only for a grant that is purged.
ALTER TABLE stream_lock_history REPLICA IDENTITY FULL;

-- [jooq ignore stop]

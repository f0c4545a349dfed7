-- What operators ask for: who held a stream and how that ended, an end to a lease that is somebody
-- else's, and who the holder is.
--
-- Servers of the version before run on this schema too, while they are replaced: all they do not know
-- of may be null.

ALTER TABLE stream_locks ADD COLUMN labels text[];
-- The lease with this token was broken. Not a flag: a server of the version before would leave it on
-- the stream's next lease.
ALTER TABLE stream_locks ADD COLUMN broken_fencing_token bigint;
ALTER TABLE stream_locks ADD COLUMN broken_by varchar(255);
ALTER TABLE stream_locks ADD COLUMN break_reason varchar(255);
-- Nobody is granted the stream before.
ALTER TABLE stream_locks ADD COLUMN closed_until timestamptz;

-- The leases that are over, but for the latest of a stream that ran out: its row in stream_locks says
-- so, and is moved here when another lease follows or the row is purged. No unique key: were tokens
-- ever to come again (see the README on fail-over), a release must not fail for it.
CREATE TABLE stream_lock_history (
    stream_id     varchar(255) COLLATE "C" NOT NULL,
    owner_id      varchar(255) NOT NULL,
    fencing_token bigint       NOT NULL,
    labels        text[],
    acquired_at   timestamptz  NOT NULL,
    ended_at      timestamptz  NOT NULL,
    -- released, expired, superseded or broken
    end_reason    varchar(10)  NOT NULL,
    ended_by      varchar(255),
    break_reason  varchar(255)
);
CREATE INDEX stream_lock_history_of_stream ON stream_lock_history (stream_id, fencing_token);
CREATE INDEX stream_lock_history_by_time ON stream_lock_history (acquired_at, fencing_token);

-- [jooq ignore start]

-- A row with columns that are null is eight bytes longer. With 50, a page then lacks those for the
-- next version of its last row, and one renewal a page is no HOT update.
ALTER TABLE stream_locks SET (fillfactor = 45);

-- By triggers, so that a lease cannot end without its history being written in the same statement:
-- whichever statement that is, of whichever version of the server, or of a person at a prompt. Only an
-- UPDATE that names owner_id or lease_id is looked at, so a renewal costs nothing.
--
-- SET stream_locks.history = 'off' in a session writes none.

CREATE FUNCTION stream_lock_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO stream_lock_history
        VALUES (OLD.stream_id, OLD.owner_id, OLD.fencing_token, OLD.labels, OLD.acquired_at,
            OLD.expires_at, 'expired', NULL, NULL);
    ELSIF NEW.lease_id <> OLD.lease_id THEN
        INSERT INTO stream_lock_history
        VALUES (OLD.stream_id, OLD.owner_id, OLD.fencing_token, OLD.labels, OLD.acquired_at,
            OLD.expires_at, 'superseded', NEW.owner_id, NULL);
    ELSIF NEW.broken_fencing_token = OLD.fencing_token THEN
        INSERT INTO stream_lock_history
        VALUES (OLD.stream_id, OLD.owner_id, OLD.fencing_token, OLD.labels, OLD.acquired_at,
            NEW.expires_at, 'broken', NEW.broken_by, NEW.break_reason);
    ELSE
        INSERT INTO stream_lock_history
        VALUES (OLD.stream_id, OLD.owner_id, OLD.fencing_token, OLD.labels, OLD.acquired_at,
            NEW.expires_at, 'released', OLD.owner_id, NULL);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER stream_lock_ended AFTER UPDATE OF owner_id, lease_id ON stream_locks
    FOR EACH ROW
    WHEN (OLD.owner_id IS NOT NULL
        AND (NEW.owner_id IS NULL OR NEW.lease_id <> OLD.lease_id)
        AND current_setting('stream_locks.history', true) IS DISTINCT FROM 'off')
    EXECUTE FUNCTION stream_lock_ended();

CREATE TRIGGER stream_lock_forgotten AFTER DELETE ON stream_locks
    FOR EACH ROW
    WHEN (OLD.owner_id IS NOT NULL
        AND current_setting('stream_locks.history', true) IS DISTINCT FROM 'off')
    EXECUTE FUNCTION stream_lock_ended();

-- Rows are only added at its end and deleted from its beginning; without this, autovacuum would come
-- only after a fifth of it was deleted.
ALTER TABLE stream_lock_history SET (autovacuum_vacuum_scale_factor = 0.02);

-- [jooq ignore stop]

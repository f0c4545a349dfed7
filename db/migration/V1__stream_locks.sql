-- One row a stream: its latest lease, live or over. A lease that is over stays as a tombstone, so
-- that its id is not granted twice; tombstones are purged only long after (see lock/package-info.java).

-- Tokens of all streams come from this one sequence: they rise per stream even where a stream's row
-- was purged in between. CACHE 1 is a promise, not a default to tune: with a larger cache each
-- connection would draw from a block of its own, and a later grant could get a lower token.
CREATE SEQUENCE stream_lock_fencing_token MINVALUE 1 MAXVALUE 9007199254740991 CACHE 1 NO CYCLE;

CREATE TABLE stream_locks (
    -- Byte order: the same on every server whatever its locale, and the order in which every
    -- statement locks rows.
    stream_id            varchar(255) COLLATE "C" NOT NULL PRIMARY KEY,
    -- Null once the lease was released.
    owner_id             varchar(255),
    lease_id             uuid         NOT NULL,
    fencing_token        bigint       NOT NULL,
    ttl_ms               bigint       NOT NULL,
    acquired_at          timestamptz  NOT NULL,
    -- The lease is live while this lies ahead of clock_timestamp(). No index on it, ever: one would
    -- keep renewals from being HOT updates.
    expires_at           timestamptz  NOT NULL,
    -- The leases before this one, latest first, at most eight.
    superseded_lease_ids uuid[]       NOT NULL
);

-- Room in each page for the next version of its rows, so that a renewal stays in the page (HOT).
-- [jooq ignore start]
ALTER TABLE stream_locks SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
-- [jooq ignore stop]

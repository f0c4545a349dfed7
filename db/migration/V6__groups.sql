-- The members of groups, as they last reported. Leases do not depend on this table.
--
-- Servers of the version before neither read nor write it.

CREATE TABLE stream_lock_members (
    group_id   varchar(255) COLLATE "C" NOT NULL,
    owner_id   varchar(255) COLLATE "C" NOT NULL,
    held       integer                  NOT NULL,
    wanted     integer                  NOT NULL,
    -- Null for any number of streams.
    capacity   integer,
    -- Without another report, the owner is a member until then.
    expires_at timestamptz              NOT NULL,
    PRIMARY KEY (group_id, owner_id)
);

-- [jooq ignore start]

-- Each report is a new version of its row, on the same page, since no index has the columns that change.
ALTER TABLE stream_lock_members SET (
    fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

-- [jooq ignore stop]

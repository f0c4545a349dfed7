-- Whose the lease was that ended last: a caller who may only touch the leases of some owners is told nothing of the leases
-- of others, though they are over.
--
-- Servers of the version before leave both as they are. So the owner counts only if the token is that of the row.

ALTER TABLE stream_locks ADD COLUMN ended_owner_id varchar(255);
ALTER TABLE stream_locks ADD COLUMN ended_fencing_token bigint;

package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.LossReason;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;

/**
 * How a lease ended.
 *
 * @param reason how
 * @param breakReason the reason that the operator gave, if the lease was broken
 */
record Loss(LossReason reason, Optional<String> breakReason) {

    private Loss(LossReason reason) {
        this(reason, Optional.empty());
    }

    /**
     * Returns how the lease of a request ended, by a row of {@link LockSql#LOOK}; empty if it is live.
     *
     * @param ownerPrefix the prefix that the owner must have; the lease of another owner is {@link LossReason#UNKNOWN}
     */
    static Optional<Loss> of(String ownerPrefix, ResultSet row) throws SQLException {
        if (!row.getBoolean("is_latest")) {
            // The owner of a superseded lease is not kept, so every caller that has its id learns of it.
            return Optional.of(new Loss(row.getBoolean("is_superseded") ? LossReason.SUPERSEDED : LossReason.UNKNOWN));
        }
        String ownerId = row.getString("owner_id");
        boolean ended = ownerId == null;
        // If the owner is not kept, a server of the previous version ended the lease. That version reported every end.
        String whose = ended && row.getBoolean("is_end_known") ? row.getString("ended_owner_id") : ownerId;
        if (whose != null && !whose.startsWith(ownerPrefix)) {
            return Optional.of(new Loss(LossReason.UNKNOWN));
        }
        if (ended) {
            return Optional.of(
                    row.getBoolean("is_broken")
                            ? new Loss(LossReason.BROKEN, Optional.of(row.getString("break_reason")))
                            : new Loss(LossReason.RELEASED));
        }
        return row.getBoolean("is_live") ? Optional.empty() : Optional.of(new Loss(LossReason.EXPIRED));
    }
}

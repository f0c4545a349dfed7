package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Optional;

/**
 * Decides for requests that changed nothing, by the rows of {@link LockSql#GLANCE} or {@link LockSql#LOOK}. Empty means that
 * the row does not say why nothing was changed: it has changed since.
 */
final class Judgements {

    private Judgements() {}

    /** Needs no lock: who holds a stream, and until when it is closed, is certain as committed. */
    static Optional<AcquireOutcome> glanceAtAcquire(AcquireRequest request, ResultSet row) throws SQLException {
        if (row.getBoolean("is_latest") || row.getBoolean("is_superseded")) {
            return Optional.empty();
        }
        if (row.getBoolean("is_live")) {
            return Optional.of(new AcquireOutcome.Held(Rows.lock(row)));
        }
        return row.getBoolean("is_closed")
                ? Optional.of(new AcquireOutcome.Delayed(Duration.between(
                        row.getObject("answered_at", OffsetDateTime.class),
                        row.getObject("closed_until", OffsetDateTime.class))))
                : Optional.empty();
    }

    static Optional<AcquireOutcome> ofAcquire(AcquireRequest request, ResultSet row) throws SQLException {
        if (row.getBoolean("is_latest") && row.getBoolean("is_live")) {
            return Optional.of(new AcquireOutcome.Granted(Rows.lease(row)));
        }
        return row.getBoolean("is_latest") || row.getBoolean("is_superseded")
                ? Optional.of(new AcquireOutcome.LeaseIdUsed())
                : glanceAtAcquire(request, row);
    }

    static Optional<RenewOutcome> ofRenew(RenewRequest request, ResultSet row) throws SQLException {
        return loss(request.ownerPrefix(), row).map(loss -> new RenewOutcome.Lost(loss.reason(), loss.breakReason()));
    }

    static Optional<ReleaseOutcome> ofRelease(ReleaseRequest request, ResultSet row) throws SQLException {
        return loss(request.ownerPrefix(), row)
                .map(loss -> loss.reason() == LossReason.RELEASED
                        ? new ReleaseOutcome.Released()
                        : new ReleaseOutcome.Lost(loss.reason(), loss.breakReason()));
    }

    static Optional<BreakOutcome> ofBreak(BreakRequest request, ResultSet row) throws SQLException {
        if (!row.getBoolean("is_live") || !row.getString("owner_id").startsWith(request.ownerPrefix())) {
            return Optional.of(new BreakOutcome.NotLocked());
        }
        long token = row.getLong("fencing_token");
        return request.expectedFencingToken()
                        .filter(expected -> expected != token)
                        .isPresent()
                ? Optional.of(new BreakOutcome.TokenChanged(Rows.lock(row)))
                : Optional.empty();
    }

    private record Loss(LossReason reason, Optional<String> breakReason) {
        Loss(LossReason reason) {
            this(reason, Optional.empty());
        }
    }

    /** Empty for a lease that is live. */
    private static Optional<Loss> loss(String ownerPrefix, ResultSet row) throws SQLException {
        if (!row.getBoolean("is_latest")) {
            // Whose a superseded lease was is not kept, so any caller who knows its id is told.
            return Optional.of(new Loss(row.getBoolean("is_superseded") ? LossReason.SUPERSEDED : LossReason.UNKNOWN));
        }
        String ownerId = row.getString("owner_id");
        boolean ended = ownerId == null;
        // A server of the version before ended it if the end is not known; it would have told of it, too.
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

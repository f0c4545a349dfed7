package io.streamlocks.coordinator.lock.postgres;

import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.Owner;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Locale;
import java.util.UUID;

/** The columns of a lease, and how they become a {@link Lease}. */
final class LeaseRow {

    /** The lease of a row {@code l}. The queue is read only if there may be a place in it. */
    static final String LEASE = """
            l.stream_id, l.owner_id, l.lease_id, l.fencing_token, l.ttl_ms, l.acquired_at, l.expires_at, l.labels,
                clock_timestamp() AS answered_at,
                CASE WHEN l.awaited_until > clock_timestamp()
                    THEN stream_lock_waiting(l.stream_id, l.lease_id, l.superseded_lease_ids) ELSE 0 END AS waiting""";

    /**
     * The state of the lease of a request {@code r} and of the row {@code l} of its stream. If the stream has no row,
     * all columns are null but the position, and until when it is closed.
     */
    static final String STANDING = String.format(Locale.ROOT, """
            r.position, %s, l.break_reason, l.ended_owner_id,
                greatest(l.closed_until, (SELECT stream_lock_opens_at())) AS closed_until,
                l.lease_id = r.lease_id AS is_latest,
                r.lease_id = ANY (l.superseded_lease_ids) AS is_superseded,
                l.expires_at > clock_timestamp() AS is_live,
                l.broken_fencing_token = l.fencing_token AS is_broken,
                l.ended_fencing_token = l.fencing_token AS is_end_known,
                greatest(l.closed_until, (SELECT stream_lock_opens_at())) > clock_timestamp() AS is_closed,
                l.awaited_until > clock_timestamp() AND stream_lock_is_preceded(
                    l.stream_id, r.lease_id, l.lease_id, l.superseded_lease_ids) AS is_awaited""", LEASE);

    private LeaseRow() {}

    static Lease lease(ResultSet row) throws SQLException {
        return new Lease(row.getObject("lease_id", UUID.class), lock(row));
    }

    static Lock lock(ResultSet row) throws SQLException {
        OffsetDateTime expiresAt = row.getObject("expires_at", OffsetDateTime.class);
        Duration left = Duration.between(row.getObject("answered_at", OffsetDateTime.class), expiresAt);
        return new Lock(
                row.getString("stream_id"),
                new Owner(row.getString("owner_id"), Labels.of(row)),
                row.getLong("fencing_token"),
                Duration.ofMillis(row.getLong("ttl_ms")),
                row.getObject("acquired_at", OffsetDateTime.class).toInstant(),
                expiresAt.toInstant(),
                left.isNegative() ? Duration.ZERO : left,
                row.getInt("waiting"));
    }
}

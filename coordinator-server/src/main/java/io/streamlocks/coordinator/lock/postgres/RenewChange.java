package io.streamlocks.coordinator.lock.postgres;

import static io.streamlocks.coordinator.lock.postgres.Statements.column;

import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Renews leases. */
record RenewChange(Statements statements) implements Change<RenewRequest, RenewOutcome> {

    /**
     * Binds stream ids, lease ids, ttls in ms (null for the lease's own), and the prefixes that the owners must have.
     * Returns the leases that were renewed. The fencing token belongs to the grant and stays.
     */
    static final String SQL = String.format(Locale.ROOT, """
            UPDATE stream_locks l
            SET ttl_ms = coalesce(t.ttl_ms, l.ttl_ms),
                expires_at = clock_timestamp() + coalesce(t.ttl_ms, l.ttl_ms) * interval '1 millisecond'
            FROM (
                SELECT l.ctid AS place, r.lease_id, r.ttl_ms, r.owner_prefix
                FROM unnest(?::text[], ?::uuid[], ?::bigint[], ?::text[]) AS r (stream_id, lease_id, ttl_ms, owner_prefix)
                    JOIN stream_locks l ON l.stream_id = r.stream_id
                FOR UPDATE OF l SKIP LOCKED
            ) t
            WHERE l.ctid = t.place AND l.lease_id = t.lease_id AND l.expires_at > clock_timestamp()
                AND starts_with(l.owner_id, t.owner_prefix)
            RETURNING %s
            """, LeaseRow.LEASE);

    private static final RenewOutcome BLOCKED = new RenewOutcome.Blocked();
    private static final RenewOutcome UNDECIDED = new RenewOutcome.Undecided();

    @Override
    public String name() {
        return "renew";
    }

    @Override
    public String streamId(RenewRequest request) {
        return request.streamId();
    }

    @Override
    public Optional<UUID> leaseId(RenewRequest request) {
        return Optional.of(request.leaseId());
    }

    @Override
    public boolean isRepeatable() {
        return true;
    }

    @Override
    public Map<String, RenewOutcome> carryOut(List<RenewRequest> requests) {
        return statements.query(
                name(),
                SQL,
                RenewChange::renewed,
                column(requests, RenewRequest::streamId, String[]::new),
                column(requests, RenewRequest::leaseId, UUID[]::new),
                column(
                        requests,
                        request -> request.ttl().map(Duration::toMillis).orElse(null),
                        Long[]::new),
                column(requests, RenewRequest::ownerPrefix, String[]::new));
    }

    private static Map<String, RenewOutcome> renewed(ResultSet rows) throws SQLException {
        Map<String, RenewOutcome> renewed = new HashMap<>();
        while (rows.next()) {
            Lease lease = LeaseRow.lease(rows);
            renewed.put(lease.lock().streamId(), new RenewOutcome.Renewed(lease));
        }
        return renewed;
    }

    @Override
    public Optional<Judgement<RenewRequest, RenewOutcome>> glance() {
        return Optional.empty();
    }

    @Override
    public Optional<RenewOutcome> judge(RenewRequest request, ResultSet row) throws SQLException {
        return Loss.of(request.ownerPrefix(), row)
                .map(loss -> new RenewOutcome.Lost(loss.reason(), loss.breakReason()));
    }

    @Override
    public RenewOutcome blocked() {
        return BLOCKED;
    }

    @Override
    public RenewOutcome undecided() {
        return UNDECIDED;
    }
}

package io.streamlocks.coordinator.lock.postgres;

import static io.streamlocks.coordinator.lock.postgres.Statements.column;

import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Grant;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Breaks leases. */
record BreakChange(Statements statements) implements Change<BreakRequest, BreakOutcome> {

    /**
     * Binds stream ids, expected fencing tokens (null for any), the prefixes that the owners must have, the operator,
     * the reason, and for how long in ms the streams stay closed. Returns the grants that were broken, with the owner,
     * which the changed row no longer has.
     */
    static final String SQL = """
            WITH locked AS MATERIALIZED (
                SELECT l.ctid AS place, l.stream_id, l.owner_id, l.fencing_token, l.labels, l.acquired_at,
                    r.fencing_token AS expected_fencing_token, r.owner_prefix, r.broken_by, r.break_reason, r.delay_ms
                FROM unnest(?::text[], ?::bigint[], ?::text[], ?::text[], ?::text[], ?::bigint[])
                        AS r (stream_id, fencing_token, owner_prefix, broken_by, break_reason, delay_ms)
                    JOIN stream_locks l ON l.stream_id = r.stream_id
                FOR UPDATE OF l SKIP LOCKED
            )
            UPDATE stream_locks l
            SET owner_id = NULL, expires_at = clock_timestamp(), broken_fencing_token = l.fencing_token,
                broken_by = t.broken_by, break_reason = t.break_reason,
                closed_until = clock_timestamp() + t.delay_ms * interval '1 millisecond',
                ended_owner_id = l.owner_id, ended_fencing_token = l.fencing_token
            FROM locked t
            WHERE l.ctid = t.place AND l.expires_at > clock_timestamp()
                AND l.fencing_token = coalesce(t.expected_fencing_token, l.fencing_token)
                AND starts_with(l.owner_id, t.owner_prefix)
            RETURNING t.stream_id, t.owner_id, t.fencing_token, t.labels, t.acquired_at, t.broken_by, t.break_reason,
                l.expires_at AS ended_at, CASE WHEN l.waited_fencing_token = t.fencing_token THEN l.waited_ms END AS waited_ms
            """;

    private static final BreakOutcome BLOCKED = new BreakOutcome.Blocked();
    private static final BreakOutcome UNDECIDED = new BreakOutcome.Undecided();

    @Override
    public String name() {
        return "break";
    }

    @Override
    public String streamId(BreakRequest request) {
        return request.streamId();
    }

    @Override
    public Optional<UUID> leaseId(BreakRequest request) {
        return Optional.empty();
    }

    /** The second of two equal breaks finds no lease that it could end. */
    @Override
    public boolean isRepeatable() {
        return false;
    }

    @Override
    public Map<String, BreakOutcome> carryOut(List<BreakRequest> requests) {
        return statements.query(
                name(),
                SQL,
                BreakChange::broken,
                column(requests, BreakRequest::streamId, String[]::new),
                column(requests, request -> request.expectedFencingToken().orElse(null), Long[]::new),
                column(requests, BreakRequest::ownerPrefix, String[]::new),
                column(requests, request -> request.breaking().by(), String[]::new),
                column(requests, request -> request.breaking().reason(), String[]::new),
                column(requests, request -> request.breaking().delay().toMillis(), Long[]::new));
    }

    private static Map<String, BreakOutcome> broken(ResultSet rows) throws SQLException {
        Map<String, BreakOutcome> broken = new HashMap<>();
        while (rows.next()) {
            Grant grant = GrantRow.broken(rows);
            broken.put(grant.streamId(), new BreakOutcome.Broken(grant));
        }
        return broken;
    }

    @Override
    public Optional<Judgement<BreakRequest, BreakOutcome>> glance() {
        return Optional.empty();
    }

    @Override
    public Optional<BreakOutcome> judge(BreakRequest request, ResultSet row) throws SQLException {
        if (!row.getBoolean("is_live") || !row.getString("owner_id").startsWith(request.ownerPrefix())) {
            return Optional.of(new BreakOutcome.NotLocked());
        }
        long token = row.getLong("fencing_token");
        return request.expectedFencingToken()
                        .filter(expected -> expected != token)
                        .isPresent()
                ? Optional.of(new BreakOutcome.TokenChanged(LeaseRow.lock(row)))
                : Optional.empty();
    }

    @Override
    public BreakOutcome blocked() {
        return BLOCKED;
    }

    @Override
    public BreakOutcome undecided() {
        return UNDECIDED;
    }
}

package io.streamlocks.coordinator.lock.postgres;

import static io.streamlocks.coordinator.lock.postgres.Statements.column;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.Limits;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;

/** Grants leases. */
record AcquireChange(Statements statements) implements Change<AcquireRequest, AcquireOutcome> {

    /** The columns that an acquire fills in a new row. */
    static final List<String> INSERTED = List.of(
            "stream_id",
            "owner_id",
            "lease_id",
            "fencing_token",
            "ttl_ms",
            "acquired_at",
            "expires_at",
            "superseded_lease_ids",
            "labels");

    /**
     * Binds stream ids, owner ids, lease ids, ttls in ms, and labels as the text of an array. Returns the leases that
     * were granted.
     *
     * <p>A stream that the snapshot shows as held is left out, so that polling for a held stream neither locks a row
     * nor writes one. The rows of the other streams are locked, and granted if they are still free then.
     *
     * <p>The token of a stream that has a row is made while the row is locked. A token made before could be lower than
     * that of a grant that came and went in between. A stream without a row has had no grant for longer than any
     * statement can run, so its token may be made before the insert.
     *
     * <p>A stream with callers in its queue who come first is left out as well. A place that is taken after the snapshot
     * writes the row, so the version that the snapshot shows is not the one that is locked then.
     *
     * <p>New rows are inserted first. The statement may have to wait for them alone, and should have no other row
     * locked while it waits.
     */
    static final String SQL =
            String.format(Locale.ROOT, """
            WITH free AS MATERIALIZED (
                SELECT r.*, seen.ctid AS place
                FROM unnest(?::text[], ?::text[], ?::uuid[], ?::bigint[], ?::text[])
                        AS r (stream_id, owner_id, lease_id, ttl_ms, labels)
                    LEFT JOIN stream_locks seen ON seen.stream_id = r.stream_id
                WHERE (SELECT stream_lock_is_open())
                    AND (seen.stream_id IS NULL
                        OR (greatest(seen.expires_at, seen.closed_until) <= clock_timestamp()
                            AND r.lease_id <> seen.lease_id
                            AND r.lease_id <> ALL (seen.superseded_lease_ids)
                            AND (seen.awaited_until IS NULL OR seen.awaited_until <= clock_timestamp()
                                OR NOT stream_lock_is_preceded(
                                    r.stream_id, r.lease_id, seen.lease_id, seen.superseded_lease_ids))))
            ),
            granted_again AS (
                UPDATE stream_locks l
                SET owner_id = t.owner_id,
                    lease_id = t.lease_id,
                    fencing_token = stream_lock_next_token(l.fencing_token),
                    ttl_ms = t.ttl_ms,
                    acquired_at = clock_timestamp(),
                    expires_at = clock_timestamp() + t.ttl_ms * interval '1 millisecond',
                    superseded_lease_ids = (l.lease_id || l.superseded_lease_ids)[:%1$d],
                    labels = t.labels::text[],
                    ended_owner_id = NULL,
                    ended_fencing_token = NULL
                FROM (
                    SELECT l.ctid AS place, f.owner_id, f.lease_id, f.ttl_ms, f.labels
                    FROM free f JOIN stream_locks l ON l.ctid = f.place
                    FOR UPDATE OF l SKIP LOCKED
                ) t
                WHERE l.ctid = t.place AND greatest(l.expires_at, l.closed_until) <= clock_timestamp()
                RETURNING %2$s
            ),
            granted_first AS (
                INSERT INTO stream_locks AS l (%3$s)
                SELECT stream_id, owner_id, lease_id, stream_lock_next_token(NULL), ttl_ms,
                    clock_timestamp(), clock_timestamp() + ttl_ms * interval '1 millisecond', '{}', labels::text[]
                FROM free
                WHERE place IS NULL
                ORDER BY stream_id COLLATE "C"
                ON CONFLICT (stream_id) DO NOTHING
                RETURNING %2$s
            )
            SELECT * FROM granted_first
            UNION ALL
            SELECT * FROM granted_again
            """, Limits.SUPERSEDED_REMEMBERED, LeaseRow.LEASE, String.join(", ", INSERTED));

    private static final AcquireOutcome BLOCKED = new AcquireOutcome.Blocked();
    private static final AcquireOutcome UNDECIDED = new AcquireOutcome.Undecided();
    private static final Optional<Judgement<AcquireRequest, AcquireOutcome>> GLANCE =
            Optional.of((request, row) -> glance(row));

    @Override
    public String name() {
        return "acquire";
    }

    @Override
    public String streamId(AcquireRequest request) {
        return request.streamId();
    }

    @Override
    public Optional<UUID> leaseId(AcquireRequest request) {
        return Optional.of(request.leaseId());
    }

    @Override
    public boolean isRepeatable() {
        return true;
    }

    @Override
    public Map<String, AcquireOutcome> carryOut(List<AcquireRequest> requests) {
        return statements.query(name(), SQL, AcquireChange::granted, values(requests));
    }

    /** Returns what {@link #SQL} binds. */
    static Object[] values(List<AcquireRequest> requests) {
        return new Object[] {
            column(requests, AcquireRequest::streamId, String[]::new),
            column(requests, AcquireRequest::ownerId, String[]::new),
            column(requests, AcquireRequest::leaseId, UUID[]::new),
            column(requests, request -> request.ttl().toMillis(), Long[]::new),
            column(requests, request -> Labels.arrayText(request.owner().labels()), String[]::new)
        };
    }

    static Map<String, AcquireOutcome> granted(ResultSet rows) throws SQLException {
        Map<String, AcquireOutcome> granted = new HashMap<>();
        while (rows.next()) {
            Lease lease = LeaseRow.lease(rows);
            granted.put(lease.lock().streamId(), new AcquireOutcome.Granted(lease));
        }
        return granted;
    }

    @Override
    public Optional<Judgement<AcquireRequest, AcquireOutcome>> glance() {
        return GLANCE;
    }

    /** The committed row proves who holds a stream, until when it is closed, and that others wait for it. */
    static Optional<AcquireOutcome> glance(ResultSet row) throws SQLException {
        if (row.getBoolean("is_latest") || row.getBoolean("is_superseded")) {
            return Optional.empty();
        }
        if (row.getBoolean("is_live")) {
            return Optional.of(new AcquireOutcome.Held(LeaseRow.lock(row)));
        }
        if (row.getBoolean("is_closed")) {
            return Optional.of(new AcquireOutcome.Delayed(Duration.between(
                    row.getObject("answered_at", OffsetDateTime.class),
                    row.getObject("closed_until", OffsetDateTime.class))));
        }
        return row.getBoolean("is_awaited")
                ? Optional.of(new AcquireOutcome.Awaited(OptionalInt.empty()))
                : Optional.empty();
    }

    @Override
    public Optional<AcquireOutcome> judge(AcquireRequest request, ResultSet row) throws SQLException {
        if (row.getBoolean("is_latest") && row.getBoolean("is_live")) {
            return Optional.of(new AcquireOutcome.Granted(LeaseRow.lease(row)));
        }
        return row.getBoolean("is_latest") || row.getBoolean("is_superseded")
                ? Optional.of(new AcquireOutcome.LeaseIdUsed())
                : glance(row);
    }

    @Override
    public AcquireOutcome blocked() {
        return BLOCKED;
    }

    @Override
    public AcquireOutcome undecided() {
        return UNDECIDED;
    }
}

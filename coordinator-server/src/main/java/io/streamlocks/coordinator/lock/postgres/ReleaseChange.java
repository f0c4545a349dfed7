package io.streamlocks.coordinator.lock.postgres;

import static io.streamlocks.coordinator.lock.postgres.Statements.column;

import io.streamlocks.coordinator.lock.AwaitedStream;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Releases leases.
 *
 * @param statements runs the statements
 * @param handOvers is informed of what a release has handed over to callers of this server
 */
record ReleaseChange(Statements statements, PostgresHandOvers handOvers)
        implements Change<ReleaseRequest, ReleaseOutcome> {

    /**
     * Binds stream ids, lease ids, and the prefixes that the owners must have. Returns the streams that were released.
     * The row stays, as a tombstone with the lease id and the owner.
     */
    static final String SQL = """
            UPDATE stream_locks l
            SET owner_id = NULL, expires_at = clock_timestamp(),
                ended_owner_id = l.owner_id, ended_fencing_token = l.fencing_token
            FROM (
                SELECT l.ctid AS place, r.lease_id, r.owner_prefix
                FROM unnest(?::text[], ?::uuid[], ?::text[]) AS r (stream_id, lease_id, owner_prefix)
                    JOIN stream_locks l ON l.stream_id = r.stream_id
                FOR UPDATE OF l SKIP LOCKED
            ) t
            WHERE l.ctid = t.place AND l.lease_id = t.lease_id AND l.expires_at > clock_timestamp()
                AND starts_with(l.owner_id, t.owner_prefix)
            RETURNING l.stream_id
            """;

    /**
     * Binds the server, everything that {@link #SQL} binds, and then what {@link QueueSql#LOOK} binds. All of it is one
     * transaction. Callers of this server need no notification, because the look finds what they were granted.
     */
    static final String SQL_AND_LOOK = "SELECT set_config('stream_locks.server', ?, true);" + SQL + ";" + QueueSql.LOOK;

    /**
     * The most releases with a look. The driver sends all statements before it reads a result. If neither fitted into
     * the buffers of the connection, the two sides would wait for each other for ever. Besides, the thread of the
     * statement responds to the callers that were granted a stream.
     */
    private static final int MOST_LOOKED_AT = 16;

    /** No stream has this token, so a look returns all streams. */
    private static final long NO_TOKEN = 0;

    private static final ReleaseOutcome BLOCKED = new ReleaseOutcome.Blocked();
    private static final ReleaseOutcome UNDECIDED = new ReleaseOutcome.Undecided();

    @Override
    public String name() {
        return "release";
    }

    @Override
    public String streamId(ReleaseRequest request) {
        return request.streamId();
    }

    @Override
    public Optional<UUID> leaseId(ReleaseRequest request) {
        return Optional.of(request.leaseId());
    }

    @Override
    public boolean isRepeatable() {
        return true;
    }

    @Override
    public Map<String, ReleaseOutcome> carryOut(List<ReleaseRequest> requests) {
        if (requests.size() <= MOST_LOOKED_AT && isAwaited(requests)) {
            return carryOutAndLook(requests);
        }
        return statements.query(name(), SQL, ReleaseChange::released, values(requests));
    }

    /** Returns what {@link #SQL} binds. */
    static Object[] values(List<ReleaseRequest> requests) {
        return new Object[] {
            column(requests, ReleaseRequest::streamId, String[]::new),
            column(requests, ReleaseRequest::leaseId, UUID[]::new),
            column(requests, ReleaseRequest::ownerPrefix, String[]::new)
        };
    }

    /** Returns whether callers of this server wait for one of the streams. */
    boolean isAwaited(List<ReleaseRequest> requests) {
        return requests.stream().map(ReleaseRequest::streamId).anyMatch(handOvers::isAwaited);
    }

    private Map<String, ReleaseOutcome> carryOutAndLook(List<ReleaseRequest> requests) {
        Map<String, ReleaseOutcome> released = new HashMap<>();
        List<AwaitedStream> found = new ArrayList<>();
        String[] streamIds = column(requests, ReleaseRequest::streamId, String[]::new);
        long began = System.nanoTime();
        try {
            statements.readAll(
                    name(),
                    SQL_AND_LOOK,
                    List.of(
                            rows -> {},
                            rows -> released.putAll(released(rows)),
                            rows -> found.addAll(PostgresQueues.awaited(rows))),
                    handOvers.serverId().toString(),
                    streamIds,
                    column(requests, ReleaseRequest::leaseId, UUID[]::new),
                    column(requests, ReleaseRequest::ownerPrefix, String[]::new),
                    streamIds,
                    column(requests, request -> NO_TOKEN, Long[]::new),
                    0L);
        } catch (RuntimeException e) {
            // It may have been committed, and then this server was not notified.
            handOvers.reportsLost();
            throw e;
        }
        handOvers.found(found, Duration.ofNanos(System.nanoTime() - began));
        return released;
    }

    static Map<String, ReleaseOutcome> released(ResultSet rows) throws SQLException {
        Map<String, ReleaseOutcome> released = new HashMap<>();
        while (rows.next()) {
            released.put(rows.getString("stream_id"), new ReleaseOutcome.Released());
        }
        return released;
    }

    @Override
    public Optional<Judgement<ReleaseRequest, ReleaseOutcome>> glance() {
        return Optional.empty();
    }

    @Override
    public Optional<ReleaseOutcome> judge(ReleaseRequest request, ResultSet row) throws SQLException {
        return Loss.of(request.ownerPrefix(), row)
                .map(loss -> loss.reason() == LossReason.RELEASED
                        ? new ReleaseOutcome.Released()
                        : new ReleaseOutcome.Lost(loss.reason(), loss.breakReason()));
    }

    @Override
    public ReleaseOutcome blocked() {
        return BLOCKED;
    }

    @Override
    public ReleaseOutcome undecided() {
        return UNDECIDED;
    }
}

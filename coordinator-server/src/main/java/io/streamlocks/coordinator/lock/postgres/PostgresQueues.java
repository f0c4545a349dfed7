package io.streamlocks.coordinator.lock.postgres;

import static io.streamlocks.coordinator.lock.postgres.Statements.column;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.AwaitedStream;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.LeaveRequest;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.Owner;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.Waiter;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;

/**
 * The queues of streams. This class is thread-safe.
 *
 * @param statements runs the statements of {@link QueueSql}
 * @param acquire judges the rows of requests that wait no longer
 * @param serverId the server whose callers wait
 */
record PostgresQueues(Statements statements, AcquireChange acquire, UUID serverId) {

    private static final Optional<AcquireOutcome> WAITS = Optional.empty();
    private static final AcquireOutcome BLOCKED = new AcquireOutcome.Blocked();

    /**
     * What a function of the migration has done for a request.
     *
     * @param word its word for that
     * @param position the position of a place that was kept; 0 for all others
     */
    private record Done(String word, int position) {}

    List<Optional<AcquireOutcome>> queue(List<QueueRequest> requests) {
        List<Done> done = carryOut(
                "queue",
                QueueSql.QUEUE,
                requests.size(),
                column(requests, QueueRequest::streamId, String[]::new),
                column(requests, request -> request.request().ownerId(), String[]::new),
                column(requests, QueueRequest::leaseId, UUID[]::new),
                column(requests, request -> request.request().ttl().toMillis(), Long[]::new),
                column(
                        requests,
                        request -> Labels.arrayText(request.request().owner().labels()),
                        String[]::new),
                column(requests, QueueRequest::callId, UUID[]::new),
                column(requests, request -> request.waits().toMillis(), Long[]::new),
                serverId);
        List<Optional<AcquireOutcome>> outcomes = new ArrayList<>(requests.size());
        List<Integer> granted = new ArrayList<>();
        List<Integer> closed = new ArrayList<>();
        for (int i = 0; i < done.size(); i++) {
            String word = done.get(i).word();
            if (word.equals("granted")) {
                granted.add(i);
            } else if (word.equals("closed")) {
                closed.add(i);
            }
            outcomes.add(
                    switch (word) {
                        case "queued" -> WAITS;
                        case "used" -> Optional.of(new AcquireOutcome.LeaseIdUsed());
                        default -> Optional.of(BLOCKED);
                    });
        }
        List<AcquireRequest> acquires =
                requests.stream().map(QueueRequest::request).toList();
        judge("queue", granted, acquires, outcomes);
        if (!closed.isEmpty()) {
            look("queue", LockSql.GLANCE, closed, acquires, (index, row) -> AcquireChange.glance(row)
                    .ifPresent(outcome -> outcomes.set(index, Optional.of(outcome))));
        }
        return outcomes;
    }

    List<Optional<AcquireOutcome>> leave(List<LeaveRequest> requests) {
        List<Done> done = leave(
                "leave",
                column(requests, LeaveRequest::streamId, String[]::new),
                column(requests, LeaveRequest::leaseId, UUID[]::new),
                column(requests, LeaveRequest::callId, UUID[]::new),
                column(requests, request -> "", String[]::new),
                column(requests, LeaveRequest::keepsPlace, Boolean[]::new));
        List<Optional<AcquireOutcome>> outcomes =
                new ArrayList<>(Collections.nCopies(requests.size(), Optional.of(BLOCKED)));
        List<Integer> ended = new ArrayList<>();
        for (int i = 0; i < done.size(); i++) {
            if (!done.get(i).word().equals("blocked")) {
                if (!requests.get(i).keepsPlace()) {
                    outcomes.set(i, Optional.empty());
                } else {
                    ended.add(i);
                }
            }
        }
        judge(
                "leave",
                glance(ended, requests, done, outcomes),
                requests.stream().map(PostgresQueues::acquire).toList(),
                outcomes);
        return outcomes;
    }

    /** Decides what the committed rows decide, and returns the requests that are left. */
    private List<Integer> glance(
            List<Integer> ended,
            List<LeaveRequest> requests,
            List<Done> done,
            List<Optional<AcquireOutcome>> outcomes) {
        List<Integer> left = new ArrayList<>(ended);
        if (!ended.isEmpty()) {
            look(
                    "leave",
                    LockSql.GLANCE,
                    ended,
                    requests.stream().map(PostgresQueues::acquire).toList(),
                    (index, row) -> {
                        int kept = done.get(index).position();
                        OptionalInt position = kept == 0 ? OptionalInt.empty() : OptionalInt.of(kept);
                        Optional<AcquireOutcome> outcome =
                                AcquireChange.glance(row).map(seen -> at(position, seen));
                        // The caller is at the head of the queue of a free stream, or its place was lost.
                        boolean isFree = !row.getBoolean("is_live")
                                && !row.getBoolean("is_latest")
                                && !row.getBoolean("is_superseded");
                        if (outcome.isEmpty() && isFree) {
                            outcome = Optional.of(new AcquireOutcome.Awaited(position));
                        }
                        if (outcome.isPresent()) {
                            outcomes.set(index, outcome);
                            left.remove((Integer) index);
                        }
                    });
        }
        return left;
    }

    private static AcquireOutcome at(OptionalInt position, AcquireOutcome outcome) {
        if (outcome instanceof AcquireOutcome.Held held) {
            return new AcquireOutcome.Held(held.holder(), position);
        }
        return outcome instanceof AcquireOutcome.Awaited ? new AcquireOutcome.Awaited(position) : outcome;
    }

    /** Stands for a request in {@link AcquireChange#judge}, which reads nothing of it but the stream and the lease. */
    private static AcquireRequest acquire(LeaveRequest request) {
        return new AcquireRequest(request.streamId(), "", request.leaseId(), Limits.MIN_TTL);
    }

    /** Decides requests by their locked rows. A row that another transaction has locked leaves its request blocked. */
    private void judge(
            String what, List<Integer> open, List<AcquireRequest> requests, List<Optional<AcquireOutcome>> outcomes) {
        if (!open.isEmpty()) {
            look(what, LockSql.LOOK, open, requests, (index, row) -> acquire.judge(requests.get(index), row)
                    .ifPresent(outcome -> outcomes.set(index, Optional.of(outcome))));
        }
    }

    private void look(
            String what, String sql, List<Integer> open, List<AcquireRequest> requests, Statements.Standing standing) {
        statements.look(
                what,
                sql,
                open.stream().map(index -> requests.get(index).streamId()).toList(),
                open.stream().map(index -> requests.get(index).leaseId()).toArray(UUID[]::new),
                (index, row) -> standing.read(open.get(index), row));
    }

    /**
     * Removes the places of releases that have found no lease.
     *
     * @param requests releases
     * @return their outcomes; empty if there is neither a place nor a lease
     */
    List<Optional<ReleaseOutcome>> withdraw(List<ReleaseRequest> requests) {
        return leave(
                        "release",
                        column(requests, ReleaseRequest::streamId, String[]::new),
                        column(requests, ReleaseRequest::leaseId, UUID[]::new),
                        new UUID[requests.size()],
                        column(requests, ReleaseRequest::ownerPrefix, String[]::new),
                        Collections.nCopies(requests.size(), false).toArray(Boolean[]::new))
                .stream()
                .map(done -> switch (done.word()) {
                    case "left" -> Optional.<ReleaseOutcome>of(new ReleaseOutcome.Released());
                    case "none" -> Optional.<ReleaseOutcome>empty();
                    // The place was granted the stream after the release had looked. The release is tried again.
                    default -> Optional.<ReleaseOutcome>of(new ReleaseOutcome.Blocked());
                })
                .toList();
    }

    private List<Done> leave(
            String what, String[] streamIds, UUID[] leaseIds, UUID[] callIds, String[] prefixes, Boolean[] keeps) {
        return carryOut(what, QueueSql.LEAVE, streamIds.length, streamIds, leaseIds, callIds, prefixes, keeps);
    }

    private List<Done> carryOut(String what, String sql, int size, Object... values) {
        List<Done> done = new ArrayList<>(Collections.nCopies(size, new Done("", 0)));
        statements.read(
                what,
                sql,
                rows -> {
                    while (rows.next()) {
                        done.set(
                                rows.getInt("position") - 1,
                                new Done(rows.getString("outcome"), rows.getInt("place_position")));
                    }
                },
                values);
        return done;
    }

    void advance(List<String> streamIds) {
        statements.read("advance", QueueSql.ADVANCE, rows -> {}, (Object) streamIds.toArray(String[]::new));
    }

    List<AwaitedStream> look(List<AwaitedStream.Known> streams, Duration horizon) {
        return statements.query(
                "look",
                QueueSql.LOOK,
                PostgresQueues::awaited,
                column(streams, AwaitedStream.Known::streamId, String[]::new),
                column(streams, AwaitedStream.Known::fencingToken, Long[]::new),
                horizon.toMillis());
    }

    static List<AwaitedStream> awaited(ResultSet rows) throws SQLException {
        List<AwaitedStream> streams = new ArrayList<>();
        while (rows.next()) {
            Duration left = Duration.between(
                    rows.getObject("answered_at", OffsetDateTime.class),
                    rows.getObject("grantable_at", OffsetDateTime.class));
            Optional<Lease> lease = rows.getBoolean("is_live") ? Optional.of(LeaseRow.lease(rows)) : Optional.empty();
            streams.add(new AwaitedStream(
                    rows.getString("stream_id"),
                    rows.getLong("fencing_token"),
                    lease,
                    left.isNegative() ? Duration.ZERO : left));
        }
        return streams;
    }

    List<QueueRequest> withoutPlace(List<QueueRequest> requests) {
        List<QueueRequest> without = new ArrayList<>();
        statements.read(
                "look for places",
                QueueSql.WITHOUT_PLACE,
                rows -> {
                    while (rows.next()) {
                        without.add(requests.get(rows.getInt("position") - 1));
                    }
                },
                column(requests, QueueRequest::streamId, String[]::new),
                column(requests, QueueRequest::leaseId, UUID[]::new));
        return without;
    }

    List<Waiter> waiters(String streamId) {
        return statements.query(
                "list waiters", QueueSql.WAITERS, PostgresQueues::waiters, streamId, Limits.MAX_LISTED_WAITERS);
    }

    private static List<Waiter> waiters(ResultSet rows) throws SQLException {
        List<Waiter> waiters = new ArrayList<>();
        while (rows.next()) {
            Duration waiting = Duration.between(
                    rows.getObject("waiting_since", OffsetDateTime.class),
                    rows.getObject("answered_at", OffsetDateTime.class));
            waiters.add(new Waiter(
                    new Owner(rows.getString("owner_id"), Labels.of(rows)),
                    waiters.size() + 1,
                    waiting.isNegative() ? Duration.ZERO : waiting));
        }
        return waiters;
    }
}

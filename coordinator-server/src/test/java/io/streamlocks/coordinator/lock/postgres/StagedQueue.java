package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.LeaveRequest;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.Owner;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.Waiter;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jooq.Record;
import org.junit.jupiter.api.BeforeEach;

/** A staged race about the queue of a stream. Two servers use the database. */
abstract class StagedQueue extends StagedRace {

    static final Duration WAIT = Duration.ofSeconds(20);
    static final Optional<AcquireOutcome> BLOCKED = Optional.of(new AcquireOutcome.Blocked());

    LockManager otherServer;

    @BeforeEach
    void startAnotherServer() {
        otherServer = new PostgresLockManager(database.pool());
    }

    /** Returns a request of a new call for the stream of this test. */
    QueueRequest place(String ownerId) {
        return new QueueRequest(request(ownerId), UUID.randomUUID(), WAIT);
    }

    /** Returns the request of a later call for the same place. */
    static QueueRequest again(QueueRequest before) {
        return new QueueRequest(before.request(), UUID.randomUUID(), WAIT);
    }

    /** Takes a place. Fails if it is granted. */
    QueueRequest waits(String ownerId) {
        QueueRequest request = place(ownerId);
        assertThat(queue(request)).isEmpty();
        return request;
    }

    Optional<AcquireOutcome> queue(QueueRequest request) {
        return locks.queue(List.of(request)).get(0);
    }

    Optional<AcquireOutcome> leave(QueueRequest request, boolean keepsPlace) {
        return locks.leave(List.of(new LeaveRequest(stream, request.leaseId(), request.callId(), keepsPlace)))
                .get(0);
    }

    /** Returns the owners that wait, in their order. */
    List<String> waiting() {
        return locks.reads().waiters(stream).stream()
                .map(Waiter::owner)
                .map(Owner::id)
                .toList();
    }

    Optional<String> holder() {
        return holder(stream);
    }

    Optional<String> holder(String streamId) {
        return locks.find(streamId).map(Lock::ownerId);
    }

    /** Takes a place like the statement of another server that is not committed yet. */
    static String queueIn(Connection transaction, QueueRequest request) {
        return sql(transaction)
                .fetchSingle(
                        "SELECT stream_lock_queue(?, ?, ?, 30000, NULL, gen_random_uuid(), ?, 20000)",
                        request.streamId(),
                        request.request().ownerId(),
                        request.leaseId(),
                        request.callId())
                .get(0, String.class);
    }

    /** Releases the stream of this test like the statement of another server that is not committed yet. */
    void releaseIn(Connection transaction) {
        sql(transaction)
                .execute(
                        "UPDATE stream_locks SET owner_id = NULL, expires_at = clock_timestamp() WHERE stream_id = ?",
                        stream);
    }

    /** Returns how each grant of the stream ended, in the order of the grants. */
    List<List<Object>> ends(String schema) {
        return database.sql()
                .fetch("SELECT owner_id, end_reason, ended_by FROM " + schema
                        + ".stream_lock_history ORDER BY fencing_token")
                .map(Record::intoList);
    }
}

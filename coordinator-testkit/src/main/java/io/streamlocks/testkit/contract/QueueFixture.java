package io.streamlocks.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.LeaveRequest;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.Owner;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.Waiter;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** What the tests of queues and places share. */
public interface QueueFixture extends ContractFixture {

    /** How long the calls of these tests wait. */
    Duration WAIT = Duration.ofSeconds(20);

    /** Longer than a place outlives its call. */
    Duration UNTIL_DEAD = Limits.PLACE_KEPT.plusSeconds(1);

    /** Makes the places of a stream older by this much. */
    void agePlaces(String streamId, Duration by);

    /** Returns a request of a new call. */
    default QueueRequest place(String ownerId) {
        return place(ownerId, UUID.randomUUID());
    }

    /** Returns a request of a new call with this lease id. */
    default QueueRequest place(String ownerId, UUID leaseId) {
        return new QueueRequest(request(ownerId, leaseId, TTL), UUID.randomUUID(), WAIT);
    }

    /** Asks for a place, and repeats the request until it is not blocked. */
    default Optional<AcquireOutcome> queue(QueueRequest request) {
        Optional<AcquireOutcome> blocked = Optional.of(new AcquireOutcome.Blocked());
        Optional<AcquireOutcome> outcome = locks().queue(List.of(request)).get(0);
        while (outcome.equals(blocked)) {
            outcome = locks().queue(List.of(request)).get(0);
        }
        return outcome;
    }

    /** Takes a place for a new call. Fails if it is granted. */
    default QueueRequest waits(String ownerId) {
        QueueRequest request = place(ownerId);
        assertThat(queue(request)).isEmpty();
        return request;
    }

    /** Ends a call that waited. */
    default Optional<AcquireOutcome> leave(QueueRequest request, boolean keepsPlace) {
        LeaveRequest leave = new LeaveRequest(request.streamId(), request.leaseId(), request.callId(), keepsPlace);
        Optional<AcquireOutcome> blocked = Optional.of(new AcquireOutcome.Blocked());
        Optional<AcquireOutcome> outcome = locks().leave(List.of(leave)).get(0);
        while (outcome.equals(blocked)) {
            outcome = locks().leave(List.of(leave)).get(0);
        }
        return outcome;
    }

    /** Returns the owners that wait, in their order. */
    default List<String> waiting() {
        return locks().reads().waiters(stream()).stream()
                .map(Waiter::owner)
                .map(Owner::id)
                .toList();
    }

    /** Returns who holds the stream; empty if nobody does. */
    default Optional<String> holder() {
        return locks().find(stream()).map(Lock::ownerId);
    }
}

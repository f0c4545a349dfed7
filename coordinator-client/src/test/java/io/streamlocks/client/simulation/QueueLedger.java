package io.streamlocks.client.simulation;

import io.streamlocks.coordinator.lock.LeaveRequest;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.Waiter;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * The queues by the rules of the protocol, whatever the storage has stored. It compares every grant, and the queue after
 * every change, with what the protocol promises to callers that wait.
 */
final class QueueLedger {

    /** A place. Its call is that of the latest request for it. */
    private static final class Place {
        private QueueRequest request;
        private Instant callingUntil;

        private boolean isAlive(Instant now) {
            return callingUntil.plus(Limits.PLACE_KEPT).isAfter(now);
        }

        private boolean isCalling(Instant now) {
            return callingUntil.isAfter(now);
        }
    }

    /** The places of each stream by lease id, in the order of their tickets. */
    private final Map<String, Map<UUID, Place>> queues = new HashMap<>();

    private int handOvers;
    private int takenOver;

    private Map<UUID, Place> queue(String streamId) {
        return queues.computeIfAbsent(streamId, id -> new LinkedHashMap<>());
    }

    /** Forgets all places, because the storage does. It repeats those that it has not forgotten. */
    void forget() {
        queues.clear();
        handOvers = 0;
        takenOver = 0;
    }

    /** Records that a call has taken a place, or has taken over that of an earlier call. */
    void taken(QueueRequest request, Instant now) {
        Map<UUID, Place> queue = queue(request.streamId());
        Place place = queue.get(request.leaseId());
        if (place != null && place.isAlive(now)) {
            takenOver++;
        } else {
            place = new Place();
            queue.remove(request.leaseId());
            queue.put(request.leaseId(), place);
        }
        place.request = request;
        place.callingUntil = now.plus(request.waits());
    }

    /** Records that a call has ended. It affects no place that a later call has taken over. */
    void left(LeaveRequest request, Instant now) {
        Place place = queue(request.streamId()).get(request.leaseId());
        if (place == null || !place.request.callId().equals(request.callId())) {
            return;
        }
        if (!request.keepsPlace()) {
            queue(request.streamId()).remove(request.leaseId());
        } else if (place.isCalling(now)) {
            place.callingUntil = now;
        }
    }

    /** Records that the place of a lease id is gone: its client has withdrawn it, or a fail-over has lost it. */
    void gone(String streamId, UUID leaseId) {
        queue(streamId).remove(leaseId);
    }

    /** Records a grant to an acquire. */
    void granted(String streamId, UUID leaseId, Instant now) {
        Optional<UUID> first = first(streamId, now).map(place -> place.request.leaseId());
        require(first.isEmpty() || first.get().equals(leaseId), "a caller has overtaken another one that waits");
        queue(streamId).remove(leaseId);
    }

    /** Records that the storage has handed a stream over. */
    void handedOver(String streamId, UUID leaseId, Instant now) {
        Place place = queue(streamId).get(leaseId);
        require(place != null && place.isAlive(now), "a stream was handed over to a caller that does not wait");
        require(place.isCalling(now), "a stream was handed over to a caller between two calls");
        handOvers++;
        granted(streamId, leaseId, now);
    }

    /** Compares a queue with that of the storage. */
    void compare(String streamId, List<Waiter> stored, Instant now) {
        List<String> owners = queue(streamId).values().stream()
                .filter(place -> place.isAlive(now))
                .map(place -> place.request.request().ownerId())
                .toList();
        List<String> storedOwners =
                stored.stream().map(waiter -> waiter.owner().id()).toList();
        require(
                owners.equals(storedOwners),
                "the queue of " + streamId + " is " + storedOwners + ", and by the rules it is " + owners);
    }

    private Optional<Place> first(String streamId, Instant now) {
        return queue(streamId).values().stream()
                .filter(place -> place.isAlive(now))
                .findFirst();
    }

    /** Returns whether the first caller in a queue waits in a call. */
    boolean isFirstCalling(String streamId, Instant now) {
        return first(streamId, now).filter(place -> place.isCalling(now)).isPresent();
    }

    /** Returns the latest requests for the places of a stream that are alive, in their order. */
    List<QueueRequest> alive(String streamId, Instant now) {
        return queue(streamId).values().stream()
                .filter(place -> place.isAlive(now))
                .map(place -> place.request)
                .toList();
    }

    /** Returns the latest request for a place, if it is there. */
    Optional<QueueRequest> request(String streamId, UUID leaseId) {
        return Optional.ofNullable(queue(streamId).get(leaseId)).map(place -> place.request);
    }

    int handOvers() {
        return handOvers;
    }

    /** Returns how often a later call has taken a place over. */
    int takenOver() {
        return takenOver;
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError("Queue: " + otherwise);
        }
    }
}

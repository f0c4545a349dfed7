package io.streamlocks.coordinator.lock.memory;

import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.Waiter;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The queue of a stream: its places in the order in which they were taken. The monitor of the {@link MemoryLockManager}
 * guards it. The methods get the time from their caller, so that one decision uses one time.
 */
final class MemoryQueue {

    /**
     * A place.
     *
     * @param request the latest request for it
     * @param since when it was taken
     * @param callingUntil until when its call waits
     */
    record Place(QueueRequest request, Instant since, Instant callingUntil) {

        boolean isAlive(Instant now) {
            return callingUntil.plus(Limits.PLACE_KEPT).isAfter(now);
        }

        boolean isCalling(Instant now) {
            return callingUntil.isAfter(now);
        }
    }

    /** The places by lease id, in their order. */
    private final Map<UUID, Place> places = new LinkedHashMap<>();

    /** Takes a place, or continues in the place of the lease id if it is alive. */
    void take(QueueRequest request, Instant now) {
        Place before = places.get(request.leaseId());
        if (before != null && !before.isAlive(now)) {
            places.remove(request.leaseId());
            before = null;
        }
        Instant since = before == null ? now : before.since();
        places.put(request.leaseId(), new Place(request, since, now.plus(request.waits())));
    }

    /** Keeps the place of a call that ends. Returns its position; empty if the call has no place. */
    OptionalInt keep(UUID leaseId, UUID callId, Instant now) {
        Place place = places.get(leaseId);
        if (place == null || !place.request().callId().equals(callId)) {
            return OptionalInt.empty();
        }
        if (place.isCalling(now)) {
            places.put(leaseId, new Place(place.request(), place.since(), now));
        }
        int position = 0;
        for (Place other : places.values()) {
            if (other.isAlive(now)) {
                position++;
            }
            if (other.request().leaseId().equals(leaseId)) {
                break;
            }
        }
        return OptionalInt.of(position);
    }

    /** Removes the place of a lease id if its latest request meets a condition. Returns whether it did. */
    boolean remove(UUID leaseId, Predicate<QueueRequest> condition) {
        Place place = places.get(leaseId);
        if (place == null || !condition.test(place.request())) {
            return false;
        }
        places.remove(leaseId);
        return true;
    }

    boolean has(UUID leaseId) {
        return places.containsKey(leaseId);
    }

    /** Returns the first place that is alive, and forgets the dead ones and those of used lease ids before it. */
    Optional<Place> first(Predicate<UUID> isUsed, Instant now) {
        Iterator<Place> all = places.values().iterator();
        while (all.hasNext()) {
            Place place = all.next();
            if (place.isAlive(now) && !isUsed.test(place.request().leaseId())) {
                return Optional.of(place);
            }
            all.remove();
        }
        return Optional.empty();
    }

    /** Forgets the places that are dead. Returns whether none is left. */
    boolean purge(Instant now) {
        places.values().removeIf(place -> !place.isAlive(now));
        return places.isEmpty();
    }

    /** Returns the callers that wait, in their order. */
    List<Waiter> waiters(Instant now) {
        List<Place> alive = alive(now).limit(Limits.MAX_LISTED_WAITERS).toList();
        return Stream.iterate(0, i -> i < alive.size(), i -> i + 1)
                .map(i -> new Waiter(
                        alive.get(i).request().request().owner(),
                        i + 1,
                        Duration.between(alive.get(i).since(), now)))
                .toList();
    }

    int size(Instant now) {
        return (int) alive(now).count();
    }

    private Stream<Place> alive(Instant now) {
        return places.values().stream().filter(place -> place.isAlive(now));
    }
}

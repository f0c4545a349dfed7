package io.streamlocks.coordinator.lock.waiting;

import io.streamlocks.coordinator.lock.LockCalls;
import io.streamlocks.coordinator.lock.QueueRequest;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * Searches for places that are gone. A fail-over of the storage can lose places.
 *
 * @param storage has the places
 * @param observer is informed of the number of those that are gone
 * @param findings acts on them
 */
record PlaceSearch(LockCalls storage, WaitObserver observer, Findings findings) {

    /** Reports the requests among these that have taken a place and have none. Blocks for a statement. */
    void find(List<Wait> confirmed) {
        if (confirmed.isEmpty()) {
            return;
        }
        Set<QueueRequest> without = Set.copyOf(storage.withoutPlace(
                confirmed.stream().map(wait -> wait.place(Duration.ZERO)).toList()));
        List<Wait> lost = confirmed.stream()
                .filter(wait -> without.contains(wait.place(Duration.ZERO)))
                .toList();
        if (!lost.isEmpty()) {
            observer.placesLost(lost.size());
            lost.forEach(findings::placeLost);
        }
    }
}

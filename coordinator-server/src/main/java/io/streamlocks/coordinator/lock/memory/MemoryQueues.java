package io.streamlocks.coordinator.lock.memory;

import io.streamlocks.coordinator.lock.HandOvers;
import io.streamlocks.coordinator.lock.LeaveRequest;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.Waiter;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The queues of all streams. The monitor of the {@link MemoryLockManager} guards them; a stream that nobody waits for
 * has none. This class also reports the hand-overs, which it does in the call that hands a stream over.
 */
final class MemoryQueues implements HandOvers {

    private final Map<String, MemoryQueue> queues = new HashMap<>();

    private volatile @Nullable Listener listener;

    void take(QueueRequest request, Instant now) {
        queues.computeIfAbsent(request.streamId(), stream -> new MemoryQueue()).take(request, now);
    }

    /** Keeps the place of a call that ends. Returns its position; empty if the call has no place. */
    OptionalInt keep(LeaveRequest request, Instant now) {
        MemoryQueue queue = queues.get(request.streamId());
        return queue == null ? OptionalInt.empty() : queue.keep(request.leaseId(), request.callId(), now);
    }

    /** Removes the place of a lease id if its latest request meets a condition. Returns whether it did. */
    boolean remove(String streamId, UUID leaseId, Predicate<QueueRequest> condition) {
        MemoryQueue queue = queues.get(streamId);
        return queue != null && queue.remove(leaseId, condition);
    }

    boolean has(String streamId, UUID leaseId) {
        MemoryQueue queue = queues.get(streamId);
        return queue != null && queue.has(leaseId);
    }

    /** Returns the first place of the stream of an entry that is alive, if its lease id has not been granted. */
    Optional<MemoryQueue.Place> first(Entry entry, Instant now) {
        MemoryQueue queue = queues.get(entry.streamId());
        Optional<MemoryQueue.Place> first = queue == null ? Optional.empty() : queue.first(entry::knows, now);
        if (first.isEmpty()) {
            queues.remove(entry.streamId());
        }
        return first;
    }

    int size(String streamId, Instant now) {
        MemoryQueue queue = queues.get(streamId);
        return queue == null ? 0 : queue.size(now);
    }

    List<Waiter> waiters(String streamId, Instant now) {
        MemoryQueue queue = queues.get(streamId);
        return queue == null ? List.of() : queue.waiters(now);
    }

    /** Forgets the places that are dead. A stream that is held for long gets no hand-over, which would forget them. */
    void purge(Instant now) {
        queues.values().removeIf(queue -> queue.purge(now));
    }

    void forget(String streamId) {
        queues.remove(streamId);
    }

    /** Reports that a stream was handed over. */
    void report(Entry granted) {
        Listener informed = listener;
        if (informed != null) {
            informed.handedOver(granted.streamId(), granted.fencingToken());
        }
    }

    @Override
    public void listen(Listener informed) {
        listener = informed;
    }

    @Override
    public boolean areReported() {
        return true;
    }

    @Override
    public void close() {
        listener = null;
    }
}

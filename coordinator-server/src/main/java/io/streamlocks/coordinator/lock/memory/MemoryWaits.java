package io.streamlocks.coordinator.lock.memory;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AwaitedStream;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.LeaveRequest;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.QueueRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What waiting calls ask for. The monitor of the {@link MemoryLockManager} guards it. The methods get the time from
 * their caller, so that one decision uses one time.
 *
 * @param streams the latest lease of each stream
 * @param queues the queues of the streams
 * @param handOver hands a stream over to the first caller in its queue, if it can be granted
 */
record MemoryWaits(Map<String, Entry> streams, MemoryQueues queues, BiConsumer<Entry, Instant> handOver) {

    private static final AcquireOutcome USED = new AcquireOutcome.LeaseIdUsed();

    Lock lock(Entry entry, Instant now) {
        return entry.lock(now, queues.size(entry.streamId(), now));
    }

    Lease lease(Entry entry, Instant now) {
        return entry.lease(now, queues.size(entry.streamId(), now));
    }

    AcquireOutcome granted(Entry entry, Instant now) {
        return new AcquireOutcome.Granted(lease(entry, now));
    }

    Optional<AcquireOutcome> queue(QueueRequest request, Instant now) {
        Entry last = streams.get(request.streamId());
        if (last == null) {
            return Optional.of(new AcquireOutcome.Blocked());
        }
        if (!last.knows(request.leaseId())) {
            queues.take(request, now);
            handOver.accept(last, now);
        }
        // The hand-over may have granted the stream.
        return ofKnown(streams.get(request.streamId()), request, now);
    }

    private Optional<AcquireOutcome> ofKnown(@Nullable Entry latest, QueueRequest request, Instant now) {
        if (latest == null || !latest.knows(request.leaseId())) {
            return Optional.empty();
        }
        return Optional.of(latest.isOf(request.leaseId()) && latest.isLive(now) ? granted(latest, now) : USED);
    }

    Optional<AcquireOutcome> leave(LeaveRequest request, Instant now) {
        Entry last = streams.get(request.streamId());
        if (!request.keepsPlace()) {
            queues.remove(request.streamId(), request.leaseId(), place -> place.callId()
                    .equals(request.callId()));
            if (last != null) {
                handOver.accept(last, now);
            }
            return Optional.empty();
        }
        OptionalInt position = queues.keep(request, now);
        if (last == null) {
            return Optional.of(new AcquireOutcome.Awaited(position));
        }
        if (last.knows(request.leaseId())) {
            boolean isHeld = last.isOf(request.leaseId()) && last.isLive(now);
            return Optional.of(isHeld ? granted(last, now) : USED);
        }
        if (last.isLive(now)) {
            return Optional.of(new AcquireOutcome.Held(lock(last, now), position));
        }
        Duration opensIn = last.opensIn(now);
        return Optional.of(
                opensIn.compareTo(Duration.ZERO) > 0
                        ? new AcquireOutcome.Delayed(opensIn)
                        : new AcquireOutcome.Awaited(position));
    }

    List<AwaitedStream> look(List<AwaitedStream.Known> known, Duration horizon, Instant now) {
        List<AwaitedStream> found = new ArrayList<>();
        for (AwaitedStream.Known stream : known) {
            Entry entry = streams.get(stream.streamId());
            if (entry != null
                    && (entry.fencingToken() != stream.fencingToken()
                            || entry.grantableIn(now).compareTo(horizon) <= 0)) {
                Duration grantableIn = entry.grantableIn(now);
                found.add(new AwaitedStream(
                        entry.streamId(),
                        entry.fencingToken(),
                        entry.isLive(now) ? Optional.of(lease(entry, now)) : Optional.empty(),
                        grantableIn.isNegative() ? Duration.ZERO : grantableIn));
            }
        }
        return found;
    }

    List<QueueRequest> withoutPlace(List<QueueRequest> requests) {
        return requests.stream()
                .filter(request -> !queues.has(request.streamId(), request.leaseId()))
                .filter(request -> Optional.ofNullable(streams.get(request.streamId()))
                        .filter(entry -> entry.isOf(request.leaseId()))
                        .isEmpty())
                .toList();
    }
}

package io.streamlocks.coordinator.lock.waiting;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.AwaitedStream;
import io.streamlocks.coordinator.lock.HandOvers;
import io.streamlocks.coordinator.lock.LeaveRequest;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.testkit.contract.ForwardingLocks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A backend that fails, blocks and forgets as a test says, and counts its calls. One thread uses it. */
final class TamperedLocks extends ForwardingLocks implements HandOvers {

    private static final Optional<AcquireOutcome> BLOCKED = Optional.of(new AcquireOutcome.Blocked());

    private final LockManager next;

    /** The names of the methods that throw. */
    final Set<String> failing = new HashSet<>();

    /** The names of the methods for which each stream is locked. */
    final Set<String> blocked = new HashSet<>();

    /** Whether looks end with an error. */
    boolean broken;

    /** Whether hand-overs are reported. */
    boolean reports = true;

    /** The calls, such as {@code look 1}, with the number of their requests. */
    final List<String> calls = new ArrayList<>();

    /** The ends of calls that were reported. */
    final List<LeaveRequest> left = new ArrayList<>();

    /** Runs once at the end of the next call of {@code queue}. */
    Runnable afterQueue = () -> {};

    Listener listener;

    TamperedLocks(LockManager next) {
        this.next = next;
        next.handOvers().listen(new Listener() {
            @Override
            public void handedOver(String streamId, long fencingToken) {
                if (reports && listener != null) {
                    listener.handedOver(streamId, fencingToken);
                }
            }

            @Override
            public void reportsLost() {
                throw new AssertionError("The memory backend loses no report");
            }
        });
    }

    @Override
    protected LockManager next() {
        return next;
    }

    private void note(String method, List<?> requests) {
        calls.add(method + " " + requests.size());
        if (failing.contains(method)) {
            throw new StorageUnavailableException("It fails");
        }
    }

    private static List<Optional<AcquireOutcome>> allBlocked(List<?> requests) {
        return requests.stream().map(request -> BLOCKED).toList();
    }

    @Override
    public List<AcquireOutcome> acquire(List<AcquireRequest> requests) {
        note("acquire", requests);
        return super.acquire(requests);
    }

    @Override
    public List<Optional<AcquireOutcome>> queue(List<QueueRequest> requests) {
        note("queue", requests);
        List<Optional<AcquireOutcome>> outcomes =
                blocked.contains("queue") ? allBlocked(requests) : super.queue(requests);
        Runnable after = afterQueue;
        afterQueue = () -> {};
        after.run();
        return outcomes;
    }

    @Override
    public List<Optional<AcquireOutcome>> leave(List<LeaveRequest> requests) {
        note("leave", requests);
        if (blocked.contains("leave")) {
            return allBlocked(requests);
        }
        left.addAll(requests);
        return super.leave(requests);
    }

    @Override
    public void advance(List<String> streamIds) {
        note("advance", streamIds);
        super.advance(streamIds);
    }

    @Override
    public List<AwaitedStream> look(List<AwaitedStream.Known> streams, Duration horizon) {
        note("look", streams);
        if (broken) {
            throw new StackOverflowError("It is broken");
        }
        return super.look(streams, horizon);
    }

    @Override
    public List<QueueRequest> withoutPlace(List<QueueRequest> requests) {
        note("withoutPlace", requests);
        return super.withoutPlace(requests);
    }

    @Override
    public HandOvers handOvers() {
        return this;
    }

    @Override
    public void listen(Listener informed) {
        listener = informed;
    }

    @Override
    public boolean areReported() {
        return reports;
    }

    @Override
    public void close() {
        listener = null;
    }
}

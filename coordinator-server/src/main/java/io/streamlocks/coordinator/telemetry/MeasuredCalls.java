package io.streamlocks.coordinator.telemetry;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.AwaitedStream;
import io.streamlocks.coordinator.lock.BlockedException;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.Groups;
import io.streamlocks.coordinator.lock.LeaveRequest;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockCalls;
import io.streamlocks.coordinator.lock.LockReads;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StatementKind;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Counts the outcomes of a backend, and measures its statements. This class is thread-safe.
 *
 * @param locks the backend
 * @param outcomes counts the outcomes
 * @param statements measures the statements
 */
record MeasuredCalls(LockCalls locks, OutcomeCounters outcomes, StatementMeters statements) implements LockCalls {

    @Override
    public List<AcquireOutcome> acquire(List<AcquireRequest> requests) {
        List<AcquireOutcome> decided = measure(StatementKind.ACQUIRE, requests.size(), () -> locks.acquire(requests));
        outcomes.acquired(decided);
        return decided;
    }

    @Override
    public List<Optional<AcquireOutcome>> queue(List<QueueRequest> requests) {
        return measure(StatementKind.QUEUE, requests.size(), () -> locks.queue(requests));
    }

    @Override
    public List<Optional<AcquireOutcome>> leave(List<LeaveRequest> requests) {
        return measure(StatementKind.LEAVE, requests.size(), () -> locks.leave(requests));
    }

    @Override
    public void advance(List<String> streamIds) {
        measure(StatementKind.ADVANCE, streamIds.size(), () -> {
            locks.advance(streamIds);
            return true;
        });
    }

    @Override
    public List<AwaitedStream> look(List<AwaitedStream.Known> streams, Duration horizon) {
        return measure(StatementKind.LOOK, streams.size(), () -> locks.look(streams, horizon));
    }

    @Override
    public List<QueueRequest> withoutPlace(List<QueueRequest> requests) {
        return measure(StatementKind.LOOK, requests.size(), () -> locks.withoutPlace(requests));
    }

    @Override
    public List<RenewOutcome> renew(List<RenewRequest> requests) {
        List<RenewOutcome> decided = measure(StatementKind.RENEW, requests.size(), () -> locks.renew(requests));
        outcomes.renewed(decided);
        return decided;
    }

    @Override
    public List<ReleaseOutcome> release(List<ReleaseRequest> requests) {
        List<ReleaseOutcome> decided = measure(StatementKind.RELEASE, requests.size(), () -> locks.release(requests));
        outcomes.released(decided);
        return decided;
    }

    /** A statement of each kind took the time of both. If no acquire was decided, there was only that of the releases. */
    @Override
    public Outcomes acquireAndRelease(List<AcquireRequest> acquires, List<ReleaseRequest> releases) {
        long began = System.nanoTime();
        Outcomes decided =
                measure(StatementKind.RELEASE, releases.size(), () -> locks.acquireAndRelease(acquires, releases));
        if (decided.acquired().stream().anyMatch(outcome -> !(outcome instanceof AcquireOutcome.Undecided))) {
            statements
                    .begin(StatementKind.ACQUIRE, acquires.size())
                    .statement()
                    .record(System.nanoTime() - began, TimeUnit.NANOSECONDS);
        }
        outcomes.acquired(decided.acquired());
        outcomes.released(decided.released());
        return decided;
    }

    @Override
    public List<BreakOutcome> breakLeases(List<BreakRequest> requests) {
        List<BreakOutcome> decided = measure(StatementKind.BREAK, requests.size(), () -> locks.breakLeases(requests));
        outcomes.broken(decided);
        return decided;
    }

    /** This is many statements, so its time is not measured as that of one. */
    @Override
    public int breakOwner(String ownerId, Breaking breaking) {
        try {
            int count = locks.breakOwner(ownerId, breaking);
            outcomes.broken(count);
            return count;
        } catch (BlockedException e) {
            outcomes.broken(e.ended());
            throw e;
        }
    }

    @Override
    public Optional<Lock> find(String streamId) {
        return measure(StatementKind.FIND, 1, () -> locks.find(streamId));
    }

    @Override
    public <T> T read(StatementKind kind, Function<LockReads, T> read) {
        return measure(kind, 1, () -> locks.read(kind, read));
    }

    @Override
    public <T> T group(Function<Groups, T> call) {
        return measure(StatementKind.GROUP, 1, () -> locks.group(call));
    }

    /** Probes call this, not workers, so it is not measured. */
    @Override
    public void verifyWritable() {
        locks.verifyWritable();
    }

    private <T> T measure(StatementKind kind, int requests, Supplier<T> statement) {
        StatementMeters.Meters meters = statements.begin(kind, requests);
        long began = System.nanoTime();
        try {
            return statement.get();
        } catch (BlockedException e) {
            // The statement did not fail. Another transaction had the row locked.
            throw e;
        } catch (RuntimeException | Error e) {
            meters.failures().increment();
            throw e;
        } finally {
            meters.statement().record(System.nanoTime() - began, TimeUnit.NANOSECONDS);
        }
    }
}

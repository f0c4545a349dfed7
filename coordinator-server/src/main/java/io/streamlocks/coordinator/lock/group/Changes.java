package io.streamlocks.coordinator.lock.group;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.LeaveRequest;
import io.streamlocks.coordinator.lock.LockCalls;
import io.streamlocks.coordinator.lock.OverloadedException;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StatementKind;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;

/** The changes and their two lanes. This class is thread-safe, and no method blocks. */
final class Changes {

    private static final Optional<AcquireOutcome> BLOCKED = Optional.of(new AcquireOutcome.Blocked());
    private static final Optional<AcquireOutcome> UNDECIDED = Optional.of(new AcquireOutcome.Undecided());

    private final StatementObserver observer;
    private final Backlog backlog;
    private final ExecutorService writers;
    private final Lane changes;
    private final Lane renewals;
    final Operation<AcquireRequest, AcquireOutcome> acquire;
    final Operation<RenewRequest, RenewOutcome> renew;
    final Operation<ReleaseRequest, ReleaseOutcome> release;
    final Operation<BreakRequest, BreakOutcome> breakLeases;
    final Operation<QueueRequest, Optional<AcquireOutcome>> queue;
    final Operation<LeaveRequest, Optional<AcquireOutcome>> leave;

    /**
     * @param locks carries out the statements
     * @param writers run the statements, four at once, and complete futures beside that
     * @param answers completes futures while the writers are busy
     */
    Changes(
            LockCalls locks,
            ExecutorService writers,
            Executor answers,
            Delay delay,
            Backlog backlog,
            StatementObserver observer) {
        this.observer = observer;
        this.backlog = backlog;
        this.writers = writers;
        this.acquire = new Operation<>(
                StatementKind.ACQUIRE,
                AcquireRequest::streamId,
                locks::acquire,
                new AcquireOutcome.Blocked(),
                new AcquireOutcome.Undecided());
        this.renew = new Operation<>(
                StatementKind.RENEW,
                RenewRequest::streamId,
                locks::renew,
                new RenewOutcome.Blocked(),
                new RenewOutcome.Undecided());
        this.release = new Operation<>(
                StatementKind.RELEASE,
                ReleaseRequest::streamId,
                locks::release,
                new ReleaseOutcome.Blocked(),
                new ReleaseOutcome.Undecided());
        this.breakLeases = new Operation<>(
                StatementKind.BREAK,
                BreakRequest::streamId,
                locks::breakLeases,
                new BreakOutcome.Blocked(),
                new BreakOutcome.Undecided());
        this.queue = new Operation<>(StatementKind.QUEUE, QueueRequest::streamId, locks::queue, BLOCKED, UNDECIDED);
        this.leave = new Operation<>(StatementKind.LEAVE, LeaveRequest::streamId, locks::leave, BLOCKED, UNDECIDED);
        Together together = new Together(acquire, release, locks::acquireAndRelease);
        this.changes = new Lane(writers, answers, delay, backlog, observer, together);
        this.renewals = new Lane(writers, answers, delay, backlog, observer, together);
    }

    /**
     * Carries out a change later.
     *
     * @param operation one of the operations of this object
     * @param caller identifies the caller
     * @param requests the requests
     * @return one outcome per request; fails as the statement does, or with {@link OverloadedException}
     */
    <Q, O> CompletableFuture<List<O>> submit(Operation<Q, O> operation, String caller, List<Q> requests) {
        int size = requests.size();
        if (size == 0) {
            return CompletableFuture.completedFuture(List.of());
        }
        if (!backlog.add(caller, size)) {
            observer.refused(CallerLimit.REQUESTS_OF_CALLER);
            return CompletableFuture.failedFuture(backlog.refusal(
                    "This caller has too many requests waiting. Its limit depends on how many others have waiting."));
        }
        Call<Q, O> call = new Call<>(caller, operation, size, backlog.nanoTime(), observer.asked());
        (operation == renew ? renewals : changes).add(Part.all(call, requests));
        return call.outcomes();
    }

    /** Fails the waiting and all later calls as overloaded. It does not wait for statements under way. */
    void close() {
        changes.close();
        renewals.close();
        writers.shutdown();
    }
}

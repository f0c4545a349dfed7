package io.streamlocks.coordinator.lock.waiting;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.HandOvers;
import io.streamlocks.coordinator.lock.LockCalls;
import io.streamlocks.coordinator.lock.group.Delay;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;

/**
 * Acquires that wait. A call first tries to acquire. For the streams that it was not granted, it then takes places in
 * their queues. It ends with the first grant, or when its time is up, when its client has gone or when the server stops.
 * Its places are kept for a while then, except those of a client that has gone.
 *
 * <p>A call names itself in each request for a place. What this server does at its end therefore never affects a later
 * call of the same client, which may wait at another server.
 *
 * <p>This class is thread-safe, and no method blocks.
 */
public final class WaitingRoom implements AutoCloseable {

    private static final AcquireOutcome AWAITED = new AcquireOutcome.Awaited(OptionalInt.empty());

    private final GroupCommit locks;
    private final HandOvers handOvers;
    private final LongSupplier nanoTime;
    private final WaiterLimits limits;
    private final WaitingCalls calls;

    private final AtomicBoolean isListening = new AtomicBoolean();

    private volatile boolean isDraining;

    /**
     * Creates a waiting room.
     *
     * @param locks carries out the changes
     * @param storage is the backend behind it; one thread looks at awaited streams and hands over those that are free
     * @param handOvers reports the hand-overs of the backend; this closes it
     * @param maxWaitersOfOwner how many requests of an owner may wait; empty for no limit
     * @param observer is informed of waiting calls
     */
    public WaitingRoom(
            GroupCommit locks,
            LockCalls storage,
            HandOvers handOvers,
            OptionalInt maxWaitersOfOwner,
            WaitObserver observer) {
        this(locks, storage, handOvers, maxWaitersOfOwner, observer, oneThread(), Delay.JVM, System::nanoTime);
    }

    /**
     * @param looker runs the looks at awaited streams, one at a time
     * @param delay runs the tasks that are due later
     */
    WaitingRoom(
            GroupCommit locks,
            LockCalls storage,
            HandOvers handOvers,
            OptionalInt maxWaitersOfOwner,
            WaitObserver observer,
            Executor looker,
            Delay delay,
            LongSupplier nanoTime) {
        this.locks = locks;
        this.handOvers = handOvers;
        this.nanoTime = nanoTime;
        this.limits = new WaiterLimits(maxWaitersOfOwner);
        this.calls = new WaitingCalls(locks, storage, handOvers, limits, observer, looker, delay, nanoTime);
        observer.showWaiters(limits::all, () -> handOvers.areReported() ? 1 : 0);
    }

    private static Executor oneThread() {
        ThreadPoolExecutor executor =
                new ThreadPoolExecutor(1, 1, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, "awaited-streams");
                    thread.setDaemon(true);
                    return thread;
                });
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }

    /** Returns whether a request with this outcome may wait for the stream. */
    static boolean mayWait(AcquireOutcome outcome) {
        return outcome instanceof AcquireOutcome.Held
                || outcome instanceof AcquireOutcome.Awaited
                || outcome instanceof AcquireOutcome.Delayed;
    }

    /**
     * Acquires leases. If none can be granted now, the call waits for the first grant.
     *
     * @param caller identifies the caller
     * @param requests the requests
     * @param waits how long the call waits at most
     * @param onClosed is given what to run when the client of the call has gone
     * @return one outcome per request; fails as {@link GroupCommit#acquire} does, or with {@link DrainingException}
     */
    public CompletableFuture<List<AcquireOutcome>> acquire(
            String caller, List<AcquireRequest> requests, Duration waits, Consumer<Runnable> onClosed) {
        long now = nanoTime.getAsLong();
        WaitingCall call = new WaitingCall(caller, now, now + waits.toNanos());
        if (calls.areAwaited(requests)) {
            // Others wait for these streams at this server already, so an acquire would only be refused. The request
            // for a place is granted a stream that has become free.
            beginOrFail(call, requests, Collections.nCopies(requests.size(), AWAITED), onClosed);
            return call.outcomes();
        }
        locks.acquire(caller, requests).whenComplete((outcomes, failure) -> {
            if (failure != null) {
                call.outcomes().completeExceptionally(failure);
                return;
            }
            beginOrFail(call, requests, outcomes, onClosed);
        });
        return call.outcomes();
    }

    private void beginOrFail(
            WaitingCall call,
            List<AcquireRequest> requests,
            List<AcquireOutcome> outcomes,
            Consumer<Runnable> onClosed) {
        try {
            begin(call, requests, outcomes, onClosed);
        } catch (RuntimeException | Error e) {
            calls.fail(call, e);
        }
    }

    private void begin(
            WaitingCall call,
            List<AcquireRequest> requests,
            List<AcquireOutcome> outcomes,
            Consumer<Runnable> onClosed) {
        if (outcomes.stream().noneMatch(WaitingRoom::mayWait)) {
            call.outcomes().complete(outcomes);
            return;
        }
        // A stream that was locked may have a place of an earlier call, which would die while this one waits.
        List<Wait> waits = IntStream.range(0, requests.size())
                .filter(i -> mayWait(outcomes.get(i)) || LeaveReports.isUndone(outcomes.get(i)))
                .mapToObj(i -> new Wait(call, i, requests.get(i)))
                .toList();
        if (outcomes.stream().anyMatch(AcquireOutcome.Granted.class::isInstance)) {
            // The next call may wait for these, and nobody must have overtaken them by then.
            calls.queue(call, waits, Duration.ZERO)
                    .whenComplete((taken, failure) -> call.outcomes().complete(outcomes));
            return;
        }
        if (isDraining) {
            throw new DrainingException();
        }
        WaiterLimits.Refusal refusal = limits.add(call.caller(), waits);
        if (refusal != WaiterLimits.Refusal.NONE) {
            AcquireOutcome tooMany = new AcquireOutcome.TooManyWaiters(refusal == WaiterLimits.Refusal.OF_OWNER);
            call.outcomes()
                    .complete(outcomes.stream()
                            .map(outcome -> mayWait(outcome) ? tooMany : outcome)
                            .toList());
            return;
        }
        // A server that nobody waits at needs no connection for this.
        if (isListening.compareAndSet(false, true)) {
            handOvers.listen(calls.listener());
        }
        calls.start(call, outcomes, waits, onClosed);
        if (isDraining) {
            // The server may have begun to stop after the check above.
            calls.fail(call, new DrainingException());
        }
    }

    /** Ends all waiting calls, and lets no other call wait. Their places are kept, for the next server that they try. */
    public void drain() {
        isDraining = true;
        calls.drain();
    }

    /** Returns whether this remembers nothing of any call. */
    boolean isEmpty() {
        return calls.isEmpty();
    }

    /** Ends all waiting calls, and listens no longer. */
    @Override
    public void close() {
        drain();
        handOvers.close();
    }
}

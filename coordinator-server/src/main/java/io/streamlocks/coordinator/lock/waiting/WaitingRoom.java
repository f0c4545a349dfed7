package io.streamlocks.coordinator.lock.waiting;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.HandOvers;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.LockCalls;
import io.streamlocks.coordinator.lock.group.Delay;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

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

    /**
     * The storage grants a place for this much longer than its call waits, so that the place is still good when the
     * server ends the call in time.
     */
    private static final Duration SLACK = Duration.ofSeconds(1);

    /** How often the end of a call is reported to the storage again if that has failed. */
    private static final int LEAVE_AGAIN_MS = 1_000;

    private final GroupCommit locks;
    private final HandOvers handOvers;
    private final WaitObserver observer;
    private final Delay delay;
    private final LongSupplier nanoTime;
    private final WaiterLimits limits;
    private final AwaitedStreams streams;
    private final Deadlines deadlines;
    private final Set<WaitingCall> calls = ConcurrentHashMap.newKeySet();

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
        this.observer = observer;
        this.delay = delay;
        this.nanoTime = nanoTime;
        this.limits = new WaiterLimits(maxWaitersOfOwner);
        this.streams = new AwaitedStreams(storage, handOvers, observer, new Acting(), looker, delay, nanoTime);
        this.deadlines = new Deadlines(nanoTime, delay, this::timeIsUp);
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
        locks.acquire(caller, requests).whenComplete((outcomes, failure) -> {
            if (failure != null) {
                call.outcomes().completeExceptionally(failure);
                return;
            }
            try {
                begin(call, requests, outcomes, onClosed);
            } catch (RuntimeException | Error e) {
                fail(call, e);
            }
        });
        return call.outcomes();
    }

    private void begin(
            WaitingCall call,
            List<AcquireRequest> requests,
            List<AcquireOutcome> outcomes,
            Consumer<Runnable> onClosed) {
        List<Wait> waits = IntStream.range(0, requests.size())
                .filter(i -> mayWait(outcomes.get(i)))
                .mapToObj(i -> new Wait(call, i, requests.get(i)))
                .toList();
        if (waits.isEmpty()) {
            call.outcomes().complete(outcomes);
            return;
        }
        if (outcomes.stream().anyMatch(AcquireOutcome.Granted.class::isInstance)) {
            // The next call may wait for these, and nobody must have overtaken them by then.
            queue(call, waits, Duration.ZERO)
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
            handOvers.listen(streams);
        }
        call.begin(outcomes, waits);
        calls.add(call);
        streams.add(waits);
        deadlines.add(call);
        long askedNanos = nanoTime.getAsLong();
        queue(call, waits, waits(call)).whenComplete((taken, failure) -> {
            if (failure == null) {
                taken(call, waits, taken, askedNanos);
            } else {
                fail(call, failure);
            }
        });
        onClosed.accept(() -> clientHasGone(call));
        if (isDraining) {
            // The server may have begun to stop after the check above.
            drain(call);
        }
    }

    private Duration waits(WaitingCall call) {
        long left = Math.max(0, call.untilNanos() - nanoTime.getAsLong());
        return Duration.ofMillis(TimeUnit.NANOSECONDS.toMillis(left)).plus(SLACK);
    }

    private CompletableFuture<List<Optional<AcquireOutcome>>> queue(
            WaitingCall call, List<Wait> waits, Duration forSoLong) {
        return locks.queue(
                call.caller(), waits.stream().map(wait -> wait.place(forSoLong)).toList());
    }

    private void taken(WaitingCall call, List<Wait> waits, List<Optional<AcquireOutcome>> outcomes, long askedNanos) {
        for (int i = 0; i < waits.size(); i++) {
            Wait wait = waits.get(i);
            Optional<AcquireOutcome> outcome = outcomes.get(i);
            if (outcome.isEmpty()) {
                streams.confirm(wait);
            } else if (outcome.get() instanceof AcquireOutcome.Granted granted) {
                granted(wait, granted.lease(), askedNanos);
            } else {
                call.decide(wait.index(), outcome.get());
            }
        }
        if (call.hasEnded()) {
            // It ended before it had its places, if the storage was busy with their streams.
            leave(call, waits, true);
        } else if (waits.stream().noneMatch(call::isOpen) && end(call)) {
            call.respond();
        }
    }

    private final class Acting implements AwaitedStreams.Findings {
        @Override
        public void granted(Wait wait, Lease lease, long askedNanos) {
            WaitingRoom.this.granted(wait, lease, askedNanos);
        }

        /** Takes another place. The stream may have been forgotten as well, and then an acquire grants it. */
        @Override
        public void placeLost(Wait wait) {
            WaitingCall call = wait.call();
            long askedNanos = nanoTime.getAsLong();
            locks.acquire(call.caller(), List.of(wait.request())).whenComplete((outcomes, failure) -> {
                if (failure == null && outcomes.get(0) instanceof AcquireOutcome.Granted granted) {
                    WaitingRoom.this.granted(wait, granted.lease(), askedNanos);
                } else if (failure == null && mayWait(outcomes.get(0)) && !call.hasEnded()) {
                    List<Wait> waits = List.of(wait);
                    queue(call, waits, waits(call)).thenAccept(taken -> taken(call, waits, taken, askedNanos));
                }
                // Otherwise the next search finds the place missing again.
            });
        }
    }

    private void granted(Wait wait, Lease lease, long askedNanos) {
        WaitingCall call = wait.call();
        if (!end(call)) {
            return;
        }
        call.decide(
                wait.index(), new AcquireOutcome.Granted(lease, Duration.ofNanos(askedNanos - call.arrivedNanos())));
        observer.granted(nanoTime.getAsLong() - call.arrivedNanos());
        List<Wait> others = call.waits().stream()
                .filter(other -> !other.equals(wait))
                .filter(call::isOpen)
                .toList();
        if (others.isEmpty()) {
            call.respond();
        } else {
            // The response is made with what is known if the storage does not respond.
            leaveAndDecide(call, others).whenComplete((done, failure) -> call.respond());
        }
    }

    private void timeIsUp(WaitingCall call) {
        if (!end(call)) {
            return;
        }
        leaveAndDecide(call, call.waits()).whenComplete((done, failure) -> {
            if (failure == null) {
                call.respond();
            } else {
                call.outcomes().completeExceptionally(failure);
            }
        });
    }

    /** Keeps the places, and decides the requests by what the storage finds. Reports a failure again later. */
    private CompletableFuture<Void> leaveAndDecide(WaitingCall call, List<Wait> waits) {
        long askedNanos = nanoTime.getAsLong();
        CompletableFuture<List<Optional<AcquireOutcome>>> left = locks.leave(
                call.caller(), waits.stream().map(wait -> wait.leave(true)).toList());
        left.whenComplete((outcomes, failure) -> leaveAgain(call, waits, true, outcomes));
        return left.thenAccept(outcomes -> {
            for (int i = 0; i < waits.size(); i++) {
                int index = waits.get(i).index();
                outcomes.get(i).ifPresent(outcome -> call.decide(index, timed(call, outcome, askedNanos)));
            }
        });
    }

    private AcquireOutcome timed(WaitingCall call, AcquireOutcome outcome, long askedNanos) {
        Duration waited = Duration.ofNanos(askedNanos - call.arrivedNanos());
        observeEnd(call, outcome);
        return outcome instanceof AcquireOutcome.Granted granted
                ? new AcquireOutcome.Granted(granted.lease(), waited)
                : outcome;
    }

    private void observeEnd(WaitingCall call, AcquireOutcome outcome) {
        long nanos = nanoTime.getAsLong() - call.arrivedNanos();
        if (outcome instanceof AcquireOutcome.Granted) {
            observer.granted(nanos);
        } else {
            observer.notGranted(nanos);
        }
    }

    /** Ends a call whose client reads no response. A lease that it is granted nevertheless ends with its ttl. */
    private void clientHasGone(WaitingCall call) {
        if (end(call)) {
            leave(call, call.waits(), false);
            observer.notGranted(nanoTime.getAsLong() - call.arrivedNanos());
            call.respond();
        }
    }

    private void fail(WaitingCall call, Throwable failure) {
        if (end(call)) {
            // The storage may have carried the request out.
            leave(call, call.waits(), true);
        }
        call.outcomes().completeExceptionally(failure);
    }

    /** Ends all waiting calls, and lets no other call wait. Their places are kept, for the next server that they try. */
    public void drain() {
        isDraining = true;
        List.copyOf(calls).forEach(this::drain);
    }

    private void drain(WaitingCall call) {
        fail(call, new DrainingException());
    }

    /** Ends a call, unless it has ended. Returns whether this has ended it. */
    private boolean end(WaitingCall call) {
        if (!call.end()) {
            return false;
        }
        if (calls.remove(call)) {
            List<Wait> waits = call.waits();
            streams.remove(waits);
            deadlines.remove(call);
            limits.remove(call.caller(), waits);
        }
        return true;
    }

    /** Reports the end of a call to the storage, for as long as its places may be alive. */
    private void leave(WaitingCall call, List<Wait> waits, boolean keepsPlaces) {
        if (!waits.isEmpty()) {
            locks.leave(
                            call.caller(),
                            waits.stream().map(wait -> wait.leave(keepsPlaces)).toList())
                    .whenComplete((outcomes, failure) -> leaveAgain(call, waits, keepsPlaces, outcomes));
        }
    }

    private void leaveAgain(
            WaitingCall call,
            List<Wait> waits,
            boolean keepsPlaces,
            @Nullable List<Optional<AcquireOutcome>> outcomes) {
        List<Wait> open = new ArrayList<>();
        for (int i = 0; i < waits.size(); i++) {
            if (outcomes == null
                    || outcomes.get(i).filter(WaitingRoom::isUndone).isPresent()) {
                open.add(waits.get(i));
            }
        }
        // After this time the storage grants the places to no call.
        boolean isStillWaiting = nanoTime.getAsLong() - call.untilNanos() < SLACK.toNanos();
        if (!open.isEmpty() && isStillWaiting) {
            delay.run(() -> leave(call, open, keepsPlaces), LEAVE_AGAIN_MS);
        }
    }

    private static boolean isUndone(AcquireOutcome outcome) {
        return outcome instanceof AcquireOutcome.Blocked || outcome instanceof AcquireOutcome.Undecided;
    }

    /** Ends all waiting calls, and listens no longer. */
    @Override
    public void close() {
        drain();
        handOvers.close();
    }
}

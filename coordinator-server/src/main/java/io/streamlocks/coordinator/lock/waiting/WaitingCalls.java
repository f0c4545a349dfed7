package io.streamlocks.coordinator.lock.waiting;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.HandOvers;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.LockCalls;
import io.streamlocks.coordinator.lock.group.Delay;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The calls that wait: takes their places, finds out what they were granted, and ends each of them once. This class is
 * thread-safe, and no method blocks.
 */
final class WaitingCalls implements Findings {

    /** When a place is asked for again, if its stream was locked while the call has other places. */
    static final int QUEUE_AGAIN_MS = 500;

    /** How long a grant waits for the outcomes of the other requests of its call, whose streams may be locked. */
    static final int MAX_OTHERS_MS = 250;

    private final GroupCommit locks;
    private final WaitObserver observer;
    private final Executor looker;
    private final Delay delay;
    private final LongSupplier nanoTime;
    private final WaiterLimits limits;
    private final LeaveReports leaves;
    private final AwaitedStreams streams;
    private final Deadlines deadlines;

    /** The calls that wait, in the order of their arrival. */
    private final Set<WaitingCall> calls = Collections.synchronizedSet(new LinkedHashSet<>());

    /**
     * @param storage is the backend behind the group commit; its hand-overs are reported
     * @param limits counts the requests that wait; this subtracts those of calls that end
     * @param looker runs the looks at awaited streams, one at a time
     * @param delay runs the tasks that are due later
     */
    WaitingCalls(
            GroupCommit locks,
            LockCalls storage,
            HandOvers handOvers,
            WaiterLimits limits,
            WaitObserver observer,
            Executor looker,
            Delay delay,
            LongSupplier nanoTime) {
        this.locks = locks;
        this.observer = observer;
        this.looker = looker;
        this.delay = delay;
        this.nanoTime = nanoTime;
        this.limits = limits;
        this.leaves = new LeaveReports(locks, delay, nanoTime, WaitingCall.SLACK);
        this.streams = new AwaitedStreams(storage, handOvers, observer, this, looker, delay, nanoTime);
        this.deadlines = new Deadlines(nanoTime, delay, this::timeIsUp);
    }

    /** Returns what the backend informs of hand-overs. */
    HandOvers.Listener listener() {
        return streams;
    }

    /**
     * Begins to wait.
     *
     * @param call the call, whose requests have been counted
     * @param outcomes the outcomes so far, one per request
     * @param waits the requests that wait
     * @param onClosed is given what to run when the client of the call has gone
     */
    void start(WaitingCall call, List<AcquireOutcome> outcomes, List<Wait> waits, Consumer<Runnable> onClosed) {
        call.begin(outcomes, waits);
        calls.add(call);
        streams.add(waits);
        takePlaces(call, waits);
        // Its places are asked for first. The storage carries the requests of a caller out in their order, so the end
        // of the call finds them.
        deadlines.add(call);
        if (call.hasEnded()) {
            // It was granted, the server began to stop, or another call with the same lease id was granted. The end
            // found less to undo.
            forget(call);
        }
        onClosed.accept(() -> clientHasGone(call));
    }

    /** Returns whether other calls wait for all of these streams already. */
    boolean areAwaited(List<AcquireRequest> requests) {
        return requests.stream().map(AcquireRequest::streamId).allMatch(streams::isAwaited);
    }

    /** Ends all calls that wait now. Their places are kept, for the next server that they try. */
    void drain() {
        List.copyOf(calls).forEach(call -> fail(call, new DrainingException()));
    }

    private void takePlaces(WaitingCall call, List<Wait> waits) {
        if (call.hasEnded()) {
            return;
        }
        long askedNanos = nanoTime.getAsLong();
        queue(call, waits, call.placeTime(nanoTime.getAsLong())).whenComplete((taken, failure) -> {
            if (failure == null) {
                taken(call, waits, taken, askedNanos);
            } else {
                fail(call, failure);
            }
        });
    }

    /** Takes places for a call. */
    CompletableFuture<List<Optional<AcquireOutcome>>> queue(WaitingCall call, List<Wait> waits, Duration forSoLong) {
        return locks.queue(
                call.caller(), waits.stream().map(wait -> wait.place(forSoLong)).toList());
    }

    private void taken(WaitingCall call, List<Wait> waits, List<Optional<AcquireOutcome>> outcomes, long askedNanos) {
        // The end of a call gives up the places that the storage has. This is late if the storage was busy with them.
        boolean isLate = call.hasEnded();
        Map<Wait, AcquireOutcome> undone = new LinkedHashMap<>();
        for (int i = 0; i < waits.size(); i++) {
            Wait wait = waits.get(i);
            Optional<AcquireOutcome> outcome = outcomes.get(i);
            if (outcome.filter(LeaveReports::isUndone).isPresent()) {
                undone.put(wait, outcome.get());
            } else if (outcome.isEmpty()) {
                streams.confirm(wait);
            } else if (outcome.get() instanceof AcquireOutcome.Granted granted) {
                granted(wait, granted.lease(), askedNanos);
            } else {
                refused(wait, outcome.get());
            }
        }
        if (isLate) {
            leaves.report(call, waits, call.keepsPlaces());
        } else if (!undone.isEmpty() && !call.hasEnded()) {
            takeLater(call, undone);
        }
    }

    /** Asks again for places on streams that were locked. A call that has no other place ends instead. */
    private void takeLater(WaitingCall call, Map<Wait, AcquireOutcome> undone) {
        boolean waitsForOthers = call.waits().stream().filter(call::isOpen).anyMatch(wait -> !undone.containsKey(wait));
        if (!waitsForOthers) {
            undone.forEach((wait, outcome) -> call.decide(wait.index(), outcome));
            if (end(call, true)) {
                call.respond();
            }
            return;
        }
        // Without places, the call would miss these streams for as long as it waits for the others.
        List<Wait> again = List.copyOf(undone.keySet());
        delay.run(() -> takePlaces(call, again), QUEUE_AGAIN_MS);
    }

    /** Decides a request that does not wait any longer, and ends its call if it was the last one. */
    private void refused(Wait wait, AcquireOutcome outcome) {
        WaitingCall call = wait.call();
        streams.remove(List.of(wait));
        call.decide(wait.index(), outcome);
        if (call.waits().stream().noneMatch(call::isOpen) && end(call, true)) {
            call.respond();
        }
    }

    /**
     * Ends the call, as if its time were up. A client that still wants the stream calls again and takes another place.
     * This server must not take one: the client may have given the place up by a release, behind a proxy that keeps the
     * connection of the call, and nobody would use the lease.
     */
    @Override
    public void placeLost(Wait wait) {
        timeIsUp(wait.call());
    }

    @Override
    public void granted(Wait wait, Lease lease, long askedNanos) {
        WaitingCall call = wait.call();
        if (!end(call, true)) {
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
            CompletableFuture<Void> left = leaveAndDecide(call, others);
            left.whenComplete((done, failure) -> {
                if (failure != null) {
                    // Each of these may have been granted as well, so nothing is certain.
                    others.stream()
                            .filter(call::isOpen)
                            .forEach(other -> call.decide(other.index(), new AcquireOutcome.Blocked()));
                }
                call.respond();
            });
            if (!left.isDone()) {
                // The thread of the timers must not write responses.
                delay.run(() -> looker.execute(() -> left.cancel(false)), MAX_OTHERS_MS);
            }
        }
    }

    private void timeIsUp(WaitingCall call) {
        if (!end(call, true)) {
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

    /** Keeps the places, and decides the requests by what the storage finds. */
    private CompletableFuture<Void> leaveAndDecide(WaitingCall call, List<Wait> waits) {
        long askedNanos = nanoTime.getAsLong();
        return leaves.report(call, waits, true).thenAccept(outcomes -> {
            for (int i = 0; i < waits.size(); i++) {
                int index = waits.get(i).index();
                outcomes.get(i).ifPresent(outcome -> call.decide(index, timed(call, outcome, askedNanos)));
            }
        });
    }

    private AcquireOutcome timed(WaitingCall call, AcquireOutcome outcome, long askedNanos) {
        long nanos = nanoTime.getAsLong() - call.arrivedNanos();
        if (outcome instanceof AcquireOutcome.Granted granted) {
            observer.granted(nanos);
            return new AcquireOutcome.Granted(granted.lease(), Duration.ofNanos(askedNanos - call.arrivedNanos()));
        }
        observer.notGranted(nanos);
        return outcome;
    }

    /** Ends a call whose client reads no response. A lease that it is granted nevertheless ends with its ttl. */
    private void clientHasGone(WaitingCall call) {
        if (end(call, false)) {
            leaves.report(call, call.waits(), false);
            observer.notGranted(nanoTime.getAsLong() - call.arrivedNanos());
            call.respond();
        }
    }

    /** Ends a call without outcomes. Its places are kept, if it has any. */
    void fail(WaitingCall call, Throwable failure) {
        if (end(call, true)) {
            // The storage may have carried the request out.
            leaves.report(call, call.waits(), true);
        }
        call.outcomes().completeExceptionally(failure);
    }

    /** Ends a call, unless it has ended. Returns whether this has ended it. */
    private boolean end(WaitingCall call, boolean keepsPlaces) {
        if (!call.end(keepsPlaces)) {
            return false;
        }
        if (calls.remove(call)) {
            limits.remove(call.caller(), call.waits());
            forget(call);
        }
        return true;
    }

    private void forget(WaitingCall call) {
        streams.remove(call.waits());
        deadlines.remove(call);
    }

    /** Returns whether this remembers nothing of any call. */
    boolean isEmpty() {
        return calls.isEmpty() && streams.isEmpty() && deadlines.isEmpty() && limits.all() == 0;
    }
}

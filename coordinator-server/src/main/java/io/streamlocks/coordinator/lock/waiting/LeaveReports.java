package io.streamlocks.coordinator.lock.waiting;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.group.Delay;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reports to the storage that calls no longer wait. A report that fails is repeated for as long as the storage may
 * grant a place to the call. This class is thread-safe, and no method blocks.
 */
final class LeaveReports {

    /** How often a report is repeated. */
    static final int AGAIN_MS = 1_000;

    private final GroupCommit locks;
    private final Delay delay;
    private final LongSupplier nanoTime;
    private final Duration slack;

    /**
     * @param locks carries out the changes
     * @param delay runs the tasks that are due later
     * @param slack how much longer than a call waits the storage may grant a place to it
     */
    LeaveReports(GroupCommit locks, Delay delay, LongSupplier nanoTime, Duration slack) {
        this.locks = locks;
        this.delay = delay;
        this.nanoTime = nanoTime;
        this.slack = slack;
    }

    /**
     * Reports the end of a call.
     *
     * @param waits the requests whose places it has or may have
     * @param keepsPlaces whether the places are kept for the client's next call
     * @return what the first report finds, as {@link GroupCommit#leave} returns it
     */
    CompletableFuture<List<Optional<AcquireOutcome>>> report(WaitingCall call, List<Wait> waits, boolean keepsPlaces) {
        CompletableFuture<List<Optional<AcquireOutcome>>> left = locks.leave(
                call.caller(),
                waits.stream().map(wait -> wait.leave(keepsPlaces)).toList());
        left.whenComplete((outcomes, failure) -> again(call, waits, keepsPlaces, outcomes));
        return left;
    }

    private void again(
            WaitingCall call,
            List<Wait> waits,
            boolean keepsPlaces,
            @Nullable List<Optional<AcquireOutcome>> outcomes) {
        List<Wait> open = new ArrayList<>();
        for (int i = 0; i < waits.size(); i++) {
            if (outcomes == null
                    || outcomes.get(i).filter(LeaveReports::isUndone).isPresent()) {
                open.add(waits.get(i));
            }
        }
        // After this time the storage grants the places to no call.
        boolean mayBeGranted = nanoTime.getAsLong() - call.untilNanos() < slack.toNanos();
        if (!open.isEmpty() && mayBeGranted) {
            delay.run(() -> report(call, open, keepsPlaces), AGAIN_MS);
        }
    }

    /** Returns whether a request has had no effect, so that it must be repeated. */
    static boolean isUndone(AcquireOutcome outcome) {
        return outcome instanceof AcquireOutcome.Blocked || outcome instanceof AcquireOutcome.Undecided;
    }
}

package io.streamlocks.proof.check;

import io.streamlocks.proof.history.Answer;
import io.streamlocks.proof.history.Call;
import io.streamlocks.proof.history.Fault;
import io.streamlocks.proof.history.Grant;
import io.streamlocks.proof.history.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Callers that wait are granted a stream in the order of their arrival, and soon. These rules apply only where the order
 * is certain.
 */
final class QueueRules {

    static final String ORDER = "nobody is granted a stream before a caller that had its place first and keeps it";
    static final String PROGRESS = "a stream that was released is granted to a caller that waits";

    /** A place is kept for so long after its call. This is a little less, because a response takes time. */
    private static final long KEPT = Duration.ofMillis(4_900).toNanos();

    /** How long a released stream may be free while callers wait. */
    private static final long PROMPTLY = Duration.ofSeconds(3).toNanos();

    /** After this time a call certainly has its place, if nothing fails. */
    private static final long QUEUED = Duration.ofSeconds(1).toNanos();

    /** How long after a fault everything works again. */
    private static final long RECOVERY = Duration.ofSeconds(5).toNanos();

    private QueueRules() {}

    static List<Violation> check(StreamHistory history, List<Fault> faults) {
        List<Violation> violations = new ArrayList<>();
        List<LeaseView> leases = history.leases();
        List<LeaseView> granted = leases.stream().filter(LeaseView::isGranted).toList();
        for (LeaseView lease : leases) {
            // One violation of a lease is enough, because each of its calls would show it again.
            lease.calls().stream()
                    .filter(call -> call.position() > 0)
                    .flatMap(call -> overtaken(history.stream(), lease, call, granted, faults).stream())
                    .findFirst()
                    .ifPresent(violations::add);
        }
        violations.addAll(idle(history, granted, faults));
        return violations;
    }

    /** @param seen a call that had a place when it ended */
    private static Optional<Violation> overtaken(
            String stream, LeaseView waiter, Call seen, List<LeaseView> granted, List<Fault> faults) {
        // The call ended when its time was up, not earlier. Its place was alive for some time after that.
        long aliveUntil = seen.start() + Duration.ofMillis(seen.waitMs()).toNanos() + KEPT;
        return granted.stream()
                .filter(other -> other != waiter && isAfter(other, seen))
                .filter(other -> other.shown().end() < aliveUntil)
                .filter(other -> !waiter.isGranted() || waiter.token() > other.token())
                .filter(other -> keepsPlace(waiter, other.shown().end()))
                // The standby that takes over may not have the place.
                .filter(other -> faults.stream()
                        .noneMatch(fault -> fault.kind().startsWith(Fault.PROMOTION)
                                && fault.start() < other.shown().end()
                                && fault.end() > seen.start()))
                .min(Comparator.comparingLong(LeaseView::token))
                .map(other -> Excerpt.of(ORDER, stream, seen, other.calls().get(0), other.shown()));
    }

    /** Returns whether a lease was requested for the first time after a call had ended. */
    private static boolean isAfter(LeaseView lease, Call call) {
        Call first = lease.firstAcquire();
        return first != null && first.start() > call.end();
    }

    /** A place is gone if its client releases it, or closes the connection of a call. Such a call has no response. */
    private static boolean keepsPlace(LeaseView waiter, long until) {
        return waiter.calls().stream()
                .filter(call -> call.start() < until)
                .noneMatch(call -> call.kind() == Kind.RELEASE || call.tellsNothing());
    }

    /** Finds streams that were released and stayed free although a caller waited. */
    private static List<Violation> idle(StreamHistory history, List<LeaseView> granted, List<Fault> faults) {
        Map<Long, Grant> next = new HashMap<>();
        List<Grant> grants = history.grants();
        for (int i = 1; i < grants.size(); i++) {
            next.put(grants.get(i - 1).token(), grants.get(i));
        }
        Map<Long, Grant> byToken = new HashMap<>();
        grants.forEach(grant -> byToken.put(grant.token(), grant));
        List<Call> waits = history.calls().stream()
                .filter(call -> call.waitMs() > 0)
                .filter(call -> call.position() > 0 || call.answer() == Answer.GRANTED)
                .toList();
        List<Violation> violations = new ArrayList<>();
        for (LeaseView lease : granted) {
            Grant grant = byToken.get(lease.token());
            Grant after = next.get(lease.token());
            if (grant == null || after == null || !"released".equals(grant.endReason())) {
                continue;
            }
            // Both times are of the database's clock.
            long free = (after.acquiredAt() - grant.endedAt()) * 1000;
            if (free <= PROMPTLY) {
                continue;
            }
            lease.calls().stream()
                    .filter(call -> call.answer() == Answer.RELEASED)
                    .min(Comparator.comparingLong(Call::end))
                    .flatMap(release -> waits.stream()
                            .filter(wait -> waitsThroughout(wait, release, faults))
                            .findFirst()
                            .map(wait -> Excerpt.of(PROGRESS, history.stream(), wait, release, grant, after)))
                    .ifPresent(violations::add);
        }
        return violations;
    }

    private static boolean waitsThroughout(Call wait, Call release, List<Fault> faults) {
        return wait.start() + QUEUED < release.start()
                && wait.end() > release.end() + PROMPTLY
                && faults.stream()
                        .noneMatch(fault -> fault.start() < wait.end()
                                && (fault.end() == 0 || fault.end() + RECOVERY > wait.start()));
    }
}

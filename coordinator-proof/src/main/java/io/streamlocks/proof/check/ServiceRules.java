package io.streamlocks.proof.check;

import io.streamlocks.proof.history.Answer;
import io.streamlocks.proof.history.Call;
import io.streamlocks.proof.history.Grant;
import io.streamlocks.proof.history.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The coordinators' own history agrees with itself and with the responses that workers got. */
final class ServiceRules {

    static final String HAS_ALL =
            "the service's history contains each lease that a response showed, with its owner and time";
    static final String HOLDER = "a holder that a response named is in the service's history";
    static final String ENDS = "the service's history ends a lease as the responses did";
    static final String NO_OVERLAP = "leases in the service's history do not overlap, and their tokens rise";
    static final String NO_MORE = "a worker asked for each lease in the service's history";

    private ServiceRules() {}

    static List<Violation> check(StreamHistory history) {
        List<Violation> violations = new ArrayList<>();
        Map<Long, Grant> byToken = new HashMap<>();
        Grant before = null;
        for (Grant grant : history.grants()) {
            Grant same = byToken.put(grant.token(), grant);
            // Only a grant that has one before it can overlap, or have the token of another.
            if (before != null) {
                boolean apart = before.endedAt() != 0 && before.endedAt() <= grant.acquiredAt();
                if (same != null || !apart || !agreesOnNext(before, grant)) {
                    violations.add(Excerpt.of(NO_OVERLAP, history.stream(), before, grant));
                }
            }
            before = grant;
        }
        Set<Long> seen = new HashSet<>();
        Map<String, Integer> unseenOf = new HashMap<>();
        for (LeaseView lease : history.leases()) {
            if (lease.isGranted()) {
                seen.add(lease.token());
                violations.addAll(agrees(history.stream(), lease, byToken.get(lease.token())));
            } else if (lease.mayBeGranted()) {
                unseenOf.merge(lease.owner(), 1, Integer::sum);
            }
        }
        for (Grant grant : history.grants()) {
            if (!seen.contains(grant.token()) && unseenOf.merge(grant.owner(), -1, Integer::sum) < 0) {
                violations.add(Excerpt.of(NO_MORE, history.stream(), grant));
            }
        }
        for (Call call : history.calls()) {
            if (call.answer() == Answer.HELD && call.token() != 0) {
                Grant holder = byToken.get(call.token());
                if (holder == null || !holder.owner().equals(call.detail())) {
                    violations.add(
                            holder == null
                                    ? Excerpt.of(HOLDER, history.stream(), call)
                                    : Excerpt.of(HOLDER, history.stream(), call, holder));
                }
            }
        }
        return violations;
    }

    private static boolean agreesOnNext(Grant grant, Grant next) {
        return !"superseded".equals(grant.endReason()) || next.owner().equals(grant.endedBy());
    }

    private static List<Violation> agrees(String stream, LeaseView lease, @Nullable Grant grant) {
        if (grant == null) {
            return List.of(Excerpt.of(HAS_ALL, stream, lease.shown()));
        }
        List<Violation> violations = new ArrayList<>();
        if (!grant.owner().equals(lease.owner()) || grant.acquiredAt() != lease.acquiredAt()) {
            violations.add(Excerpt.of(HAS_ALL, stream, lease.shown(), grant));
        }
        boolean releasedByHistory = "released".equals(grant.endReason());
        if (grant.endedAt() != 0 && !mayEnd(lease, grant.endReason(), grant.endedAt())) {
            violations.add(Excerpt.of(ENDS, stream, releasedByHistory ? lease.lastLive() : lease.lastEnd(), grant));
        }
        if (releasedByHistory && lease.firstRelease() == null) {
            violations.add(Excerpt.of(ENDS, stream, lease.shown(), grant));
        }
        // An end never changes, so every read of it must agree with the responses.
        lease.calls().stream()
                .filter(call -> call.kind() == Kind.HISTORY && call.answer() == Answer.LOST)
                .filter(read -> !mayEnd(lease, read.detail(), read.expiresAt()))
                .findFirst()
                .ifPresent(read -> violations.add(Excerpt.of(
                        ENDS, stream, "released".equals(read.detail()) ? lease.lastLive() : lease.lastEnd(), read)));
        lease.calls().stream()
                .filter(call -> call.answer() == Answer.RELEASED && !releasedByHistory)
                .filter(call -> !mayHaveEndedAWait(call, lease))
                .findFirst()
                .ifPresent(release -> violations.add(Excerpt.of(ENDS, stream, release, grant)));
        return violations;
    }

    /** A release of a lease that is not granted yet removes its place. A late acquire may take another one. */
    private static boolean mayHaveEndedAWait(Call release, LeaseView lease) {
        return lease.calls().stream()
                .anyMatch(call -> call.waitMs() > 0
                        && call.start() < release.end()
                        && (call.tellsNothing() || call.end() > release.start()));
    }

    /** Returns whether a lease can have ended then: released after it was last live, or otherwise after it ran out. */
    private static boolean mayEnd(LeaseView lease, @Nullable String reason, long endedAt) {
        return endedAt
                >= ("released".equals(reason)
                        ? lease.lastLive().liveAt()
                        : lease.lastEnd().expiresAt());
    }
}

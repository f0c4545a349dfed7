package io.streamlocks.examples.faults.check;

import io.streamlocks.examples.faults.history.Answer;
import io.streamlocks.examples.faults.history.Call;
import io.streamlocks.examples.faults.history.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** Leases of a stream do not overlap, and one that is over stays over. */
final class LeaseRules {

    static final String NO_OVERLAP = "leases never overlap on the database's clock";
    static final String OLD_LEASE = "no call by an old lease succeeds after another was granted";
    static final String NO_REVIVAL = "a lease that was said to be lost never succeeds again";
    static final String NO_REVIVAL_AFTER_RELEASE = "a lease that was released is not shown again";
    static final String NO_REVIVAL_AFTER_END = "a renewal does not revive a lease that is over on the database's clock";
    static final String FALSE_LOSS = "a lease is said to be lost only for a reason that there was";

    static final String FALSE_USED = "a lease id is said to be used only if it was asked for before";

    /** How many leases before the latest a coordinator knows of. */
    private static final int REMEMBERED = 8;

    /**
     * A renewal looks at the end of the lease and at the clock one after the other, and the process that does so may have
     * to wait for a core in between.
     */
    private static final Duration SLACK = Duration.ofMillis(250);

    private LeaseRules() {}

    static List<Violation> check(StreamHistory history) {
        List<Violation> violations = new ArrayList<>();
        List<LeaseView> leases = history.leases();
        List<LeaseView> granted = leases.stream()
                .filter(LeaseView::isGranted)
                .sorted(Comparator.comparingLong(LeaseView::token))
                .toList();
        for (int i = 1; i < granted.size(); i++) {
            LeaseView before = granted.get(i - 1);
            LeaseView after = granted.get(i);
            boolean mayBeReleased = before.firstRelease() != null
                    && before.firstRelease().start() <= after.shown().end();
            Call last = mayBeReleased ? before.lastLive() : before.lastEnd();
            if (after.acquiredAt() < (mayBeReleased ? last.liveAt() : last.expiresAt())) {
                violations.add(Excerpt.of(NO_OVERLAP, history.stream(), last, after.shown()));
            }
        }
        violations.addAll(oldLeases(history, granted));
        for (LeaseView lease : leases) {
            violations.addAll(revivals(history.stream(), lease));
            violations.addAll(revivalsAfterEnd(history.stream(), lease));
            violations.addAll(uses(history.stream(), lease));
        }
        violations.addAll(losses(history, granted));
        return violations;
    }

    private static List<Violation> oldLeases(StreamHistory history, List<LeaseView> granted) {
        List<Violation> violations = new ArrayList<>();
        // By token: the earliest answer that shows this token or a higher one.
        TreeMap<Long, Call> outdone = new TreeMap<>();
        Call earliest = null;
        for (int i = granted.size() - 1; i >= 0; i--) {
            LeaseView lease = granted.get(i);
            earliest = earliest == null || lease.shown().end() < earliest.end() ? lease.shown() : earliest;
            outdone.put(lease.token(), earliest);
        }
        for (LeaseView lease : granted) {
            Map.Entry<Long, Call> later = outdone.higherEntry(lease.token());
            if (later == null) {
                continue;
            }
            for (Call call : lease.calls()) {
                boolean succeeded = call.showsLease() || call.answer() == Answer.RELEASED;
                if (succeeded && call.start() > later.getValue().end()) {
                    violations.add(Excerpt.of(OLD_LEASE, history.stream(), later.getValue(), call));
                }
            }
        }
        return violations;
    }

    private static List<Violation> revivals(String stream, LeaseView lease) {
        List<Violation> violations = new ArrayList<>();
        Call lost = null;
        Call released = null;
        for (Call call : lease.calls()) {
            boolean isLoss = call.answer() == Answer.LOST && !"unknown".equals(call.detail());
            if (isLoss && (lost == null || call.end() < lost.end())) {
                lost = call;
            }
            if (call.answer() == Answer.RELEASED && (released == null || call.end() < released.end())) {
                released = call;
            }
        }
        for (Call call : lease.calls()) {
            // To release what was released is no revival.
            boolean succeeded = call.showsLease()
                    || (call.answer() == Answer.RELEASED && lost != null && !"released".equals(lost.detail()));
            if (lost != null && succeeded && call.start() > lost.end()) {
                violations.add(Excerpt.of(NO_REVIVAL, stream, lost, call));
            }
            if (released != null && call.showsLease() && call.start() > released.end()) {
                violations.add(Excerpt.of(NO_REVIVAL_AFTER_RELEASE, stream, released, call));
            }
        }
        return violations;
    }

    /** Whoever renews a lease must find it live: by its grant, or by another renewal, which may have had no answer. */
    private static List<Violation> revivalsAfterEnd(String stream, LeaseView lease) {
        long slack = TimeUnit.NANOSECONDS.toMicros(SLACK.toNanos());
        List<Violation> violations = new ArrayList<>();
        for (Call call : lease.calls()) {
            if (call.answer() != Answer.RENEWED) {
                continue;
            }
            boolean found = lease.calls().stream()
                    .filter(other -> other != call)
                    .anyMatch(other -> other.showsLease()
                            ? other.liveAt() <= call.liveAt() && call.liveAt() < other.expiresAt() + slack
                            : other.kind() != Kind.RELEASE && other.tellsNothing() && other.start() < call.end());
            if (!found) {
                violations.add(Excerpt.of(NO_REVIVAL_AFTER_END, stream, lease.shown(), call));
            }
        }
        return violations;
    }

    private static List<Violation> uses(String stream, LeaseView lease) {
        return lease.calls().stream()
                .filter(call -> call.answer() == Answer.USED)
                .filter(call -> lease.calls().stream()
                        .noneMatch(other -> other.kind() == Kind.ACQUIRE
                                && other.start() < call.end()
                                && (other.answer() == Answer.GRANTED || other.tellsNothing())))
                .map(call -> Excerpt.of(FALSE_USED, stream, call))
                .toList();
    }

    private static List<Violation> losses(StreamHistory history, List<LeaseView> granted) {
        List<Violation> violations = new ArrayList<>();
        long latest = Math.max(
                granted.isEmpty() ? 0 : granted.get(granted.size() - 1).token(),
                history.grants().isEmpty()
                        ? 0
                        : history.grants().get(history.grants().size() - 1).token());
        for (LeaseView lease : granted) {
            for (Call call : lease.calls()) {
                if (call.answer() != Answer.LOST) {
                    continue;
                }
                boolean plausible =
                        switch (String.valueOf(call.detail())) {
                            case "expired" -> mayBeOver(lease, call.end());
                            case "released" ->
                                lease.firstRelease() != null
                                        && lease.firstRelease().start() < call.end();
                            case "superseded" -> latest > lease.token();
                            case "unknown" ->
                                lease.shown().end() > call.start() || isForgotten(lease, granted, history);
                            // Nobody breaks leases here.
                            default -> false;
                        };
                if (!plausible) {
                    violations.add(Excerpt.of(FALSE_LOSS, history.stream(), lease.shown(), call));
                }
            }
        }
        return violations;
    }

    /** It lasts for a ttl from when its grant or a renewal was carried out, and so from when that was sent. */
    private static boolean mayBeOver(LeaseView lease, long moment) {
        return lease.calls().stream().filter(Call::showsLease).noneMatch(call -> {
            long sent = call.kind() == Kind.ACQUIRE ? lease.firstAcquire().start() : call.start();
            return sent + TimeUnit.MILLISECONDS.toNanos(call.ttlMs()) - SLACK.toNanos() > moment;
        });
    }

    private static boolean isForgotten(LeaseView lease, List<LeaseView> granted, StreamHistory history) {
        long since = Math.max(
                granted.stream().filter(other -> other.token() > lease.token()).count(),
                history.grants().stream()
                        .filter(grant -> grant.token() > lease.token())
                        .count());
        return since > REMEMBERED;
    }
}

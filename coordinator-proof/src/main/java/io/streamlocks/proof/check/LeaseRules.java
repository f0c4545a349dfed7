package io.streamlocks.proof.check;

import io.streamlocks.proof.history.Answer;
import io.streamlocks.proof.history.Call;
import io.streamlocks.proof.history.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The leases of a stream do not overlap, and a lease that has ended does not come back. */
final class LeaseRules {

    static final String NO_OVERLAP = "leases never overlap on the database's clock";
    static final String OLD_LEASE = "no call with an old lease succeeds after another lease was granted";
    static final String NO_REVIVAL = "a lease that was reported as ended never succeeds and is never shown again";
    static final String NO_REVIVAL_AFTER_RELEASE = "a lease that was released is not shown again";
    static final String NO_REVIVAL_AFTER_END =
            "a renewal does not revive a lease that has ended on the database's clock";
    static final String FALSE_LOSS = "a lease is reported as ended only for a reason that existed";

    static final String FALSE_USED = "a lease id is reported as used only if an acquire with it was sent before";

    /** A renewal reads the end of the lease and then the clock. The process may wait for a core in between. */
    private static final Duration SLACK = Duration.ofMillis(250);

    private static final Set<Kind> MAY_RENEW = Set.of(Kind.ACQUIRE, Kind.RENEW);

    /** The reasons for the end of a lease that was not released. */
    private static final Set<String> UNRELEASED = Set.of("expired", "superseded", "broken");

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
        Map<Long, List<Call>> held = history.calls().stream()
                .filter(call -> call.answer() == Answer.HELD)
                .collect(Collectors.groupingBy(Call::token));
        for (LeaseView lease : leases) {
            List<Call> shownToOthers = lease.isGranted() ? held.getOrDefault(lease.token(), List.of()) : List.of();
            violations.addAll(revivals(history.stream(), lease, shownToOthers));
            violations.addAll(revivalsAfterEnd(history.stream(), lease));
            violations.addAll(uses(history.stream(), lease));
        }
        violations.addAll(losses(history, granted));
        return violations;
    }

    private static List<Violation> oldLeases(StreamHistory history, List<LeaseView> granted) {
        List<Violation> violations = new ArrayList<>();
        // This contains, for each token, the earliest response that shows this token or a higher one.
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

    /**
     * Checks that no call finds a lease live, or releases it, if the call was sent after a response that the lease has
     * ended. A call that was under way at that time may have been carried out before; {@link #losses} checks those.
     * This reports only the first such call, because a lease that is back is shown many times.
     */
    private static List<Violation> revivals(String stream, LeaseView lease, List<Call> shownToOthers) {
        Predicate<Call> isRelease = call -> call.answer() == Answer.RELEASED;
        List<Call> releases = lease.calls().stream().filter(isRelease).toList();
        List<Call> live = Stream.concat(
                        lease.calls().stream().filter(call -> call.showsLease() || call.answer() == Answer.LIVE),
                        shownToOthers.stream())
                .toList();
        List<Violation> violations = new ArrayList<>();
        firstAfter(earliest(lease, lease::isOver), live, NO_REVIVAL, stream).ifPresent(violations::add);
        // A second release of a lease is not a revival.
        Predicate<Call> isUnreleased = call -> UNRELEASED.contains(String.valueOf(call.detail()));
        firstAfter(earliest(lease, isUnreleased.and(lease::isOver)), releases, NO_REVIVAL, stream)
                .ifPresent(violations::add);
        firstAfter(earliest(lease, isRelease), live, NO_REVIVAL_AFTER_RELEASE, stream)
                .ifPresent(violations::add);
        return violations;
    }

    private static Optional<Call> earliest(LeaseView lease, Predicate<Call> which) {
        return lease.calls().stream().filter(which).min(Comparator.comparingLong(Call::end));
    }

    private static Optional<Violation> firstAfter(Optional<Call> answer, List<Call> calls, String rule, String stream) {
        return answer.flatMap(over -> calls.stream()
                .filter(call -> call.start() > over.end())
                .min(Comparator.comparingLong(Call::start))
                .map(call -> Excerpt.of(rule, stream, over, call)));
    }

    /**
     * Checks that a renewal follows a grant or another renewal that it can have found live, or one without a response.
     */
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
                            : MAY_RENEW.contains(other.kind()) && other.tellsNothing() && other.start() < call.end());
            if (!found) {
                violations.add(Excerpt.of(NO_REVIVAL_AFTER_END, stream, lease.shown(), call));
            }
        }
        return violations;
    }

    private static List<Violation> uses(String stream, LeaseView lease) {
        return lease.calls().stream()
                .filter(call -> call.answer() == Answer.USED)
                // A call that waited may have been granted itself, and the lease may have run out meanwhile.
                .filter(call -> call.waitMs() == 0)
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
            // This reports only the first false loss, because the same lease has many.
            lease.calls().stream()
                    .filter(call -> call.answer() == Answer.LOST || call.answer() == Answer.USED)
                    .filter(call -> !isPlausible(call, lease, latest)
                            && !(isUnknown(call) && isForgotten(lease, granted, history)))
                    .min(Comparator.comparingLong(Call::end))
                    .map(call -> Excerpt.of(
                            FALSE_LOSS,
                            history.stream(),
                            outlasting(lease, call.end()).orElse(lease.shown()),
                            call))
                    .ifPresent(violations::add);
        }
        return violations;
    }

    private static boolean isUnknown(Call call) {
        return "unknown".equals(call.detail());
    }

    private static boolean isPlausible(Call call, LeaseView lease, long latest) {
        boolean mayHaveRunOut = outlasting(lease, call.end()).isEmpty();
        boolean mayBeReleased =
                lease.firstRelease() != null && lease.firstRelease().start() < call.end();
        return switch (call.answer() == Answer.USED ? "used" : String.valueOf(call.detail())) {
            case "expired" -> mayHaveRunOut;
            case "released" -> mayBeReleased;
            case "superseded" -> (mayHaveRunOut || mayBeReleased) && latest > lease.token();
            case "used", "not-locked" -> mayHaveRunOut || mayBeReleased;
            case "unknown" -> lease.shown().end() > call.start();
            // No operator breaks leases in these runs.
            default -> false;
        };
    }

    /**
     * Returns a call that was sent before this moment and makes the lease last beyond it. A grant or renewal holds for
     * the ttl from the time that it is carried out, and so at least from the time that it was sent. Its response may
     * come after the moment.
     */
    private static Optional<Call> outlasting(LeaseView lease, long moment) {
        return lease.calls().stream()
                .filter(Call::showsLease)
                .filter(call -> {
                    Call first = lease.firstAcquire();
                    long sent = call.kind() == Kind.ACQUIRE && first != null ? first.start() : call.start();
                    long lasts = TimeUnit.MILLISECONDS.toNanos(call.ttlMs()) - SLACK.toNanos();
                    return sent < moment && sent + lasts > moment;
                })
                .findFirst();
    }

    private static boolean isForgotten(LeaseView lease, List<LeaseView> granted, StreamHistory history) {
        long since = Math.max(
                granted.stream().filter(other -> other.token() > lease.token()).count(),
                history.grants().stream()
                        .filter(grant -> grant.token() > lease.token())
                        .count());
        return since > StreamHistory.REMEMBERED;
    }
}

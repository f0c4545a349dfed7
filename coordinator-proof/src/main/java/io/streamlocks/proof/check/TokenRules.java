package io.streamlocks.proof.check;

import io.streamlocks.proof.history.Call;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Fencing tokens rise, and a lease has one token. */
final class TokenRules {

    static final String ONE_TOKEN = "a lease has one token, however often its acquire is sent";
    static final String ONE_LEASE = "a token belongs to one lease";
    static final String RISE = "tokens rise with the grants on the database's clock";
    static final String RISE_IN_ORDER = "a lease that was requested after a token was seen has a higher token";

    private TokenRules() {}

    static List<Violation> check(StreamHistory history) {
        List<Violation> violations = new ArrayList<>();
        List<LeaseView> granted =
                history.leases().stream().filter(LeaseView::isGranted).toList();
        Map<Long, LeaseView> byToken = new HashMap<>();
        for (LeaseView lease : granted) {
            lease.calls().stream()
                    .filter(Call::showsLease)
                    .filter(call -> call.token() != lease.token() || call.acquiredAt() != lease.acquiredAt())
                    .findFirst()
                    .ifPresent(other -> violations.add(Excerpt.of(ONE_TOKEN, history.stream(), lease.shown(), other)));
            LeaseView same = byToken.putIfAbsent(lease.token(), lease);
            if (same != null) {
                violations.add(Excerpt.of(ONE_LEASE, history.stream(), same.shown(), lease.shown()));
            }
        }
        violations.addAll(riseWithGrants(history.stream(), granted));
        violations.addAll(riseInOrder(history));
        return violations;
    }

    private static List<Violation> riseWithGrants(String stream, List<LeaseView> granted) {
        List<Violation> violations = new ArrayList<>();
        LeaseView before = null;
        for (LeaseView lease : granted.stream()
                .sorted(Comparator.comparingLong(LeaseView::acquiredAt))
                .toList()) {
            if (before != null && lease.token() < before.token()) {
                violations.add(Excerpt.of(RISE, stream, before.shown(), lease.shown()));
            }
            before = before == null || lease.token() > before.token() ? lease : before;
        }
        return violations;
    }

    /** A granted lease, and the first request for it. */
    private record Asked(Call acquire, LeaseView lease) {}

    /** Checks that tokens rise in the order of requests. A response that a stream is held shows a token as well. */
    private static List<Violation> riseInOrder(StreamHistory history) {
        List<Violation> violations = new ArrayList<>();
        List<Call> seen = history.calls().stream()
                .filter(call -> call.lease() != null && call.token() != 0 && call.end() != 0)
                .sorted(Comparator.comparingLong(Call::end))
                .toList();
        List<Asked> asked = history.leases().stream()
                .filter(LeaseView::isGranted)
                .flatMap(lease -> Stream.ofNullable(lease.firstAcquire()).map(acquire -> new Asked(acquire, lease)))
                .sorted(Comparator.comparingLong(one -> one.acquire().start()))
                .toList();
        int next = 0;
        Call highest = null;
        for (Asked one : asked) {
            while (next < seen.size() && seen.get(next).end() < one.acquire().start()) {
                Call call = seen.get(next++);
                highest = highest == null || call.token() > highest.token() ? call : highest;
            }
            if (highest != null && one.lease().token() <= highest.token()) {
                violations.add(Excerpt.of(
                        RISE_IN_ORDER,
                        history.stream(),
                        highest,
                        one.acquire(),
                        one.lease().shown()));
            }
        }
        return violations;
    }
}

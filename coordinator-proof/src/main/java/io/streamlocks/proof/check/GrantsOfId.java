package io.streamlocks.proof.check;

import io.streamlocks.proof.history.Answer;
import io.streamlocks.proof.history.Call;
import io.streamlocks.proof.history.Grant;
import io.streamlocks.proof.history.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * Divides the calls with one lease id among the grants of the id. There is one grant, unless coordinators forgot the id
 * and granted it again to a later acquire, such as the repeated acquire of a worker that was paused.
 *
 * <p>A response with a token names its grant. Any other response is about the grants that were possible while the call
 * was under way: not about a grant before its time, and not about a grant that was replaced before the call was sent.
 */
final class GrantsOfId {

    private final StreamHistory history;
    private final List<One> grants = new ArrayList<>();

    /**
     * One grant.
     *
     * @param token its lowest token; a second token is a violation
     * @param earliest when it was certainly not granted yet, monotonic
     * @param shown when the first response that shows it came, monotonic
     */
    private record One(long token, long earliest, long shown, LeaseView lease) {}

    private GrantsOfId(StreamHistory history, List<Call> calls) {
        this.history = history;
        List<Long> tokens = firstTokens(calls);
        for (long token : tokens) {
            // One grant has all calls. Looking through the stream for each id would take long.
            grants.add(
                    tokens.size() == 1
                            ? new One(token, 0, 0, new LeaseView())
                            : new One(token, certainlyBefore(token), shown(calls, token), new LeaseView()));
        }
    }

    /** Returns the lowest token of each grant. Returns one of 0 if no response shows a token. */
    private List<Long> firstTokens(List<Call> calls) {
        TreeSet<Long> tokens = new TreeSet<>();
        calls.stream().filter(Call::showsLease).forEach(call -> tokens.add(call.token()));
        List<Long> first = new ArrayList<>();
        for (long token : tokens) {
            Long before = tokens.lower(token);
            if (before == null || history.isForgotten(before, token)) {
                first.add(token);
            }
        }
        return first.isEmpty() ? List.of(0L) : first;
    }

    /** Returns the leases of the calls, which all have the same lease id and are in the order of their sending. */
    static List<LeaseView> divide(StreamHistory history, List<Call> calls) {
        GrantsOfId id = new GrantsOfId(history, calls);
        for (Call call : calls) {
            id.of(call).forEach(grant -> grant.lease().add(call));
        }
        return id.grants.stream().map(One::lease).toList();
    }

    /** A call that shows a lower token of the stream was carried out before the grant of this token. */
    private long certainlyBefore(long token) {
        return history.calls().stream()
                .filter(call -> call.showsLease() && call.token() < token)
                .mapToLong(Call::start)
                .max()
                .orElse(0);
    }

    private static long shown(List<Call> calls, long token) {
        return calls.stream()
                .filter(call -> call.showsLease() && call.token() == token)
                .mapToLong(Call::end)
                .min()
                .orElseThrow();
    }

    /** Returns the grants that the call counts for. It is more than one only if the call has no known result. */
    private List<One> of(Call call) {
        if (grants.size() == 1) {
            return grants;
        }
        if (call.showsLease() || call.answer() == Answer.LIVE) {
            return List.of(latestUpTo(call.token()));
        }
        if (call.onlyReads() && call.token() != 0) {
            // A read that found another lease has the token of that lease, which is above the one it asked for.
            boolean foundAnother = call.kind() == Kind.LOOK && "superseded".equals(call.detail());
            return List.of(latestUpTo(foundAnother ? call.token() - 1 : call.token()));
        }
        List<One> possible = new ArrayList<>();
        for (int i = 0; i < grants.size(); i++) {
            boolean isTooEarly = i > 0 && !call.tellsNothing() && call.end() < earliest(grants.get(i));
            boolean isTooLate =
                    i + 1 < grants.size() && call.start() > grants.get(i + 1).shown();
            if (!isTooEarly && !isTooLate) {
                possible.add(grants.get(i));
            }
        }
        if (call.tellsNothing()) {
            return possible;
        }
        // Every grant but the last has ended, so a report of an end may be about the first one.
        return List.of(call.answer() == Answer.RELEASED ? released(possible) : possible.get(0));
    }

    /** Returns a time that leaves at least one grant possible at each moment, even if tokens fall. */
    private static long earliest(One grant) {
        return Math.min(grant.earliest(), grant.shown());
    }

    private One latestUpTo(long token) {
        return grants.stream()
                .filter(grant -> grant.token() <= token)
                .reduce((earlier, later) -> later)
                .orElse(grants.get(0));
    }

    /** Returns the latest of these grants that the service's history shows as released; otherwise the latest. */
    private One released(List<One> possible) {
        return possible.stream()
                .filter(one -> history.grants().stream().anyMatch(grant -> isRelease(grant, one.token())))
                .reduce((earlier, later) -> later)
                .orElse(possible.get(possible.size() - 1));
    }

    private static boolean isRelease(Grant grant, long token) {
        return grant.token() == token && "released".equals(grant.endReason());
    }
}

package io.streamlocks.examples.faults.check;

import io.streamlocks.examples.faults.history.Answer;
import io.streamlocks.examples.faults.history.Call;
import io.streamlocks.examples.faults.history.Grant;
import io.streamlocks.examples.faults.history.Kind;
import io.streamlocks.examples.faults.history.Write;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The fenced resource takes nothing from a holder that was outdone, and holds what it acknowledged. */
final class ResourceRules {

    static final String TOKEN_FELL = "the resource accepts no lower token after a higher one";
    static final String WRITTEN_TWICE = "no write overwrites one that was acknowledged";
    static final String ACKNOWLEDGED = "the resource holds what it acknowledged";
    static final String REFUSED = "the resource does not hold what it refused";
    static final String GRANTED = "the resource saw only tokens that were granted, from whom they were granted to";

    private ResourceRules() {}

    static List<Violation> check(StreamHistory history) {
        List<Violation> violations = new ArrayList<>(order(history.stream(), history.writes()));
        Set<Write> held = new HashSet<>(history.writes());
        for (Call call : history.calls()) {
            if (call.kind() == Kind.PUBLISH) {
                boolean there = held.contains(new Write(call.stream(), call.number(), call.token(), call.owner()));
                if (call.answer() == Answer.ACCEPTED && !there) {
                    violations.add(Excerpt.of(ACKNOWLEDGED, history.stream(), call));
                }
                if (call.answer() == Answer.REFUSED && there) {
                    violations.add(Excerpt.of(REFUSED, history.stream(), call));
                }
            }
        }
        Map<Long, Grant> byToken =
                history.grants().stream().collect(Collectors.toMap(Grant::token, grant -> grant, (one, other) -> one));
        Set<Long> looked = new HashSet<>();
        for (Write write : history.writes()) {
            Grant grant = byToken.get(write.token());
            if (looked.add(write.token()) && (grant == null || !grant.owner().equals(write.owner()))) {
                violations.add(Excerpt.of(GRANTED, history.stream(), write, grant == null ? "no such grant" : grant));
            }
        }
        return violations;
    }

    /** What the resource itself tells; of one without a fence, this is what finds its stale writes. */
    static List<Violation> order(String stream, List<Write> writes) {
        List<Violation> violations = new ArrayList<>();
        Map<Long, Write> written = new HashMap<>();
        Write highest = null;
        for (Write write : writes) {
            if (highest != null && write.token() < highest.token()) {
                violations.add(Excerpt.of(TOKEN_FELL, stream, highest, write));
            }
            highest = highest == null || write.token() > highest.token() ? write : highest;
            Write same = write.number() == 0 ? null : written.put(write.number(), write);
            if (same != null) {
                violations.add(Excerpt.of(WRITTEN_TWICE, stream, same, write));
            }
        }
        return violations;
    }
}

package io.streamlocks.proof.check;

import io.streamlocks.proof.history.Answer;
import io.streamlocks.proof.history.Call;
import io.streamlocks.proof.history.Grant;
import io.streamlocks.proof.history.Kind;
import io.streamlocks.proof.history.Write;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The fenced resource accepts nothing with a stale token, and holds what it acknowledged. */
final class ResourceRules {

    static final String TOKEN_FELL = "the resource accepts no lower token after a higher one";
    static final String WRITTEN_TWICE = "no write replaces a write that was acknowledged";
    static final String ACKNOWLEDGED = "the resource holds what it acknowledged";
    static final String REFUSED = "the resource does not hold what it refused";
    static final String GRANTED = "the resource saw only tokens that were granted, and only from their owners";

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

    /** Checks the order of the writes alone. For a resource without a fence, this finds its stale writes. */
    static List<Violation> order(String stream, List<Write> writes) {
        WriteOrder order = WriteOrder.of(writes);
        return Stream.concat(
                        order.stale().stream().map(pair -> pair.violation(TOKEN_FELL, stream)),
                        order.again().stream().map(pair -> pair.violation(WRITTEN_TWICE, stream)))
                .toList();
    }
}

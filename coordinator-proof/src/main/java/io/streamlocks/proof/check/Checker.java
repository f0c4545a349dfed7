package io.streamlocks.proof.check;

import io.streamlocks.proof.history.Fault;
import java.util.ArrayList;
import java.util.List;

/** Applies all rules. */
public final class Checker {

    private Checker() {}

    /**
     * Returns the violations in the history of a stream. Returns an empty list if it keeps all promises.
     *
     * @param faults the faults of the run
     */
    public static List<Violation> check(StreamHistory history, List<Fault> faults) {
        List<Violation> violations = new ArrayList<>();
        violations.addAll(AnswerRules.check(history));
        violations.addAll(TokenRules.check(history));
        violations.addAll(LeaseRules.check(history));
        violations.addAll(ServiceRules.check(history));
        violations.addAll(ResourceRules.check(history));
        violations.addAll(QueueRules.check(history, faults));
        return violations;
    }
}

package io.streamlocks.examples.faults.check;

import io.streamlocks.examples.faults.history.Answer;
import java.util.List;

/** Whatever fails, coordinators answer as their contract says. */
final class AnswerRules {

    static final String EXPECTED = "a coordinator answers a call as its contract says, or not at all";

    private AnswerRules() {}

    static List<Violation> check(StreamHistory history) {
        return history.calls().stream()
                .filter(call -> call.answer() == Answer.UNEXPECTED)
                .map(call -> Excerpt.of(EXPECTED, history.stream(), call))
                .toList();
    }
}

package io.streamlocks.proof.check;

import io.streamlocks.proof.history.Answer;
import java.util.List;

/** Whatever fails, coordinators grant, refuse, or say that it is unknown. */
final class AnswerRules {

    static final String EXPECTED =
            "a coordinator grants what it is asked for, refuses it, says that it is unknown, or says nothing";

    private AnswerRules() {}

    static List<Violation> check(StreamHistory history) {
        return history.calls().stream()
                .filter(call -> call.answer() == Answer.UNEXPECTED)
                .map(call -> Excerpt.of(EXPECTED, history.stream(), call))
                .toList();
    }
}

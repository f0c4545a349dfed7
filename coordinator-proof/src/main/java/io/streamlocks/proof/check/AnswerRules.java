package io.streamlocks.proof.check;

import io.streamlocks.proof.history.Answer;
import java.util.List;

/** Coordinators grant, refuse, or report an unknown result, whatever fails. */
final class AnswerRules {

    static final String EXPECTED =
            "a coordinator grants a call, refuses it, reports an unknown result, or sends no response";

    private AnswerRules() {}

    static List<Violation> check(StreamHistory history) {
        return history.calls().stream()
                .filter(call -> call.answer() == Answer.UNEXPECTED)
                .map(call -> Excerpt.of(EXPECTED, history.stream(), call))
                .toList();
    }
}

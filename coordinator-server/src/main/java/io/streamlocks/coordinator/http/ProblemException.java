package io.streamlocks.coordinator.http;

/** Ends the handling of a call with a problem: the input is bad, or the server does not accept calls now. */
final class ProblemException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient Problem problem;

    ProblemException(Problem problem) {
        // The problem is complete, so a stack trace would only cost time.
        super(problem.detail(), null, false, false);
        this.problem = problem;
    }

    static ProblemException invalid(String field, String detail) {
        return new ProblemException(Problem.ofField(ProblemType.INVALID_FIELD, field, detail));
    }

    Problem problem() {
        return problem;
    }
}

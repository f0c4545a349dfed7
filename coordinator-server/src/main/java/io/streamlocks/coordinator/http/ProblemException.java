package io.streamlocks.coordinator.http;

import java.time.Duration;

/** Ends the handling of a call with a problem: the input is bad, or the server does not accept calls now. */
final class ProblemException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient Problem problem;
    private final transient Response.WithBody response;

    ProblemException(Problem problem) {
        this(problem, problem);
    }

    /**
     * Creates an exception.
     *
     * @param retryAfter when another call is useful
     */
    ProblemException(Problem problem, Duration retryAfter) {
        this(problem, new Response.Extended(problem, RetryAfter.HEADER, RetryAfter.seconds(retryAfter)));
    }

    private ProblemException(Problem problem, Response.WithBody response) {
        // The problem is complete, so a stack trace would only cost time.
        super(problem.detail(), null, false, false);
        this.problem = problem;
        this.response = response;
    }

    static ProblemException invalid(String field, String detail) {
        return new ProblemException(Problem.ofField(ProblemType.INVALID_FIELD, field, detail));
    }

    Problem problem() {
        return problem;
    }

    /** Returns the response to a call that ends with this exception. */
    Response.WithBody response() {
        return response;
    }
}

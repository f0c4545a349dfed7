package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.access.ForbiddenException;
import io.streamlocks.coordinator.access.KeysUnavailableException;
import io.streamlocks.coordinator.http.jetty.Call;
import io.streamlocks.coordinator.http.jetty.UnreadBodyException;
import io.streamlocks.coordinator.lock.BlockedException;
import io.streamlocks.coordinator.lock.OverloadedException;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.lock.waiting.DrainingException;
import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.log.RootCause;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.CompletionException;
import org.slf4j.event.Level;

/** The response to each failure of a route. It logs what an operator must see. This class is thread-safe. */
final class ErrorResponses {

    private final RepeatedErrorLog errors;

    /** Creates an instance that logs here. */
    ErrorResponses(RepeatedErrorLog errors) {
        this.errors = errors;
    }

    /**
     * Returns the response to a failure.
     *
     * @param failure was thrown, or is that of a future
     */
    Response.WithBody response(Throwable failure, Call call) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof ProblemException e) {
            return e.response();
        } else if (cause instanceof ForbiddenException e) {
            return Problem.forbidden(e);
        } else if (cause instanceof UnreadBodyException e) {
            return problem(e);
        } else if (cause instanceof DrainingException) {
            return Gate.draining();
        } else if (cause instanceof BlockedException e) {
            return Problem.of(ProblemType.STORAGE_UNAVAILABLE, e.getMessage());
        }
        // Any thread may get here, so the line needs the id of the call.
        call.log(() -> log(cause, call));
        if (cause instanceof KeysUnavailableException) {
            return Problem.of(ProblemType.KEYS_UNAVAILABLE, "Tokens cannot be verified now. Try again.");
        } else if (cause instanceof StorageUnavailableException e) {
            return Problem.of(
                    ProblemType.STORAGE_UNAVAILABLE, e.lack().orElse("The storage does not respond. Try again."));
        } else if (cause instanceof OverloadedException) {
            return Problem.of(ProblemType.OVERLOADED, "The server has too many requests. Try again.");
        }
        return internalError();
    }

    private static Problem problem(UnreadBodyException e) {
        return switch (e.reason()) {
            case TOO_LARGE ->
                Problem.of(ProblemType.BODY_TOO_LARGE, "The body must have at most " + e.maxBytes() + " bytes.");
            case ENDED_EARLY -> Problem.of(ProblemType.BAD_REQUEST, "The body ended early.");
            case NO_MEMORY ->
                Problem.of(ProblemType.OVERLOADED, "The server is reading too many bodies already. Try again.");
        };
    }

    private void log(Throwable cause, Call call) {
        if (cause instanceof KeysUnavailableException e) {
            errors.log(Level.WARN, e.getMessage(), e.getMessage() + ": " + RootCause.of(e));
        } else if (cause instanceof StorageUnavailableException e) {
            logStorage(e);
        } else if (cause instanceof OverloadedException e) {
            // All callers share one line, so that many callers do not fill the log.
            errors.log(
                    Level.WARN,
                    e.getMessage(),
                    "Refused calls, this one of caller " + Access.caller(call) + ": " + e.getMessage());
        } else {
            logUnexpected(cause, call);
        }
    }

    private void logStorage(StorageUnavailableException failure) {
        Throwable root = RootCause.of(failure);
        String message = root == failure ? failure.getMessage() : failure.getMessage() + ": " + root;
        // All calls that meet an outage are the same event. Digits are, too: the message of a pool counts its
        // connections.
        errors.log(Level.WARN, root.toString().replaceAll("\\d+", "0"), message, RootCause.errorOf(failure));
    }

    private void logUnexpected(Throwable cause, Call call) {
        // The path may name a stream, but contains no lease id: those are only in bodies.
        String what = call.method() + " " + call.path();
        // The message may quote the request, and would make each one another error.
        StackTraceElement[] trace = cause.getStackTrace();
        String where = cause.getClass().getName() + (trace.length == 0 ? "" : " at " + trace[0]);
        String key = RootCause.errorOf(cause).map(Error::toString).orElse(where);
        errors.log(Level.ERROR, key, "Failed to handle " + what, cause);
    }

    /**
     * Responds to an error of the virtual machine, for which the framework would send no body. If memory has run out,
     * the process ends when the line is logged.
     */
    void respondTo(HttpServletResponse response, Error e) {
        // The message counts, too: a thread that could not be started must not hide that memory has run out.
        errors.log(Level.ERROR, e.toString(), "Failed to handle a call", e);
        Problem problem = internalError();
        response.setContentType(problem.contentType());
        try {
            response.getOutputStream().write(problem.bytes(response.getHeader(Call.REQUEST_ID)));
        } catch (IOException gone) {
            // The client has gone, so nobody reads the response.
        }
    }

    private static Problem internalError() {
        return Problem.of(ProblemType.INTERNAL_ERROR, "The coordinator failed to handle the call. See its log.");
    }
}

package io.streamlocks.coordinator.http;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
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
import org.slf4j.event.Level;

/** Responds with a problem to each exception that a route throws, and logs what an operator must see. */
final class ErrorResponses {

    private final RepeatedErrorLog errors;

    /** Creates an instance that logs here. */
    ErrorResponses(RepeatedErrorLog errors) {
        this.errors = errors;
    }

    void addTo(RoutesConfig routes, RouteTable table) {
        routes.exception(ProblemException.class, (e, ctx) -> Responder.send(ctx, e.problem()));
        routes.exception(ForbiddenException.class, (e, ctx) -> Responder.send(ctx, Problem.forbidden(e)));
        routes.exception(UnreadBodyException.class, (e, ctx) -> Responder.send(ctx, problem(e)));
        routes.exception(HttpResponseException.class, (e, ctx) -> Responder.send(ctx, Unrouted.problem(e, ctx, table)));
        routes.exception(DrainingException.class, (e, ctx) -> Responder.send(ctx, Gate.draining()));
        routes.exception(
                BlockedException.class,
                (e, ctx) -> Responder.send(ctx, Problem.of(ProblemType.STORAGE_UNAVAILABLE, e.getMessage())));
        // The following log, and any thread may call them.
        routes.exception(KeysUnavailableException.class, (e, ctx) -> inLogOf(ctx, () -> respondTo(e, ctx)));
        routes.exception(StorageUnavailableException.class, (e, ctx) -> inLogOf(ctx, () -> respondTo(e, ctx)));
        routes.exception(OverloadedException.class, (e, ctx) -> inLogOf(ctx, () -> respondTo(e, ctx)));
        routes.exception(Exception.class, (e, ctx) -> inLogOf(ctx, () -> respondTo(e, ctx)));
    }

    private static void inLogOf(Context ctx, Runnable logging) {
        Call.of(ctx.req()).log(logging);
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

    private void respondTo(StorageUnavailableException e, Context ctx) {
        Throwable root = RootCause.of(e);
        String message = root == e ? e.getMessage() : e.getMessage() + ": " + root;
        // All calls that meet an outage are the same event. Digits are, too: the message of a pool counts its
        // connections.
        errors.log(Level.WARN, root.toString().replaceAll("\\d+", "0"), message, RootCause.errorOf(e));
        Responder.send(
                ctx,
                Problem.of(
                        ProblemType.STORAGE_UNAVAILABLE, e.lack().orElse("The storage does not respond. Try again.")));
    }

    private void respondTo(KeysUnavailableException e, Context ctx) {
        errors.log(Level.WARN, e.getMessage(), e.getMessage() + ": " + RootCause.of(e));
        Responder.send(ctx, Problem.of(ProblemType.KEYS_UNAVAILABLE, "Tokens cannot be verified now. Try again."));
    }

    private void respondTo(OverloadedException e, Context ctx) {
        // All callers share one line, so that many callers do not fill the log.
        errors.log(
                Level.WARN,
                e.getMessage(),
                "Refused calls, this one of caller " + Access.caller(ctx) + ": " + e.getMessage());
        Responder.send(ctx, Problem.of(ProblemType.OVERLOADED, "The server has too many requests. Try again."));
    }

    private void respondTo(Exception e, Context ctx) {
        // The path may name a stream, but contains no lease id: those are only in bodies.
        String call = ctx.method() + " " + ctx.path();
        // The message may quote the request, and would make each one another error.
        StackTraceElement[] trace = e.getStackTrace();
        String where = e.getClass().getName() + (trace.length == 0 ? "" : " at " + trace[0]);
        // The failure of a future is wrapped, always at the same place.
        String key = RootCause.errorOf(e).map(Error::toString).orElse(where);
        errors.log(Level.ERROR, key, "Failed to handle " + call, e);
        Responder.send(ctx, internalError());
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

package io.streamlocks.coordinator.http;

import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import java.util.regex.Pattern;

/** Finds the problem of a request that no route takes. */
final class Unrouted {

    /** Begins like a path that names a stream, an owner or a group. */
    private static final Pattern OF_AN_ID = Pattern.compile("/v1/(locks|owners|groups)/.*");

    private Unrouted() {}

    /**
     * Returns the problem. With a method that is not allowed, this also sets the header that names the allowed ones.
     */
    static Problem problem(HttpResponseException e, Context ctx, RouteTable routes) {
        String path = ctx.req().getRequestURI();
        return routes.emptyId(path).map(Unrouted::empty).orElseGet(() -> unknown(e, ctx, path));
    }

    private static Problem unknown(HttpResponseException e, Context ctx, String path) {
        return switch (e.getStatus()) {
            case 405 -> {
                String allowed = e.getDetails().getOrDefault("availableMethods", "");
                ctx.header("Allow", allowed);
                yield Problem.of(ProblemType.METHOD_NOT_ALLOWED, "This path accepts only " + allowed + ".");
            }
            case 404 -> {
                String slash = OF_AN_ID.matcher(path).matches()
                        ? " An id is one segment: send its / as %2F, which no proxy on the way may decode."
                        : "";
                yield Problem.of(ProblemType.NOT_FOUND, "See /openapi.yaml for the paths." + slash);
            }
            default ->
                Problem.of(ProblemType.BAD_REQUEST, "The request is not HTTP in a form that this server accepts.")
                        .withStatus(e.getStatus());
        };
    }

    private static Problem empty(String field) {
        return ProblemException.invalid(field, field + " must not be empty.").problem();
    }
}

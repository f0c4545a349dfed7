package io.streamlocks.coordinator.http;

import io.javalin.http.HttpResponseException;
import java.util.regex.Pattern;

/** Finds the response to a request that no route takes. */
final class Unrouted {

    /** Begins like a path that names a stream, an owner or a group. */
    private static final Pattern OF_AN_ID = Pattern.compile("/v1/(locks|owners|groups)/.*");

    private Unrouted() {}

    /**
     * Returns the response.
     *
     * @param e the reason of the framework
     * @param path the path, as it was sent
     */
    static Response.WithBody response(HttpResponseException e, String path, RouteTable routes) {
        return routes.emptyId(path).<Response.WithBody>map(Unrouted::empty).orElseGet(() -> otherwise(e, path));
    }

    private static Response.WithBody otherwise(HttpResponseException e, String path) {
        return switch (e.getStatus()) {
            case 405 -> {
                String allowed = e.getDetails().getOrDefault("availableMethods", "");
                yield new Response.Extended(
                        Problem.of(ProblemType.METHOD_NOT_ALLOWED, "This path accepts only " + allowed + "."),
                        "Allow",
                        allowed);
            }
            case 404 -> unknown(path);
            default ->
                Problem.of(ProblemType.BAD_REQUEST, "The request is not HTTP in a form that this server accepts.")
                        .withStatus(e.getStatus());
        };
    }

    /** Returns the response to a request for something that does not exist. */
    static Problem unknown(String path) {
        String slash = OF_AN_ID.matcher(path).matches()
                ? " An id is one segment: send its / as %2F, which no proxy on the way may decode."
                : "";
        return Problem.of(ProblemType.NOT_FOUND, "See /openapi.yaml for the paths." + slash);
    }

    private static Problem empty(String field) {
        return ProblemException.invalid(field, field + " must not be empty.").problem();
    }
}

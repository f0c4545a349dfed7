package io.streamlocks.coordinator.http.jetty;

import org.eclipse.jetty.server.Request;

/**
 * This record is the decision of the API about a request, made by its head.
 *
 * @param caller distinguishes callers; limits of memory are shared among callers by it
 * @param isLetIn whether the request goes on and may have a body; a body is read but not kept otherwise
 * @param limits the limits of the route
 * @param identity what the API itself needs to remember about the caller; this package only passes it on
 */
public record Admission(String caller, boolean isLetIn, RouteLimits limits, Object identity) {

    static final String ATTRIBUTE = Admission.class.getName();

    static Admission of(Request request) {
        return (Admission) request.getAttribute(ATTRIBUTE);
    }
}

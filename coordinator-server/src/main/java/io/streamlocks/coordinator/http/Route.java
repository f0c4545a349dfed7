package io.streamlocks.coordinator.http;

import io.javalin.http.HandlerType;
import io.streamlocks.coordinator.access.Permission;
import io.streamlocks.coordinator.http.jetty.RouteLimits;

/**
 * A method and a path, and everything that the server has to respect before it calls the handler.
 *
 * @param path a template, in which segments may be parameters such as {@code {streamId}}; one at most if the route has
 *     limits of its own
 * @param permission what the role of a caller must allow
 * @param limits how long a request may take, and how large its body may be
 * @param isForManagement whether the management port serves it, too
 */
record Route(
        HandlerType method,
        String path,
        Permission permission,
        RouteLimits limits,
        boolean isForManagement,
        RouteHandler handler) {

    /** Returns whether its path names a stream. */
    boolean namesStream() {
        return path.contains("{streamId}");
    }

    /** Returns whether its path names a group. */
    boolean namesGroup() {
        return path.contains("{groupId}");
    }

    /** Returns whether a path, as it was sent, is one of this route. */
    boolean takes(String sent) {
        int parameter = path.indexOf('{');
        if (parameter < 0) {
            return path.equals(sent);
        }
        int suffix = path.length() - path.indexOf('}') - 1;
        int end = sent.length() - suffix;
        return end > parameter
                && sent.startsWith(path.substring(0, parameter))
                && path.regionMatches(path.length() - suffix, sent, end, suffix)
                && sent.lastIndexOf('/', end - 1) < parameter;
    }

    /** Returns the method and the template of the path, as in {@code GET /livez}. */
    @Override
    public String toString() {
        return method + " " + path;
    }
}

package io.streamlocks.coordinator.http;

import io.javalin.http.HandlerType;
import io.streamlocks.coordinator.access.Permission;
import io.streamlocks.coordinator.http.jetty.RouteLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The routes of a server. Each group of routes registers itself here, each route with the permission that it requires
 * and with its limits. A caller that may not name the stream or the group in a path is refused before the route is
 * called. A route checks everything else that a request names. The table is complete, and thread-safe, before the
 * server starts.
 */
final class RouteTable {

    private static final Pattern ID = Pattern.compile("\\{(streamId|ownerId|groupId)}");

    private final RouteLimits standard;
    private final List<Route> routes = new ArrayList<>();

    /** Routes whose limits are not the standard ones. */
    private final List<Route> special = new ArrayList<>();

    /** Routes whose calls do not pass through the framework. */
    private final List<Route> direct = new ArrayList<>();

    private final Set<String> openPaths = new HashSet<>();

    /** Paths whose last segment may be anything. */
    private final Set<String> openFolders = new HashSet<>();

    /** Paths that the management port serves, in the order in which they were added. */
    private final Set<String> managementPaths = new LinkedHashSet<>();

    /**
     * Creates an empty table.
     *
     * @param exchange how long an exchange may take if its route has no limits of its own
     */
    RouteTable(Duration exchange) {
        this.standard = new RouteLimits(exchange, RouteLimits.STANDARD_BODY_BYTES);
    }

    /** Returns the limits of a route that has none of its own. */
    RouteLimits standardLimits() {
        return standard;
    }

    /** Adds a route for GET and HEAD. */
    void get(String path, Permission permission, RouteHandler handler) {
        get(path, permission, standard, handler);
    }

    /** Adds a route for GET and HEAD that has limits of its own. */
    void get(String path, Permission permission, RouteLimits limits, RouteHandler handler) {
        get(path, permission, limits, false, handler);
    }

    /** Adds a route for GET and HEAD that the management port serves, too. */
    void getForManagement(String path, Permission permission, RouteHandler handler) {
        get(path, permission, standard, true, handler);
    }

    private void get(
            String path, Permission permission, RouteLimits limits, boolean isForManagement, RouteHandler handler) {
        add(new Route(HandlerType.GET, path, permission, limits, isForManagement, handler));
        // Otherwise Javalin would respond to HEAD with 200, without a call of the route and before the server is ready.
        add(new Route(HandlerType.HEAD, path, permission, limits, isForManagement, handler));
    }

    /** Adds a route for POST. */
    void post(String path, Permission permission, RouteHandler handler) {
        add(new Route(HandlerType.POST, path, permission, standard, false, handler));
    }

    /** Adds a route for POST that workers call all the time. These calls do not pass through the framework. */
    void postDirect(String path, Permission permission, RouteLimits limits, RouteHandler handler) {
        Route route = new Route(HandlerType.POST, path, permission, limits, false, handler);
        add(route);
        direct.add(route);
    }

    /** Adds a route for PUT. */
    void put(String path, Permission permission, RouteHandler handler) {
        add(new Route(HandlerType.PUT, path, permission, standard, false, handler));
    }

    /** Adds a route for DELETE. */
    void delete(String path, Permission permission, RouteHandler handler) {
        add(new Route(HandlerType.DELETE, path, permission, standard, false, handler));
    }

    private void add(Route route) {
        routes.add(route);
        if (!route.limits().equals(standard)) {
            special.add(route);
        }
        if (route.isForManagement()) {
            managementPaths.add(route.path());
        }
        if (route.permission() == Permission.OPEN) {
            if (route.path().endsWith("}")) {
                openFolders.add(folderOf(route.path()));
            } else {
                openPaths.add(route.path());
            }
        }
    }

    /** Returns all routes, in the order in which they were added. */
    List<Route> routes() {
        return Collections.unmodifiableList(routes);
    }

    /** Returns the route that takes a call directly; empty if the call passes through the framework. */
    Optional<Route> direct(String method, String path) {
        for (Route route : direct) {
            if (route.takes(path) && route.method().name().equals(method)) {
                return Optional.of(route);
            }
        }
        return Optional.empty();
    }

    /** Returns what each method and path requires, as in {@code GET /livez}. */
    Map<String, Permission> permissions() {
        Map<String, Permission> permissions = new LinkedHashMap<>();
        routes.forEach(route -> permissions.put(route.toString(), route.permission()));
        return permissions;
    }

    /** Returns whether a path, as it was sent, is for everybody. Its route refuses all callers if this is wrong. */
    boolean isOpen(String path) {
        return openPaths.contains(path) || openFolders.contains(folderOf(path));
    }

    /** Returns the name of the id that a path would contain if it were not empty. */
    Optional<String> emptyId(String path) {
        String[] sent = path.split("/", -1);
        return routes.stream()
                .map(route -> emptyId(route.path().split("/"), sent))
                .flatMap(Optional::stream)
                .findFirst();
    }

    /** Returns the name of the first id that is empty, if the path is otherwise that of the template. */
    private static Optional<String> emptyId(String[] template, String[] sent) {
        Optional<String> empty = Optional.empty();
        boolean same = template.length == sent.length;
        for (int i = 0; same && i < sent.length; i++) {
            Matcher id = ID.matcher(template[i]);
            if (!id.matches()) {
                same = template[i].equals(sent[i]);
            } else if (sent[i].isEmpty() && empty.isEmpty()) {
                empty = Optional.of(id.group(1));
            }
        }
        return same ? empty : Optional.empty();
    }

    /** Returns whether the management port serves a path. */
    boolean isForManagement(String path) {
        return managementPaths.contains(path);
    }

    /** Returns the paths that the management port serves, in the order in which they were added. */
    Collection<String> managementPaths() {
        return Collections.unmodifiableSet(managementPaths);
    }

    /** Returns the limits of a request. */
    RouteLimits limits(String method, String path) {
        for (Route route : special) {
            if (route.takes(path) && route.method().name().equals(method)) {
                return route.limits();
            }
        }
        return standard;
    }

    private static String folderOf(String path) {
        return path.substring(0, path.lastIndexOf('/') + 1);
    }
}

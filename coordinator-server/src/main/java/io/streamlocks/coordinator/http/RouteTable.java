package io.streamlocks.coordinator.http;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Handler;
import io.streamlocks.coordinator.access.Permission;
import io.streamlocks.coordinator.access.Principal;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The routes, each with what it asks of its caller's role. A route that names a stream in its path is closed to callers who
 * may not name that stream. What a request names elsewhere is for its route to check.
 */
final class RouteTable {

    private static final String STREAM_ID = "{streamId}";

    private final RoutesConfig routes;
    private final Map<String, Permission> permissions = new LinkedHashMap<>();
    private final Set<String> openPaths = new HashSet<>();

    /** Of paths whose last segment may be any. */
    private final Set<String> openFolders = new HashSet<>();

    RouteTable(RoutesConfig routes) {
        this.routes = routes;
    }

    /** A GET, and the HEAD that Javalin would answer with 200 by itself, asking nobody: also when not ready. */
    void get(String path, Permission permission, Handler handler) {
        Handler guarded = guarded(path, permission, handler);
        permissions.put("GET " + path, permission);
        routes.get(path, guarded);
        permissions.put("HEAD " + path, permission);
        routes.head(path, guarded);
    }

    void post(String path, Permission permission, Handler handler) {
        permissions.put("POST " + path, permission);
        routes.post(path, guarded(path, permission, handler));
    }

    private Handler guarded(String path, Permission permission, Handler handler) {
        if (permission == Permission.OPEN) {
            open(path);
            return handler;
        }
        boolean namesStream = path.contains(STREAM_ID);
        return ctx -> {
            Principal principal = Access.of(ctx);
            principal.require(permission);
            if (namesStream && !principal.isForAllStreams()) {
                principal.requireStream(Exchange.streamId(ctx));
            }
            handler.handle(ctx);
        };
    }

    /** What each method and path asks for, as in {@code GET /livez}. */
    Map<String, Permission> permissions() {
        return Collections.unmodifiableMap(permissions);
    }

    /** Whether this path, as it was sent, is for everybody. Were it wrong about one, its route would refuse all. */
    boolean isOpen(String path) {
        return openPaths.contains(path) || openFolders.contains(folderOf(path));
    }

    private void open(String path) {
        if (path.endsWith("}")) {
            openFolders.add(folderOf(path));
        } else {
            openPaths.add(path);
        }
    }

    private static String folderOf(String path) {
        return path.substring(0, path.lastIndexOf('/') + 1);
    }
}

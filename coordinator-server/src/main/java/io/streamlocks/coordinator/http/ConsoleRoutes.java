package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.access.Permission;
import io.streamlocks.coordinator.http.jetty.Call;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** The page for operators. It is the same for everybody, and calls the API with the token of its user. */
final class ConsoleRoutes {

    /** Everything that the page may load. Nothing else of the class path is served. */
    private static final Map<String, String> ASSETS = Map.of(
            "console.css", "text/css",
            "tables.css", "text/css",
            "dialogs.css", "text/css",
            "console.js", "text/javascript",
            "api.js", "text/javascript",
            "cells.js", "text/javascript",
            "dialogs.js", "text/javascript",
            "groups.js", "text/javascript");

    void register(RouteTable routes) {
        routes.get("/console", Permission.OPEN, this::page);
        routes.get("/console/{asset}", Permission.OPEN, this::asset);
    }

    private CompletableFuture<? extends Response> page(Call call) {
        return CompletableFuture.completedFuture(content("index.html", "text/html"));
    }

    private CompletableFuture<? extends Response> asset(Call call) {
        String name = Input.asset(call);
        String contentType = ASSETS.get(name);
        return CompletableFuture.completedFuture(
                contentType == null ? Unrouted.unknown(call.path()) : content(name, contentType));
    }

    private static Response content(String name, String contentType) {
        return new Response.Content(contentType, OperationRoutes.resource("/console/" + name));
    }
}

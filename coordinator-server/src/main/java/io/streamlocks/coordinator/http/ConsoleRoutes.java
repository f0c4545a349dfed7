package io.streamlocks.coordinator.http;

import io.javalin.http.Context;
import io.javalin.http.NotFoundResponse;
import io.streamlocks.coordinator.access.Permission;
import java.util.Map;

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

    private void page(Context ctx) {
        respond(ctx, "index.html", "text/html");
    }

    private void asset(Context ctx) {
        String name = ctx.pathParam("asset");
        String contentType = ASSETS.get(name);
        if (contentType == null) {
            throw new NotFoundResponse();
        }
        respond(ctx, name, contentType);
    }

    private static void respond(Context ctx, String name, String contentType) {
        Responder.respond(ctx, new Response.Content(contentType, OperationRoutes.resource("/console/" + name)));
    }
}

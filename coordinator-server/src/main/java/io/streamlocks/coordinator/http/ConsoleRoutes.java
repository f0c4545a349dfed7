package io.streamlocks.coordinator.http;

import io.javalin.http.Context;
import io.javalin.http.NotFoundResponse;
import java.util.Map;

/** The page for operators. It is the same for everybody: what it shows, it asks the API for, as whoever looks at it. */
final class ConsoleRoutes {

    /** All that the page may load; nothing else of the class path can be asked for. */
    private static final Map<String, String> ASSETS = Map.of(
            "console.css", "text/css",
            "tables.css", "text/css",
            "dialogs.css", "text/css",
            "console.js", "text/javascript",
            "api.js", "text/javascript",
            "cells.js", "text/javascript",
            "dialogs.js", "text/javascript");

    void page(Context ctx) {
        respond(ctx, "index.html", "text/html");
    }

    void asset(Context ctx) {
        String name = ctx.pathParam("asset");
        String contentType = ASSETS.get(name);
        if (contentType == null) {
            throw new NotFoundResponse();
        }
        respond(ctx, name, contentType);
    }

    private static void respond(Context ctx, String name, String contentType) {
        Exchange.respond(ctx, contentType, OperationRoutes.resource("/console/" + name));
    }
}

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

    /** Ids come from whoever may acquire. Were one of them ever taken for markup, it still could load and send nothing. */
    private static final String CONTENT_SECURITY_POLICY = String.join(
            "; ",
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "img-src 'self' data:",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'");

    void page(Context ctx) {
        ctx.header("Content-Security-Policy", CONTENT_SECURITY_POLICY);
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
        ctx.header("X-Content-Type-Options", "nosniff");
        ctx.header("Referrer-Policy", "no-referrer");
        // Page and assets are of one version. A cache that kept some of them over an upgrade would mix two.
        ctx.header("Cache-Control", "no-cache");
        ctx.contentType(contentType).result(OperationRoutes.resource("/console/" + name));
    }
}

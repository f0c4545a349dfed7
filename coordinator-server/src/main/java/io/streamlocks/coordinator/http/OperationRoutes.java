package io.streamlocks.coordinator.http;

import io.javalin.http.Context;
import io.javalin.http.NotFoundResponse;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;

/** Probes, and the contract for people. */
final class OperationRoutes {

    /** All that a page of {@code /docs} may load; nothing else of the class path can be asked for. */
    private static final Map<String, String> DOCS_ASSETS = Map.of(
            "docs.js", "text/javascript",
            "swagger-ui.css", "text/css",
            "swagger-ui-bundle.js", "text/javascript");

    private final GroupCommit locks;
    private final Gate gate;
    private final byte[] openApi = resource("/openapi.yaml");
    private final byte[] docs = resource("/docs/index.html");

    OperationRoutes(GroupCommit locks, Gate gate) {
        this.locks = locks;
        this.gate = gate;
    }

    void livez(Context ctx) {
        Exchange.respond(ctx, new Responses.Health("live"));
    }

    void readyz(Context ctx) {
        gate.check();
        Exchange.respond(ctx, locks::verifyWritable, done -> new Responses.Health("ready"));
    }

    void openApi(Context ctx) {
        ctx.contentType("application/yaml").result(openApi);
    }

    void docs(Context ctx) {
        ctx.contentType("text/html").result(docs);
    }

    void docsAsset(Context ctx) {
        String name = ctx.pathParam("asset");
        String contentType = DOCS_ASSETS.get(name);
        if (contentType == null) {
            throw new NotFoundResponse();
        }
        ctx.contentType(contentType).result(resource("/docs/" + name));
    }

    static byte[] resource(String path) {
        try (InputStream in = OperationRoutes.class.getResourceAsStream(path)) {
            if (in == null) {
                throw new IllegalStateException("The class path lacks " + path);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

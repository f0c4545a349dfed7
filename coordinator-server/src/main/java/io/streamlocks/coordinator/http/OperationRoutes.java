package io.streamlocks.coordinator.http;

import io.javalin.http.Context;
import io.javalin.http.NotFoundResponse;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import io.streamlocks.coordinator.telemetry.Telemetry;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Probes, metrics, and the contract for people. */
final class OperationRoutes {

    /** All that a page of {@code /docs} may load; nothing else of the class path can be asked for. */
    private static final Map<String, String> DOCS_ASSETS = Map.of(
            "docs.js", "text/javascript",
            "swagger-ui.css", "text/css",
            "swagger-ui-bundle.js", "text/javascript");

    private static final byte[] START = """
            Stream Lock Coordinator
              /console       the live locks, for a browser
              /docs          the calls, readable; /openapi.yaml for programs
              /v1/locks      the live locks
              /livez         whether the server lives
              /readyz        whether it takes calls
              /metrics       for Prometheus
            """.getBytes(StandardCharsets.UTF_8);

    private final GroupCommit locks;
    private final Gate gate;
    private final Telemetry telemetry;
    private final byte[] openApi = resource("/openapi.yaml");
    private final byte[] docs = resource("/docs/index.html");

    /** Kept, since each reader who is slow would otherwise have a copy of his own. */
    private final Map<String, byte[]> docsAssets = DOCS_ASSETS.keySet().stream()
            .collect(Collectors.toMap(Function.identity(), name -> resource("/docs/" + name)));

    OperationRoutes(GroupCommit locks, Gate gate, Telemetry telemetry) {
        this.locks = locks;
        this.gate = gate;
        this.telemetry = telemetry;
    }

    /** Leads a browser to the console, and whoever reads text to all there is. */
    void start(Context ctx) {
        ctx.header("Vary", "Accept");
        String accepted = ctx.header("Accept");
        if (accepted != null && accepted.contains("text/html")) {
            ctx.status(303);
            // Relative, since a proxy may have this server below a path of its own.
            ctx.header("Location", "console");
            // There is no body; the framework would set its default.
            ctx.res().setContentType(null);
        } else {
            Exchange.respond(ctx, "text/plain; charset=utf-8", START);
        }
    }

    void livez(Context ctx) {
        Exchange.respond(ctx, new Responses.Health("live"));
    }

    void readyz(Context ctx) {
        gate.checkReady();
        Exchange.respond(ctx, locks::verifyWritable, done -> new Responses.Health("ready"));
    }

    void metrics(Context ctx) {
        Exchange.respond(ctx, "text/plain; version=0.0.4; charset=utf-8", telemetry.scrape());
    }

    void openApi(Context ctx) {
        Exchange.respond(ctx, "application/yaml", openApi);
    }

    void docs(Context ctx) {
        Exchange.respond(ctx, "text/html", docs);
    }

    void docsAsset(Context ctx) {
        String name = ctx.pathParam("asset");
        String contentType = DOCS_ASSETS.get(name);
        if (contentType == null) {
            throw new NotFoundResponse();
        }
        Exchange.respond(ctx, contentType, docsAssets.get(name));
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

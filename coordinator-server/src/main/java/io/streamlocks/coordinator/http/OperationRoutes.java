package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.access.Permission;
import io.streamlocks.coordinator.http.jetty.Call;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import io.streamlocks.coordinator.telemetry.Telemetry;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Probes, metrics, the contract, and the start page. */
final class OperationRoutes {

    /** Everything that a page of {@code /docs} may load. Nothing else of the class path is served. */
    private static final Map<String, String> DOCS_ASSETS = Map.of(
            "docs.js", "text/javascript",
            "swagger-ui.css", "text/css",
            "swagger-ui-bundle.js", "text/javascript");

    private static final byte[] START = """
            Stream Lock Coordinator
              /console       the live locks, for a browser
              /docs          the API for people; /openapi.yaml for programs
              /v1/locks      the live locks
              /livez         whether the server is alive
              /readyz        whether it accepts calls
              /metrics       for Prometheus
            """.getBytes(StandardCharsets.UTF_8);

    private final GroupCommit locks;
    private final Gate gate;
    private final Telemetry telemetry;
    private final byte[] openApi = resource("/openapi.yaml");
    private final byte[] docs = resource("/docs/index.html");

    /** Is kept, because each slow client would otherwise have a copy of its own. */
    private final Map<String, byte[]> docsAssets = DOCS_ASSETS.keySet().stream()
            .collect(Collectors.toMap(Function.identity(), name -> resource("/docs/" + name)));

    OperationRoutes(GroupCommit locks, Gate gate, Telemetry telemetry) {
        this.locks = locks;
        this.gate = gate;
        this.telemetry = telemetry;
    }

    void register(RouteTable routes) {
        routes.get("/", Permission.OPEN, this::start);
        routes.getForManagement("/livez", Permission.OPEN, this::livez);
        routes.getForManagement("/readyz", Permission.OPEN, this::readyz);
        routes.getForManagement("/metrics", Permission.READ, this::metrics);
        routes.get("/openapi.yaml", Permission.OPEN, this::openApi);
        routes.get("/docs", Permission.OPEN, this::docs);
        routes.get("/docs/{asset}", Permission.OPEN, this::docsAsset);
    }

    /** Sends a browser to the console, and shows other clients what there is. */
    private CompletableFuture<? extends Response> start(Call call) {
        String accepted = call.header("Accept");
        boolean isBrowser = accepted != null && accepted.contains("text/html");
        // The path is relative, because a proxy may have this server below a path of its own.
        return known(
                isBrowser
                        ? new Response.Redirect("console")
                        : new Response.Extended(
                                new Response.Content("text/plain; charset=utf-8", START), "Vary", "Accept"));
    }

    private CompletableFuture<? extends Response> livez(Call call) {
        return known(new Bodies.Health("live"));
    }

    private CompletableFuture<? extends Response> readyz(Call call) {
        gate.checkReady();
        return locks.verifyWritable().thenApply(done -> new Bodies.Health("ready"));
    }

    private CompletableFuture<? extends Response> metrics(Call call) {
        return known(new Response.Content("text/plain; version=0.0.4; charset=utf-8", telemetry.scrape()));
    }

    private CompletableFuture<? extends Response> openApi(Call call) {
        return known(new Response.Content("application/yaml", openApi));
    }

    private CompletableFuture<? extends Response> docs(Call call) {
        return known(new Response.Content("text/html", docs));
    }

    private CompletableFuture<? extends Response> docsAsset(Call call) {
        String name = Input.asset(call);
        String contentType = DOCS_ASSETS.get(name);
        byte[] asset = docsAssets.get(name);
        if (contentType == null || asset == null) {
            return known(Unrouted.unknown(call.path()));
        }
        return known(new Response.Content(contentType, asset));
    }

    private static CompletableFuture<Response> known(Response response) {
        return CompletableFuture.completedFuture(response);
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

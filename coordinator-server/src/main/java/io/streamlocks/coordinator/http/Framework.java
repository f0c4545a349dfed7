package io.streamlocks.coordinator.http;

import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.router.Endpoint;
import io.streamlocks.coordinator.http.jetty.Call;
import io.streamlocks.coordinator.http.jetty.Reply;
import io.streamlocks.coordinator.http.jetty.ResponseWriter;
import io.streamlocks.coordinator.http.jetty.Transport;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Runs the routes in the web framework, Javalin. This class is thread-safe. */
final class Framework {

    private final Javalin javalin;

    /**
     * Creates the application, which does not listen yet.
     *
     * @param transport sets up the server below
     * @param table contains the routes
     * @param calls carries out the calls
     * @param errors responds to an error of the virtual machine
     */
    Framework(Transport transport, RouteTable table, RouteCalls calls, ErrorResponses errors) {
        this.javalin = Javalin.create(config -> {
            configure(config);
            config.router.javaLangErrorHandler(errors::respondTo);
            config.requestLogger.http((ctx, millis) -> Call.of(ctx.req()).answered(route(ctx), ctx.statusCode()));
            transport.configure(config.jetty);
            config.routes.before(ctx -> SecurityHeaders.set(ctx.req().getRequestURI(), ctx.res()::setHeader));
            config.routes.before(ctx -> calls.check(Call.of(ctx.req())));
            table.routes().forEach(route -> add(config.routes, route, calls));
            config.routes.exception(
                    HttpResponseException.class,
                    (e, ctx) -> respond(ctx, Unrouted.response(e, ctx.req().getRequestURI(), table)));
            config.routes.exception(Exception.class, (e, ctx) -> respond(ctx, errors.response(e, Call.of(ctx.req()))));
        });
    }

    private static void configure(JavalinConfig config) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.startup.startupWatcherEnabled = false;
        config.http.prefer405over404 = true;
        config.http.compressionStrategy = CompressionStrategy.NONE;
        config.router.ignoreTrailingSlashes = false;
    }

    private static void add(RoutesConfig routes, Route route, RouteCalls calls) {
        routes.addHttpHandler(route.method(), route.path(), ctx -> {
            CompletableFuture<Reply> reply = calls.handle(route, Call.of(ctx.req()));
            ctx.future(() -> reply.thenCompose(ready -> ResponseWriter.send(ctx.res(), ready)));
        });
    }

    /** Responds to a call that came to no route, or whose route has no reply. */
    private static void respond(Context ctx, Response response) {
        ResponseWriter.send(ctx.res(), Responder.reply(response, Call.of(ctx.req())));
    }

    /** Listens, and returns the main port. */
    int start() {
        return javalin.start().port();
    }

    /** Blocks until the server has stopped. */
    void stop() {
        javalin.stop();
    }

    /** Returns each method and path that is served, as in {@code GET /livez}. */
    List<String> routes() {
        return javalin.unsafe.internalRouter.allHttpHandlers().stream()
                .map(handler -> handler.endpoint)
                .filter(endpoint -> endpoint.method.isHttpMethod())
                .map(endpoint -> endpoint.method + " " + endpoint.path)
                .toList();
    }

    /**
     * Returns the template of the path that took the call, or would have taken it if it had not been refused before.
     */
    private Optional<String> route(Context ctx) {
        Endpoint taken = ctx.endpoints().lastHttpEndpoint();
        if (taken != null) {
            return Optional.of(taken.path);
        }
        return javalin.unsafe.internalRouter.findHttpHandlerEntries(ctx.method(), ctx.path()).stream()
                .findFirst()
                .map(entry -> entry.endpoint.path);
    }
}

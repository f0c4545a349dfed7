package io.streamlocks.coordinator.http;

import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HttpResponseException;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.OverloadedException;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import io.streamlocks.coordinator.log.RepeatedErrorLog;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.eclipse.jetty.ee10.servlet.SessionHandler;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The REST API on a port. Thread-safe.
 */
public final class HttpServer {

    /** How long a stop waits for calls under way; above the longest that the storage lets one take. */
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);

    /** What remains of a path when its stream id is empty. */
    private static final Pattern EMPTY_STREAM_ID =
            Pattern.compile("/v1/locks/(/(acquire|renew|release|break|history))?");

    /** Idle ones end after a minute. Blocked ones, of which each waits for a slow client, must not be all. */
    private final QueuedThreadPool threads = new QueuedThreadPool(250, 8);

    private final GroupCommit locks;
    private final Javalin javalin;
    private final RepeatedErrorLog errors =
            new RepeatedErrorLog(LoggerFactory.getLogger(HttpServer.class), System::nanoTime);

    /**
     * Makes the server; {@link #start} lets it listen.
     *
     * @param locks serves the calls, those of many clients together
     * @param gate lets calls pass or not
     * @param defaultTtl the ttl of an acquire that names none
     * @param maxTtl the longest ttl that may be asked for
     */
    public HttpServer(LockManager locks, Gate gate, Duration defaultTtl, Duration maxTtl) {
        this.locks = new GroupCommit(locks, threads);
        this.javalin = Javalin.create(config -> {
            config.jetty.threadPool = threads;
            configure(config);
            routes(config.routes, gate, new Fields(defaultTtl, maxTtl));
        });
    }

    /**
     * Listens. Returns once connections are accepted.
     *
     * @param host the address or name of the interface to listen on
     * @param port the port, 0 for any that is free
     * @return the port
     * @throws RuntimeException if the port cannot be bound
     */
    public int start(String host, int port) {
        return javalin.start(host, port).port();
    }

    /** Accepts no more connections, waits at most 5 s for the calls under way, and stops. */
    public void stop() {
        javalin.stop();
        locks.close();
    }

    /** Each method and path that it serves, as in {@code GET /livez}. */
    List<String> routes() {
        return javalin.unsafe.internalRouter.allHttpHandlers().stream()
                .map(handler -> handler.endpoint)
                .filter(endpoint -> endpoint.method.isHttpMethod())
                .map(endpoint -> endpoint.method + " " + endpoint.path)
                .toList();
    }

    private static void configure(JavalinConfig config) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.startup.startupWatcherEnabled = false;
        config.http.prefer405over404 = true;
        config.http.compressionStrategy = CompressionStrategy.NONE;
        config.router.ignoreTrailingSlashes = false;
        config.jetty.modifyHttpConfiguration(http -> {
            http.setSendServerVersion(false);
            http.setSendDateHeader(false);
            // A stream id may be "..", or hold "/" and "%", percent-encoded. That is ambiguous only where the decoded
            // path names a file or decides about access; here routes match the path as sent.
            http.setUriCompliance(UriCompliance.UNSAFE);
        });
        config.jetty.modifyServer(server -> {
            server.setStopTimeout(STOP_TIMEOUT.toMillis());
            server.setErrorHandler(new HttpErrorHandler());
            // In place of the framework's handler, which counts requests for nobody.
            server.setHandler(new GracefulHandler());
        });
        config.jetty.modifyServletContextHandler(context -> {
            context.setErrorHandler(new HttpErrorHandler());
            context.setSessionHandler(new NoSessions());
        });
    }

    private void routes(RoutesConfig routes, Gate gate, Fields fields) {
        routes.before("/v1/*", ctx -> gate.check());

        Exchange exchange = new Exchange(threads);
        LockRoutes lock = new LockRoutes(locks, fields, exchange);
        get(routes, "/v1/locks", lock::list);
        get(routes, "/v1/locks/{streamId}", lock::find);
        routes.post("/v1/locks/{streamId}/acquire", lock::acquire);
        routes.post("/v1/locks/{streamId}/renew", lock::renew);
        routes.post("/v1/locks/{streamId}/release", lock::release);
        routes.post("/v1/locks/{streamId}/break", lock::breakLease);
        routes.post("/v1/owners/{ownerId}/break", lock::breakOwner);

        HistoryRoutes history = new HistoryRoutes(locks, exchange);
        get(routes, "/v1/locks/{streamId}/history", history::ofStream);
        get(routes, "/v1/history", history::list);

        BatchRoutes batch = new BatchRoutes(locks, fields, exchange);
        routes.post("/v1/batch/acquire", batch::acquire);
        routes.post("/v1/batch/renew", batch::renew);
        routes.post("/v1/batch/release", batch::release);

        OperationRoutes operation = new OperationRoutes(locks, gate);
        get(routes, "/livez", operation::livez);
        get(routes, "/readyz", operation::readyz);
        get(routes, "/openapi.yaml", operation::openApi);
        get(routes, "/docs", operation::docs);
        get(routes, "/docs/{asset}", operation::docsAsset);

        ConsoleRoutes console = new ConsoleRoutes();
        get(routes, "/console", console::page);
        get(routes, "/console/{asset}", console::asset);

        routes.exception(ProblemException.class, (e, ctx) -> Exchange.respond(ctx, e.problem()));
        routes.exception(HttpResponseException.class, HttpServer::respondTo);
        routes.exception(StorageUnavailableException.class, this::respondTo);
        routes.exception(OverloadedException.class, this::respondTo);
        routes.exception(Exception.class, this::respondTo);
    }

    /** A GET, and the HEAD that Javalin would answer with 200 by itself, asking nobody: also when not ready. */
    private static void get(RoutesConfig routes, String path, Handler handler) {
        routes.get(path, handler);
        routes.head(path, handler);
    }

    /** No route took the request. */
    private static void respondTo(HttpResponseException e, Context ctx) {
        if (EMPTY_STREAM_ID.matcher(ctx.req().getRequestURI()).matches()) {
            Exchange.respond(
                    ctx,
                    ProblemException.invalid("streamId", "streamId must not be empty.")
                            .problem());
        } else if (e.getStatus() == 405) {
            String allowed = e.getDetails().getOrDefault("availableMethods", "");
            ctx.header("Allow", allowed);
            Exchange.respond(ctx, Problem.of(ProblemType.METHOD_NOT_ALLOWED, "This path takes " + allowed + " only."));
        } else if (e.getStatus() == 404) {
            Exchange.respond(ctx, Problem.of(ProblemType.NOT_FOUND, "See /openapi.yaml for the paths there are."));
        } else {
            Exchange.respond(
                    ctx,
                    Problem.of(ProblemType.BAD_REQUEST, "The request is not HTTP as this server takes it.")
                            .withStatus(e.getStatus()));
        }
    }

    private void respondTo(StorageUnavailableException e, Context ctx) {
        Throwable root = rootCause(e);
        String message = root == e ? e.getMessage() : e.getMessage() + ": " + root;
        // Which call met the outage makes no difference, nor do numbers: a pool's message counts its connections.
        errors.log(Level.WARN, root.toString().replaceAll("\\d+", "0"), message, null);
        Exchange.respond(ctx, Problem.of(ProblemType.STORAGE_UNAVAILABLE, "The storage does not answer. Try again."));
    }

    private void respondTo(OverloadedException e, Context ctx) {
        errors.log(Level.WARN, e.getMessage(), "Refused calls: " + e.getMessage(), null);
        Exchange.respond(ctx, Problem.of(ProblemType.OVERLOADED, "The server has too much to do. Try again."));
    }

    private void respondTo(Exception e, Context ctx) {
        // The path may name a stream, but holds no lease id: those travel in bodies only.
        String call = ctx.method() + " " + ctx.path();
        errors.log(Level.ERROR, e.toString(), "Failed to handle " + call, e);
        Exchange.respond(
                ctx,
                Problem.of(
                        ProblemType.INTERNAL_ERROR, "The coordinator failed to handle the call; its log tells why."));
    }

    private static Throwable rootCause(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }

    /** In place of the handler that the framework brings, which looks through each request for a session. */
    private static final class NoSessions extends SessionHandler {
        @Override
        public boolean handle(Request request, Response response, Callback callback) throws Exception {
            return getHandler().handle(request, response, callback);
        }
    }
}

package io.streamlocks.coordinator.http;

import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HttpResponseException;
import io.javalin.router.Endpoint;
import io.streamlocks.coordinator.access.ForbiddenException;
import io.streamlocks.coordinator.access.KeysUnavailableException;
import io.streamlocks.coordinator.access.Permission;
import io.streamlocks.coordinator.lock.BlockedException;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.OverloadedException;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.log.RootCause;
import io.streamlocks.coordinator.telemetry.Telemetry;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.eclipse.jetty.ee10.servlet.SessionHandler;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
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

    /** What remains of a path when its owner id is empty. */
    private static final Pattern EMPTY_OWNER_ID = Pattern.compile("/v1/owners/(/break)?");

    /** What remains of a path when its stream id is empty. */
    private static final Pattern EMPTY_STREAM_ID =
            Pattern.compile("/v1/locks/(/(acquire|renew|release|break|history))?");

    /** Begins as a path that names a stream or an owner. */
    private static final Pattern OF_AN_ID = Pattern.compile("/v1/(locks|owners)/.*");

    private final GroupCommit locks;
    private final Javalin javalin;
    private final Guards guards;
    private final LongSupplier nanoTime;

    /** Set while the server is made. */
    private RouteTable table;

    /** Set before the server is started. */
    private Listening listening;

    private final RepeatedErrorLog errors =
            new RepeatedErrorLog(LoggerFactory.getLogger(HttpServer.class), System::nanoTime);

    /** Apart from the others, since clients can fill it. */
    private final RepeatedErrorLog clientErrors =
            new RepeatedErrorLog(LoggerFactory.getLogger(HttpServer.class), System::nanoTime);

    /**
     * Makes the server; {@link #start} lets it listen.
     *
     * @param locks serves the calls, those of many clients together
     * @param gate lets calls pass or not
     * @param guards stand before the calls
     * @param defaultTtl the ttl of an acquire that names none
     * @param maxTtl the longest ttl that may be asked for
     * @param telemetry measures and traces the calls; stays the caller's to close
     */
    public HttpServer(
            LockManager locks, Gate gate, Guards guards, Duration defaultTtl, Duration maxTtl, Telemetry telemetry) {
        this(locks, gate, guards, defaultTtl, maxTtl, telemetry, ClientLimits.DEFAULT, threads(), System::nanoTime);
    }

    HttpServer(
            LockManager locks,
            Gate gate,
            Guards guards,
            Duration defaultTtl,
            Duration maxTtl,
            Telemetry telemetry,
            ClientLimits limits,
            QueuedThreadPool threads,
            LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.locks = new GroupCommit(telemetry.measured(locks), threads, telemetry);
        this.guards = guards;
        this.javalin = Javalin.create(config -> {
            config.jetty.threadPool = threads;
            configure(config, telemetry);
            config.requestLogger.http((ctx, millis) -> Call.of(ctx).answered(route(ctx), ctx.statusCode()));
            config.jetty.modifyServer(server -> limit(server, gate, limits, threads, telemetry));
            routes(
                    config.routes,
                    gate,
                    new Fields(defaultTtl, maxTtl),
                    new Exchange(threads, new HeldBytes(limits.heldBytes()), telemetry),
                    telemetry);
        });
        requireAPermissionForEachRoute();
    }

    /**
     * Makes a server without guards, for everybody who reaches it, that is measured for nobody but who asks it at {@code
     * /metrics}, and traced for nobody.
     *
     * @param locks serves the calls, those of many clients together
     * @param gate lets calls pass or not
     * @param defaultTtl the ttl of an acquire that names none
     * @param maxTtl the longest ttl that may be asked for
     */
    public HttpServer(LockManager locks, Gate gate, Duration defaultTtl, Duration maxTtl) {
        this(locks, gate, Guards.NONE, defaultTtl, maxTtl, Telemetry.untraced());
    }

    /** What the server runs on. Idle ones end after a minute. None ever waits for a client. */
    static QueuedThreadPool threads() {
        return new QueuedThreadPool(250, 8);
    }

    private void requireAPermissionForEachRoute() {
        List<String> without = routes().stream()
                .filter(route -> !table.permissions().containsKey(route))
                .toList();
        if (!without.isEmpty()) {
            throw new IllegalStateException("Routes without a permission: " + without);
        }
    }

    /**
     * Listens. Returns once connections are accepted.
     *
     * @param at where, and for whom
     * @return the port
     * @throws RuntimeException if a port cannot be bound
     */
    public int start(Listening at) {
        this.listening = at;
        return javalin.start().port();
    }

    /** The same at one port, whatever requests have for a {@code Host}. */
    public int start(String host, int port) {
        return start(Listening.at(host, port));
    }

    /** The port of probes and metrics alone, if there is one; to be asked once the server is started. */
    public OptionalInt managementPort() {
        Connector[] connectors = javalin.jettyServer().server().getConnectors();
        return connectors.length == 1
                ? OptionalInt.empty()
                : OptionalInt.of(((ServerConnector) connectors[1]).getLocalPort());
    }

    /** Accepts no more connections, waits at most 5 s for the calls under way, and stops. */
    public void stop() {
        Server server = javalin.jettyServer().server();
        server.setStopTimeout(Connectors.close(server, STOP_TIMEOUT).toMillis());
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

    /** What each of them asks of the role of its caller. */
    Map<String, Permission> permissions() {
        return table.permissions();
    }

    /** The template of the path that took the call, or would have if it had not been refused before. */
    private Optional<String> route(Context ctx) {
        Endpoint taken = ctx.endpoints().lastHttpEndpoint();
        if (taken != null) {
            return Optional.of(taken.path);
        }
        return javalin.unsafe.internalRouter.findHttpHandlerEntries(ctx.method(), ctx.path()).stream()
                .findFirst()
                .map(entry -> entry.endpoint.path);
    }

    private void configure(JavalinConfig config, Telemetry telemetry) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.startup.startupWatcherEnabled = false;
        config.http.prefer405over404 = true;
        config.http.compressionStrategy = CompressionStrategy.NONE;
        config.router.ignoreTrailingSlashes = false;
        config.router.javaLangErrorHandler(this::respondTo);
        config.jetty.modifyServer(server -> {
            server.setStopTimeout(STOP_TIMEOUT.toMillis());
            server.setErrorHandler(errorHandler(telemetry));
        });
        config.jetty.modifyServletContextHandler(context -> {
            context.setErrorHandler(errorHandler(telemetry));
            context.setSessionHandler(new NoSessions());
        });
    }

    private HttpErrorHandler errorHandler(Telemetry telemetry) {
        return new HttpErrorHandler(telemetry, () -> listening.maxHeadBytes());
    }

    /** What a client that is slow, or does not end, can take of the server. */
    private void limit(Server server, Gate gate, ClientLimits limits, Executor threads, Telemetry telemetry) {
        SlowClients slow = new SlowClients(limits, listening.connectionsPerAddress(), clientErrors, telemetry);
        Connectors.add(server, listening, guards.certificate(), slow);
        Entrance entrance = new Entrance(listening.isForLoopbackNames());
        Access access = new Access(guards.authenticator(), guards.rateLimit(), table::isOpen, telemetry);
        BodyReader bodies = new BodyReader(limits, new HeldBytes(limits.heldBytes()), threads, clientErrors, telemetry);
        Reconnects reconnects = new Reconnects(gate, nanoTime);
        slow.setHandler(reconnects);
        reconnects.setHandler(access);
        access.setHandler(bodies);
        // Behind it, since whoever is refused there may still be sending, and would see a broken pipe.
        bodies.setHandler(entrance);
        // Also behind it, since a call is of the thread that handles it, and a body may be read by others.
        entrance.setHandler(new CallHandler(telemetry));
        // In place of the framework's handler, which counts requests for nobody. No handler refuses calls while the
        // server stops: that waits until its connections have ended, and serves a renewal that comes on one of them.
        server.setHandler(slow);
    }

    private void routes(RoutesConfig routes, Gate gate, Fields fields, Exchange exchange, Telemetry telemetry) {
        table = new RouteTable(routes);
        routes.before(ctx -> SecurityHeaders.set(ctx.req().getRequestURI(), ctx.res()::setHeader));
        // Before the gate: who is not known need not know either whether this server is about to stop.
        routes.before(Access::check);
        routes.before("/v1/*", ctx -> gate.check());

        CappedLocks capped = new CappedLocks(locks, guards.ownerCap());
        LockRoutes lock = new LockRoutes(locks, capped, fields, exchange);
        table.get("/v1/locks", Permission.READ, lock::list);
        table.get("/v1/locks/{streamId}", Permission.LOOK, lock::find);
        table.post("/v1/locks/{streamId}/acquire", Permission.HOLD, unlessStopping(gate, lock::acquire));
        table.post("/v1/locks/{streamId}/renew", Permission.HOLD, lock::renew);
        table.post("/v1/locks/{streamId}/release", Permission.HOLD, lock::release);

        BreakRoutes breaks = new BreakRoutes(locks);
        table.post("/v1/locks/{streamId}/break", Permission.BREAK, breaks::lease);
        table.post("/v1/owners/{ownerId}/break", Permission.BREAK, breaks::owner);

        HistoryRoutes history = new HistoryRoutes(locks, exchange);
        table.get("/v1/locks/{streamId}/history", Permission.READ, history::ofStream);
        table.get("/v1/history", Permission.READ, history::list);

        BatchRoutes batch = new BatchRoutes(locks, capped, fields, exchange);
        table.post("/v1/batch/acquire", Permission.HOLD, unlessStopping(gate, batch::acquire));
        table.post("/v1/batch/renew", Permission.HOLD, batch::renew);
        table.post("/v1/batch/release", Permission.HOLD, batch::release);

        OperationRoutes operation = new OperationRoutes(locks, gate, telemetry);
        table.get("/", Permission.OPEN, operation::start);
        table.get("/livez", Permission.OPEN, operation::livez);
        table.get("/readyz", Permission.OPEN, operation::readyz);
        table.get("/metrics", Permission.READ, operation::metrics);
        table.get("/openapi.yaml", Permission.OPEN, operation::openApi);
        table.get("/docs", Permission.OPEN, operation::docs);
        table.get("/docs/{asset}", Permission.OPEN, operation::docsAsset);

        ConsoleRoutes console = new ConsoleRoutes();
        table.get("/console", Permission.OPEN, console::page);
        table.get("/console/{asset}", Permission.OPEN, console::asset);

        routes.exception(ProblemException.class, (e, ctx) -> Exchange.respond(ctx, e.problem()));
        routes.exception(ForbiddenException.class, (e, ctx) -> Exchange.respond(ctx, Problem.forbidden(e)));
        routes.exception(HttpResponseException.class, HttpServer::respondTo);
        routes.exception(
                BlockedException.class,
                (e, ctx) -> Exchange.respond(ctx, Problem.of(ProblemType.STORAGE_UNAVAILABLE, e.getMessage())));
        // These log, and the thread may be any.
        routes.exception(
                KeysUnavailableException.class, (e, ctx) -> Call.of(ctx).log(() -> respondTo(e, ctx)));
        routes.exception(
                StorageUnavailableException.class, (e, ctx) -> Call.of(ctx).log(() -> respondTo(e, ctx)));
        routes.exception(OverloadedException.class, (e, ctx) -> Call.of(ctx).log(() -> respondTo(e, ctx)));
        routes.exception(Exception.class, (e, ctx) -> Call.of(ctx).log(() -> respondTo(e, ctx)));
    }

    private static Handler unlessStopping(Gate gate, Handler acquire) {
        return ctx -> {
            gate.checkAcquire();
            acquire.handle(ctx);
        };
    }

    /** No route took the request. */
    private static void respondTo(HttpResponseException e, Context ctx) {
        String path = ctx.req().getRequestURI();
        if (EMPTY_STREAM_ID.matcher(path).matches()) {
            Exchange.respond(ctx, empty("streamId"));
        } else if (EMPTY_OWNER_ID.matcher(path).matches()) {
            Exchange.respond(ctx, empty("ownerId"));
        } else if (e.getStatus() == 405) {
            String allowed = e.getDetails().getOrDefault("availableMethods", "");
            ctx.header("Allow", allowed);
            Exchange.respond(ctx, Problem.of(ProblemType.METHOD_NOT_ALLOWED, "This path takes " + allowed + " only."));
        } else if (e.getStatus() == 404) {
            String slash = OF_AN_ID.matcher(path).matches()
                    ? " An id is one segment: its / is sent as %2F, which a proxy on the way must not decode."
                    : "";
            Exchange.respond(
                    ctx, Problem.of(ProblemType.NOT_FOUND, "See /openapi.yaml for the paths there are." + slash));
        } else {
            Exchange.respond(
                    ctx,
                    Problem.of(ProblemType.BAD_REQUEST, "The request is not HTTP as this server takes it.")
                            .withStatus(e.getStatus()));
        }
    }

    private static Problem empty(String field) {
        return ProblemException.invalid(field, field + " must not be empty.").problem();
    }

    private void respondTo(StorageUnavailableException e, Context ctx) {
        Throwable root = RootCause.of(e);
        String message = root == e ? e.getMessage() : e.getMessage() + ": " + root;
        // Which call met the outage makes no difference, nor do numbers: a pool's message counts its connections.
        errors.log(Level.WARN, root.toString().replaceAll("\\d+", "0"), message, RootCause.errorOf(e));
        Exchange.respond(
                ctx,
                Problem.of(
                        ProblemType.STORAGE_UNAVAILABLE, e.lack().orElse("The storage does not answer. Try again.")));
    }

    private void respondTo(KeysUnavailableException e, Context ctx) {
        errors.log(Level.WARN, e.getMessage(), e.getMessage() + ": " + RootCause.of(e), null);
        Exchange.respond(ctx, Problem.of(ProblemType.KEYS_UNAVAILABLE, "Tokens cannot be verified now. Try again."));
    }

    private void respondTo(OverloadedException e, Context ctx) {
        // The same for all callers, so that not each of many has a line.
        errors.log(
                Level.WARN,
                e.getMessage(),
                "Refused calls, this one of caller " + Access.caller(ctx) + ": " + e.getMessage(),
                null);
        Exchange.respond(ctx, Problem.of(ProblemType.OVERLOADED, "The server has too much to do. Try again."));
    }

    /** The framework would answer without a body. If memory has run out, the process ends with the line in the log. */
    private void respondTo(HttpServletResponse response, Error e) {
        // By its message, too: a thread that could not be started must not hide that memory has run out.
        errors.log(Level.ERROR, e.toString(), "Failed to handle a call", e);
        byte[] body = Json.write(new Responses.Refusal(internalError(), response.getHeader(Call.REQUEST_ID)));
        response.setContentType(Problem.CONTENT_TYPE);
        try {
            response.getOutputStream().write(body);
        } catch (IOException gone) {
            // The client has gone, so there is nobody to tell.
        }
    }

    private static Problem internalError() {
        return Problem.of(ProblemType.INTERNAL_ERROR, "The coordinator failed to handle the call; its log tells why.");
    }

    private void respondTo(Exception e, Context ctx) {
        // The path may name a stream, but holds no lease id: those travel in bodies only.
        String call = ctx.method() + " " + ctx.path();
        // Not by its message, which may quote the request, so that each would be another error.
        StackTraceElement[] trace = e.getStackTrace();
        String where = e.getClass().getName() + (trace.length == 0 ? "" : " at " + trace[0]);
        // What a future failed with is wrapped, each time at the same place.
        Throwable error = RootCause.errorOf(e);
        errors.log(Level.ERROR, error == null ? where : error.toString(), "Failed to handle " + call, e);
        Exchange.respond(ctx, internalError());
    }

    /** In place of the handler that the framework brings, which looks through each request for a session. */
    private static final class NoSessions extends SessionHandler {
        @Override
        public boolean handle(Request request, Response response, Callback callback) throws Exception {
            return getHandler().handle(request, response, callback);
        }
    }
}

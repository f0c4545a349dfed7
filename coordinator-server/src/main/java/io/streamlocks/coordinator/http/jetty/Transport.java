package io.streamlocks.coordinator.http.jetty;

import io.javalin.config.JettyConfig;
import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.reload.Reloaded;
import io.streamlocks.coordinator.telemetry.Telemetry;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import org.eclipse.jetty.ee10.servlet.SessionHandler;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.EagerContentHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Sets up the Jetty of a server: its ports, and the handlers through which each request passes before it comes to its
 * route. This class is thread-safe.
 */
public final class Transport {

    /** How long a stop waits for calls under way. The storage never lets a call take longer. */
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);

    /**
     * The decisions of the API above.
     *
     * @param admission decides about a request by its head. It must not block, and must not throw: the request would
     *     not be counted as one of its client. It returns a refusal instead
     * @param admissionTakesLong whether that takes longer than to wake another thread
     * @param sendsClientsAway returns whether clients should connect to another server
     * @param isForManagement returns whether a path, as it was sent, is served at the management port
     * @param direct returns the handling of a call that does not pass through the framework. It must not block
     * @param errorBody makes the bodies of responses to requests that do not come to a route
     */
    public record Api(
            Function<Head, Admission> admission,
            boolean admissionTakesLong,
            BooleanSupplier sendsClientsAway,
            Predicate<String> isForManagement,
            Function<Call, Optional<DirectRoute>> direct,
            ErrorBody errorBody) {}

    /** Makes the bodies of responses to requests that do not come to a route. */
    @FunctionalInterface
    public interface ErrorBody {

        /**
         * Returns a body, and sets its headers.
         *
         * @param status the status of the response
         * @param requestId the id of the call
         * @param maxHeadBytes how large the head of a request may be
         * @param header takes the name and the value of a header
         */
        byte[] write(int status, String requestId, int maxHeadBytes, BiConsumer<String, String> header);
    }

    private final TransportOptions options;
    private final Optional<Reloaded<KeyStore>> certificate;
    private final Api api;
    private final RepeatedErrorLog errors;
    private final Telemetry telemetry;

    /** Null until {@link #listenAt}. */
    private @Nullable Listening listening;

    /** Null until the server starts. */
    private @Nullable Server server;

    /** Null until the server starts. */
    private @Nullable SlowClients slowClients;

    /**
     * Creates a transport; {@link #configure} applies it to a server.
     *
     * @param options what the server runs on
     * @param certificate what TLS shows at the main port; empty for plain HTTP
     * @param api the decisions of the API
     * @param errors logs what clients did wrong; clients can fill it
     * @param telemetry measures and traces the calls
     */
    public Transport(
            TransportOptions options,
            Optional<Reloaded<KeyStore>> certificate,
            Api api,
            RepeatedErrorLog errors,
            Telemetry telemetry) {
        this.options = options;
        this.certificate = certificate;
        this.api = api;
        this.errors = errors;
        this.telemetry = telemetry;
    }

    /** Applies this transport to a server that has not started. */
    public void configure(JettyConfig jetty) {
        jetty.threadPool = options.threads();
        jetty.modifyServer(this::setUp);
        jetty.modifyServletContextHandler(context -> {
            context.setErrorHandler(errorHandler());
            context.setSessionHandler(new NoSessions());
        });
    }

    /** Sets where the server listens. To be called before the server starts. */
    public void listenAt(Listening at) {
        listening = at;
    }

    /** Returns the management port, if there is one. To be called once the server has started. */
    public OptionalInt managementPort() {
        Connector[] connectors = server().getConnectors();
        return connectors.length == 1
                ? OptionalInt.empty()
                : OptionalInt.of(((ServerConnector) connectors[1]).getLocalPort());
    }

    /**
     * Accepts no more connections. Blocks until those that were accepted have ended, for at most 5 s. Ends those that
     * have not ended by themselves a little earlier: a stop that finds calls under way fails. The stop of the server
     * then has what is left of that time.
     */
    public void closePorts() {
        Objects.requireNonNull(slowClients, "The server has not started").beginStop();
        server().setStopTimeout(Connectors.close(server(), STOP_TIMEOUT).toMillis());
    }

    private Listening listening() {
        return Objects.requireNonNull(listening, "listenAt must be called before the server starts");
    }

    private Server server() {
        return Objects.requireNonNull(server, "The server has not started");
    }

    private void setUp(Server made) {
        server = made;
        Listening at = listening();
        made.setStopTimeout(STOP_TIMEOUT.toMillis());
        made.setErrorHandler(errorHandler());
        SlowClients slow = new SlowClients(options.limits(), at.connectionsPerAddress(), errors, telemetry);
        slowClients = slow;
        Connectors.add(made, at, certificate, slow);
        // This replaces the framework's handler, which counts requests. No handler refuses calls while the server
        // stops: a stop waits for the end of the connections, and serves a renewal that comes on one of them.
        made.setHandler(chain(
                new AdmissionHandler(api.admission(), api.admissionTakesLong()),
                slow,
                new Reconnects(api.sendsClientsAway(), options.nanoTime()),
                new EagerContentHandler(new BodyReader(options.limits(), options.threads(), errors, telemetry)),
                // This is behind the body, because a client that is refused may still send, and would see a broken
                // pipe.
                new Entrance(options.threads(), at.isForLoopbackNames(), api.isForManagement()),
                // This is behind the body, because a call belongs to the thread that handles it, and other threads may
                // read a body.
                new CallHandler(api.direct(), options.threads(), errors, telemetry)));
    }

    private static Handler chain(Handler.Wrapper... handlers) {
        for (int i = 0; i < handlers.length - 1; i++) {
            handlers[i].setHandler(handlers[i + 1]);
        }
        return handlers[0];
    }

    private HttpErrorHandler errorHandler() {
        return new HttpErrorHandler(api.errorBody(), () -> listening().maxHeadBytes(), telemetry);
    }

    /** Replaces the framework's handler, which looks for a session in each request. */
    private static final class NoSessions extends SessionHandler {
        @Override
        public boolean handle(Request request, Response response, Callback callback) throws Exception {
            return getHandler().handle(request, response, callback);
        }
    }
}

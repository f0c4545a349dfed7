package io.streamlocks.coordinator.http.jetty;

import io.streamlocks.coordinator.telemetry.CallSpan;
import io.streamlocks.coordinator.telemetry.Telemetry;
import jakarta.servlet.ServletRequest;
import java.util.Optional;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * A request on its way from thread to thread: what it asks for, its id, its measurement and its trace. It ends when
 * the last byte of the response has been sent, or could not be sent. This class is thread-safe.
 */
public final class Call implements Consumer<Throwable> {

    /** The header with the id of a call, in a request and in its response. */
    public static final String REQUEST_ID = "X-Request-Id";

    private static final String TRACEPARENT = "traceparent";
    private static final String ATTRIBUTE = Call.class.getName();
    private static final String LOG_KEY = "requestId";

    /** Stands for the route of a call that no route takes. Each path would be a time series of its own. */
    private static final String NO_ROUTE = "none";

    private final long beganNanos = System.nanoTime();
    private final Request request;

    /** The method as telemetry counts it. */
    private final String knownMethod;

    private final String requestId;
    private final Telemetry telemetry;
    private final SerialConnection.Exchange exchange;

    /** Empty if the call is not traced. */
    private final Optional<CallSpan> span;

    private volatile Optional<String> route = Optional.empty();

    /** The status of the response; 500 if the handling failed before a status was set. */
    private volatile int status = 500;

    private Call(Request request, Telemetry telemetry) {
        HttpFields headers = request.getHeaders();
        // A method that a client made up would be a time series, too.
        HttpMethod known = HttpMethod.fromString(request.getMethod());
        this.request = request;
        this.knownMethod = known == null ? "_OTHER" : known.asString();
        this.requestId = RequestId.of(headers.get(REQUEST_ID));
        this.telemetry = telemetry;
        this.exchange = SerialConnection.exchangeOf(request);
        this.span = telemetry.begin(name -> Optional.ofNullable(headers.get(name)));
    }

    /** Begins the call of a request. The call ends with the response. */
    static Call begin(Request request, Response response, Telemetry telemetry) {
        Call call = new Call(request, telemetry);
        request.setAttribute(ATTRIBUTE, call);
        Request.addCompletionListener(request, call);
        call.mark(response);
        return call;
    }

    /**
     * Returns the call of a request that Jetty refuses with this status. The call of a request that is not HTTP begins
     * and ends here.
     */
    static Call refused(Request request, Response response, int status, Telemetry telemetry) {
        Call call = request.getAttribute(ATTRIBUTE) instanceof Call begun ? begun : new Call(request, telemetry);
        call.answered(Optional.empty(), status);
        // Jetty has removed the headers that were set before.
        call.mark(response);
        if (request.getAttribute(ATTRIBUTE) == null) {
            // Jetty calls no completion listener for such a request.
            call.accept(null);
        }
        return call;
    }

    /** Returns the call of a request that has come to its route. */
    public static Call of(ServletRequest request) {
        return (Call) request.getAttribute(ATTRIBUTE);
    }

    public String requestId() {
        return requestId;
    }

    /** Returns the method, as it was sent. */
    public String method() {
        return request.getMethod();
    }

    /** Returns the path as it was sent, percent-encoded. */
    public String path() {
        return request.getHttpURI().getPath();
    }

    /** Returns the query as it was sent, percent-encoded; null if there is none. */
    public @Nullable String query() {
        return request.getHttpURI().getQuery();
    }

    /** Returns the first value of a header; null if the request has none of that name. */
    public @Nullable String header(String name) {
        return request.getHeaders().get(name);
    }

    /**
     * Returns the body, which was read before; empty if there is none. This method does not block.
     *
     * @throws UnreadBodyException if the body is too large, ended early, or met a lack of memory
     */
    public byte[] body() {
        return Body.of(request);
    }

    /** Returns the decision of the API about this request. */
    public Admission admission() {
        return Admission.of(request);
    }

    /** Sets the headers by which the client can refer to the call. */
    private void mark(Response response) {
        response.getHeaders().put(REQUEST_ID, requestId);
        span.ifPresent(traced -> response.getHeaders().put(TRACEPARENT, traced.traceparent()));
    }

    /** Makes this thread handle the call until it {@linkplain #leave leaves}. */
    void enter() {
        MDC.put(LOG_KEY, requestId);
        span.ifPresent(CallSpan::enter);
    }

    void leave() {
        span.ifPresent(CallSpan::leave);
        MDC.remove(LOG_KEY);
    }

    /** Runs something that may log, on any thread, so that its lines contain the id of the call. */
    public void log(Runnable logging) {
        String before = MDC.get(LOG_KEY);
        MDC.put(LOG_KEY, requestId);
        try {
            logging.run();
        } finally {
            if (before == null) {
                MDC.remove(LOG_KEY);
            }
        }
    }

    /**
     * Runs an action once if the client closes, half-closes or resets its connection before the end of the response is
     * sent, and if the server ends the connection. The action runs within moments, on any thread, and must not block.
     * It may respond. It does not run after the response. A client that sends more than a kB beyond its request is not
     * watched, so that the server does not read without bound. A client that ends without a word on the network cannot
     * be noticed.
     *
     * <p>No thread, timer or system call waits for the client. Call this at most once per call, once the body has been
     * read.
     */
    public void onClientGone(Runnable action) {
        exchange.onClientGone(() -> log(action));
    }

    /**
     * Records that the call waits for streams from now on. Call this at most once.
     *
     * @param ifClientGone runs as {@link #onClientGone} says
     */
    public void waits(Runnable ifClientGone) {
        span.ifPresent(CallSpan::waits);
        onClientGone(ifClientGone);
    }

    /** Records which stream the call is about. */
    public void streamId(String streamId) {
        span.ifPresent(traced -> traced.streamId(streamId));
    }

    /**
     * Records the response, which is being sent.
     *
     * @param takenByRoute the template of the path; empty if no route took the call
     * @param answeredStatus the status of the response
     */
    public void answered(Optional<String> takenByRoute, int answeredStatus) {
        route = takenByRoute;
        status = answeredStatus;
        span.ifPresent(CallSpan::answered);
    }

    /** Ends the call: the response has been sent, or could not be sent. */
    @Override
    public void accept(@Nullable Throwable failure) {
        telemetry.answered(knownMethod, route.orElse(NO_ROUTE), status, System.nanoTime() - beganNanos);
        span.ifPresent(traced -> traced.end(requestId, knownMethod, route, status));
    }
}

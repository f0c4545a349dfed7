package io.streamlocks.coordinator.http;

import io.javalin.http.Context;
import io.streamlocks.coordinator.telemetry.CallSpan;
import io.streamlocks.coordinator.telemetry.Telemetry;
import java.util.Optional;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.slf4j.MDC;

/**
 * A request on its way from thread to thread: its id, and what is measured and traced of it. It is over when the last
 * byte of the answer was given away, or could not be.
 */
final class Call implements Consumer<Throwable> {

    static final String REQUEST_ID = "X-Request-Id";

    private static final String TRACEPARENT = "traceparent";
    private static final String ATTRIBUTE = Call.class.getName();
    private static final String LOG_KEY = "requestId";

    /** What stands for the route of a call that no route takes; a path of its own would be a time series each. */
    private static final String NO_ROUTE = "none";

    private final long beganNanos = System.nanoTime();
    private final String method;
    private final String requestId;
    private final Telemetry telemetry;

    /** Null if the call is not traced. */
    private final CallSpan span;

    private volatile Optional<String> route = Optional.empty();

    /** What was answered; 500 if that went wrong so far that nobody set it. */
    private volatile int status = 500;

    private Call(Request request, Telemetry telemetry) {
        HttpFields headers = request.getHeaders();
        // A method that somebody made up would be a time series, too.
        HttpMethod known = HttpMethod.fromString(request.getMethod());
        this.method = known == null ? "_OTHER" : known.asString();
        this.requestId = RequestId.of(headers.get(REQUEST_ID));
        this.telemetry = telemetry;
        this.span = telemetry.begin(headers::get);
    }

    /** Begins the call that a request is; it ends with the answer. */
    static Call begin(Request request, Response response, Telemetry telemetry) {
        Call call = new Call(request, telemetry);
        request.setAttribute(ATTRIBUTE, call);
        Request.addCompletionListener(request, call);
        call.mark(response);
        return call;
    }

    /** The call that a request is. One that was no HTTP is begun only here, is answered with this status, and is over. */
    static Call refused(Request request, Response response, int status, Telemetry telemetry) {
        Call call = request.getAttribute(ATTRIBUTE) instanceof Call begun ? begun : new Call(request, telemetry);
        call.answered(Optional.empty(), status);
        // What was set before has been taken back.
        call.mark(response);
        if (request.getAttribute(ATTRIBUTE) == null) {
            // Of such a request nobody hears the end.
            call.accept(null);
        }
        return call;
    }

    static Call of(Context ctx) {
        return (Call) ctx.req().getAttribute(ATTRIBUTE);
    }

    String requestId() {
        return requestId;
    }

    /** Tells the client by which ids the call can be found. */
    private void mark(Response response) {
        response.getHeaders().put(REQUEST_ID, requestId);
        if (span != null) {
            response.getHeaders().put(TRACEPARENT, span.traceparent());
        }
    }

    /** This thread handles the call from now on, until it leaves. */
    void enter() {
        MDC.put(LOG_KEY, requestId);
        if (span != null) {
            span.enter();
        }
    }

    void leave() {
        if (span != null) {
            span.leave();
        }
        MDC.remove(LOG_KEY);
    }

    /** Runs something that may log, on whatever thread the call has come to. */
    void log(Runnable logging) {
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

    void streamId(String streamId) {
        if (span != null) {
            span.streamId(streamId);
        }
    }

    /** The answer is on its way. */
    void answered(Optional<String> takenByRoute, int answeredStatus) {
        route = takenByRoute;
        status = answeredStatus;
    }

    /** The answer is out, or failed to be. */
    @Override
    public void accept(Throwable failure) {
        telemetry.answered(method, route.orElse(NO_ROUTE), status, System.nanoTime() - beganNanos);
        if (span != null) {
            span.end(requestId, method, route, status);
        }
    }
}

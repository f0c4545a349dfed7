package io.streamlocks.coordinator.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.streamlocks.coordinator.lock.group.Execution;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The span of a call. The statement that carries it out becomes its child; where that carries out many calls, each that
 * is traced has a child for it.
 *
 * <p>Thread-safe, since a call goes from thread to thread.
 */
public final class CallSpan implements Consumer<Execution> {

    private static final AttributeKey<String> METHOD = AttributeKey.stringKey("http.request.method");
    private static final AttributeKey<String> ROUTE = AttributeKey.stringKey("http.route");
    private static final AttributeKey<Long> STATUS = AttributeKey.longKey("http.response.status_code");
    private static final AttributeKey<String> ERROR = AttributeKey.stringKey("error.type");
    private static final AttributeKey<String> REQUEST_ID = AttributeKey.stringKey("streamlocks.request_id");
    private static final AttributeKey<String> STREAM_ID = AttributeKey.stringKey("streamlocks.stream_id");
    private static final AttributeKey<String> OPERATION = AttributeKey.stringKey("streamlocks.operation");
    private static final AttributeKey<Long> BATCH_SIZE = AttributeKey.longKey("streamlocks.batch_size");

    private static final ThreadLocal<CallSpan> OF_THIS_THREAD = new ThreadLocal<>();

    private final Tracer tracer;
    private final Span span;
    private final CallClock clock;

    CallSpan(Tracer tracer, Span span, CallClock clock) {
        this.tracer = tracer;
        this.span = span;
        this.clock = clock;
    }

    /** What a {@code traceparent} header says of it. */
    public String traceparent() {
        SpanContext context = span.getSpanContext();
        return "00-" + context.getTraceId() + "-" + context.getSpanId() + "-"
                + context.getTraceFlags().asHex();
    }

    /** This thread handles the call from now on, until it {@linkplain #leave leaves}. */
    public void enter() {
        if (span.isRecording()) {
            OF_THIS_THREAD.set(this);
        }
    }

    /** This thread does something else from now on. */
    public void leave() {
        OF_THIS_THREAD.remove();
    }

    static CallSpan ofThisThread() {
        return OF_THIS_THREAD.get();
    }

    /** The call is about this stream. */
    public void streamId(String streamId) {
        span.setAttribute(STREAM_ID, streamId);
    }

    @Override
    public void accept(Execution execution) {
        Span statement = tracer.spanBuilder("statement " + execution.kind().word())
                .setParent(Context.root().with(span))
                .setStartTimestamp(clock.epochNanos(execution.beganNanos()), TimeUnit.NANOSECONDS)
                .setAttribute(OPERATION, execution.kind().word())
                .setAttribute(BATCH_SIZE, (long) execution.requests())
                .startSpan();
        execution.failure().ifPresent(failure -> {
            statement.setStatus(StatusCode.ERROR);
            // Its message may quote what nobody outside may read.
            statement.setAttribute(ERROR, failure.getClass().getName());
        });
        statement.end(clock.epochNanos(execution.endedNanos()), TimeUnit.NANOSECONDS);
    }

    /**
     * The call has been answered.
     *
     * @param requestId its id
     * @param method its method, of those that HTTP knows
     * @param route the template of its path; empty if no route took it
     * @param status the status of the answer
     */
    public void end(String requestId, String method, Optional<String> route, int status) {
        span.updateName(route.map(path -> method + " " + path).orElse(method));
        route.ifPresent(path -> span.setAttribute(ROUTE, path));
        span.setAttribute(METHOD, method);
        span.setAttribute(STATUS, (long) status);
        span.setAttribute(REQUEST_ID, requestId);
        if (status >= 500) {
            span.setAttribute(ERROR, Integer.toString(status));
            span.setStatus(StatusCode.ERROR);
        }
        span.end(clock.epochNanos(System.nanoTime()), TimeUnit.NANOSECONDS);
    }
}

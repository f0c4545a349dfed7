package io.streamlocks.coordinator.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.streamlocks.coordinator.lock.group.Execution;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The span of a call. The statement that carries it out becomes its child. If that statement carries out several calls,
 * each traced call has a child for it. This class is thread-safe, because a call moves from thread to thread.
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
    private static final AttributeKey<Long> WAITED_MS = AttributeKey.longKey("streamlocks.waited_ms");
    private static final String WAIT_BEGINS = "wait begins";

    private static final ThreadLocal<CallSpan> OF_THIS_THREAD = new ThreadLocal<>();

    private final Tracer tracer;
    private final Span span;
    private final CallClock clock;

    /** When the call began to wait for streams; empty if it has not. */
    private volatile OptionalLong waitsSinceNanos = OptionalLong.empty();

    CallSpan(Tracer tracer, Span span, CallClock clock) {
        this.tracer = tracer;
        this.span = span;
        this.clock = clock;
    }

    /** Returns the {@code traceparent} header for this span. */
    public String traceparent() {
        SpanContext context = span.getSpanContext();
        return "00-" + context.getTraceId() + "-" + context.getSpanId() + "-"
                + context.getTraceFlags().asHex();
    }

    /** Assigns the current thread to the call, until it {@linkplain #leave leaves}. */
    public void enter() {
        if (span.isRecording()) {
            OF_THIS_THREAD.set(this);
        }
    }

    /** Ends the assignment of the current thread. */
    public void leave() {
        OF_THIS_THREAD.remove();
    }

    static Optional<CallSpan> ofThisThread() {
        return Optional.ofNullable(OF_THIS_THREAD.get());
    }

    /** Records the stream of the call. */
    public void streamId(String streamId) {
        span.setAttribute(STREAM_ID, streamId);
    }

    /** Records that the call now waits in the queues of streams. Call this at most once. */
    public void waits() {
        long now = System.nanoTime();
        span.addEvent(WAIT_BEGINS, clock.epochNanos(now), TimeUnit.NANOSECONDS);
        waitsSinceNanos = OptionalLong.of(now);
    }

    /** Records that the response is being sent, and thereby how long a call that waited has waited. */
    public void answered() {
        waitsSinceNanos.ifPresent(
                since -> span.setAttribute(WAITED_MS, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - since)));
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
            // The message is omitted, because it may quote data that must not leave the server.
            statement.setAttribute(ERROR, failure.getClass().getName());
        });
        statement.end(clock.epochNanos(execution.endedNanos()), TimeUnit.NANOSECONDS);
    }

    /**
     * Ends the span: the response has been sent.
     *
     * @param requestId the id of the request
     * @param method its method, one of those that HTTP defines
     * @param route the template of its path; empty if no route matched
     * @param status the status of the response
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

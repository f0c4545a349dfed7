package io.streamlocks.coordinator.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.MeterProvider;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Traces calls with OpenTelemetry and sends the traces to a collector, or does nothing. This class is thread-safe.
 *
 * <p>A call with a {@code traceparent} continues that trace, and is recorded if that trace is recorded. A call without
 * one begins a trace that is recorded. Spans that the collector does not accept in time are dropped.
 */
public final class Tracing implements AutoCloseable {

    private static final Duration EXPORT_INTERVAL = Duration.ofSeconds(1);
    private static final Duration EXPORT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    /** These are the spans of one or two seconds of a busy server. Further spans are dropped. */
    private static final int MAX_WAITING_SPANS = 16 * 1024;

    private static final int MAX_EXPORTED_SPANS = 2 * 1024;

    /** OpenTelemetry uses null for a header that is missing. */
    private static final TextMapGetter<Function<String, Optional<String>>> HEADERS =
            (headers, name) -> headers == null ? null : headers.apply(name).orElse(null);

    /** Empty if calls are not traced. */
    private final Optional<SdkTracerProvider> provider;

    private final Optional<Tracer> tracer;

    private Tracing(Optional<SdkTracerProvider> provider) {
        this.provider = provider;
        this.tracer = provider.map(traces -> traces.get("io.streamlocks.coordinator"));
    }

    /** Returns an instance that does nothing and has no threads. */
    public static Tracing off() {
        return new Tracing(Optional.empty());
    }

    /**
     * Returns an instance that sends traces to a collector, by OTLP over HTTP, from threads of its own.
     *
     * @param collector the base URL of the collector; {@code v1/traces} is added to the path
     * @param serviceName the name of this service in the traces
     */
    public static Tracing to(URI collector, String serviceName) {
        String base = collector.toString();
        OtlpHttpSpanExporter exporter = OtlpHttpSpanExporter.builder()
                .setEndpoint(base + (base.endsWith("/") ? "" : "/") + "v1/traces")
                .setTimeout(EXPORT_TIMEOUT)
                .setConnectTimeout(CONNECT_TIMEOUT)
                .setMeterProvider(MeterProvider.noop())
                .build();
        Attributes service = Attributes.of(
                AttributeKey.stringKey("service.name"),
                serviceName,
                // It distinguishes servers that share a name.
                AttributeKey.stringKey("service.instance.id"),
                UUID.randomUUID().toString());
        return new Tracing(Optional.of(SdkTracerProvider.builder()
                .setResource(Resource.getDefault().merge(Resource.create(service)))
                .setSampler(Sampler.parentBased(Sampler.alwaysOn()))
                .addSpanProcessor(BatchSpanProcessor.builder(exporter)
                        .setScheduleDelay(EXPORT_INTERVAL)
                        .setMaxQueueSize(MAX_WAITING_SPANS)
                        .setMaxExportBatchSize(MAX_EXPORTED_SPANS)
                        .build())
                .build()));
    }

    /** Begins the span of a call, which continues the trace of its headers; empty if calls are not traced. */
    Optional<CallSpan> begin(Function<String, Optional<String>> headers) {
        return tracer.map(spans -> begin(spans, headers));
    }

    private static CallSpan begin(Tracer tracer, Function<String, Optional<String>> headers) {
        Context parent = W3CTraceContextPropagator.getInstance().extract(Context.root(), headers, HEADERS);
        CallClock clock = CallClock.now();
        Span span = tracer.spanBuilder("HTTP")
                .setSpanKind(SpanKind.SERVER)
                .setParent(parent)
                .setStartTimestamp(clock.beganEpochNanos(), TimeUnit.NANOSECONDS)
                .startSpan();
        return new CallSpan(tracer, span, clock);
    }

    /** Returns the recorded call that the current thread is assigned to; empty for none. */
    Optional<CallSpan> ofThisThread() {
        return tracer.isEmpty() ? Optional.empty() : CallSpan.ofThisThread();
    }

    @Override
    public void close() {
        provider.ifPresent(traces -> traces.shutdown().join(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS));
    }
}

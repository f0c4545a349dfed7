package io.streamlocks.coordinator.telemetry;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmInfoMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.streamlocks.coordinator.lock.LockCalls;
import io.streamlocks.coordinator.lock.StorageCondition;
import io.streamlocks.coordinator.lock.Upkeep;
import io.streamlocks.coordinator.lock.group.Execution;
import io.streamlocks.coordinator.lock.group.Kind;
import io.streamlocks.coordinator.lock.group.StatementObserver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Measures, and traces if told where to. Thread-safe.
 *
 * <p>All meters of the hot path are registered beforehand: recording looks up no tag and allocates nothing.
 */
public final class Telemetry implements StatementObserver, AutoCloseable {

    private final PrometheusMeterRegistry registry = emptyRegistry();
    private final OutcomeCounters outcomes = new OutcomeCounters(registry);
    private final StatementMeters statements = new StatementMeters(registry);
    private final HttpMetrics http = new HttpMetrics(registry);
    private final Tracing tracing;

    /** Null until the virtual machine is measured. */
    private volatile JvmGcMetrics garbageCollection;

    /**
     * @param tracing traces the calls; closed with this
     */
    public Telemetry(Tracing tracing) {
        this.tracing = tracing;
    }

    private static PrometheusMeterRegistry emptyRegistry() {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        // Of those that Micrometer brings, the two whose names are not as Prometheus wants them; nobody asks for them.
        registry.config()
                .meterFilter(MeterFilter.denyNameStartsWith("process.cpu.time"))
                .meterFilter(MeterFilter.denyNameStartsWith("system.cpu.count"));
        return registry;
    }

    /** Measures, and traces nothing. */
    public static Telemetry untraced() {
        return new Telemetry(Tracing.off());
    }

    /** Measures the Java virtual machine, too. It takes a while, so it is not for the way to being ready. */
    public void measureJvm() {
        new JvmInfoMetrics().bindTo(registry);
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ClassLoaderMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        JvmGcMetrics collections = new JvmGcMetrics();
        collections.bindTo(registry);
        garbageCollection = collections;
    }

    /** Where a connection pool registers its meters: a registry of Micrometer. */
    public Object poolMetrics() {
        return registry;
    }

    /**
     * Returns a backend that behaves as the given one, counts its outcomes and measures its statements.
     *
     * @param locks the backend
     * @return the measured backend
     */
    public LockCalls measured(LockCalls locks) {
        return new MeasuredCalls(locks, outcomes, statements);
    }

    /**
     * Counts the live leases by owner each time it is asked, and shows their sum. While the storage does not answer it
     * throws, and the sum is shown as not known.
     *
     * @param counted whose leases
     * @return to be asked now and then, by one thread at a time
     */
    public Supplier<Map<String, Long>> census(Upkeep counted) {
        return new Census(counted, registry);
    }

    /**
     * Shows how much the storage drags along, as of the last time that what is returned was run. While the storage does not
     * answer that throws, and nothing is shown as known.
     *
     * @param look looks at the storage
     * @return to be run now and then, by one thread at a time
     */
    public Runnable storage(Supplier<StorageCondition> look) {
        return new StorageGauges(look, registry);
    }

    /**
     * A call has been answered.
     *
     * @param method its method, of those that HTTP knows
     * @param route the template of its path
     * @param status the status of the answer
     * @param nanos how long it took
     */
    public void answered(String method, String route, int status, long nanos) {
        http.record(method, route, status, nanos);
    }

    /**
     * A client was refused, or its connection ended.
     *
     * @param refusal why
     */
    public void refused(Refusal refusal) {
        http.refused(refusal);
    }

    /**
     * Shows whether what is in a file of the settings can be used.
     *
     * @param file what it holds, one word
     * @param failing whether it cannot, so that what was read before stays in use; asked at each scrape, must not block
     */
    public void showReload(String file, BooleanSupplier failing) {
        Gauge.builder("streamlocks.reload.failing", () -> failing.getAsBoolean() ? 1 : 0)
                .description("1 while what is in a file of the settings cannot be used, and what was read before is")
                .tag("file", file)
                .strongReference(true)
                .register(registry);
    }

    /**
     * Shows when the certificate expires.
     *
     * @param end when, or empty if there is none; asked at each scrape, must not block
     */
    public void showCertificateEnd(Supplier<Optional<Instant>> end) {
        Gauge.builder("streamlocks.certificate.expiry.timestamp.seconds", () -> end.get()
                        .map(instant -> (double) instant.getEpochSecond())
                        .orElse(Double.NaN))
                .description("When the certificate of TLS, or one it is issued by, expires; not a number without TLS")
                .strongReference(true)
                .register(registry);
    }

    /**
     * Begins the span of a call.
     *
     * @param headers gives the value of a header of the request; null if it has none of that name
     * @return the span; null if calls are not traced
     */
    public CallSpan begin(UnaryOperator<String> headers) {
        return tracing.begin(headers);
    }

    @Override
    public Consumer<Execution> asked() {
        return tracing.ofThisThread();
    }

    @Override
    public void waited(Kind kind, long nanos) {
        statements.waited(kind, nanos);
    }

    @Override
    public void refused(Limit limit) {
        refused(
                switch (limit) {
                    case REQUESTS_OF_CALLER -> Refusal.CALLER_REQUESTS;
                    case READS_OF_CALLER -> Refusal.CALLER_READS;
                    case UNFINISHED -> Refusal.UNFINISHED;
                });
    }

    /** All metrics, in the text format of Prometheus, version 0.0.4. */
    public byte[] scrape() {
        ByteArrayOutputStream text = new ByteArrayOutputStream(64 * 1024);
        try {
            registry.scrape(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toByteArray();
    }

    /** Sends what is left of the traces, within 2 s, and stops. */
    @Override
    public void close() {
        tracing.close();
        JvmGcMetrics collections = garbageCollection;
        if (collections != null) {
            collections.close();
        }
        registry.close();
    }
}

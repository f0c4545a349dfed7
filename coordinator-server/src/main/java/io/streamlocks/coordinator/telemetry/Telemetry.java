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
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.StatementKind;
import io.streamlocks.coordinator.lock.StorageCondition;
import io.streamlocks.coordinator.lock.Upkeep;
import io.streamlocks.coordinator.lock.group.CallerLimit;
import io.streamlocks.coordinator.lock.group.Execution;
import io.streamlocks.coordinator.lock.group.StatementObserver;
import io.streamlocks.coordinator.lock.waiting.WaitObserver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The metrics and traces of a server. This class is thread-safe.
 *
 * <p>All meters of the hot path are registered in advance, so recording looks up no tag and allocates nothing.
 */
public final class Telemetry implements StatementObserver, AutoCloseable {

    private final PrometheusMeterRegistry registry = emptyRegistry();
    private final OutcomeCounters outcomes = new OutcomeCounters(registry);
    private final StatementMeters statements = new StatementMeters(registry);
    private final HttpMetrics http = new HttpMetrics(registry);
    private final WaitMeters waits = new WaitMeters(registry);
    private final Tracing tracing;

    /** Null until {@link #measureJvm}. */
    private volatile @Nullable JvmGcMetrics garbageCollection;

    /**
     * Creates the metrics of a server.
     *
     * @param tracing traces the calls; this closes it
     */
    public Telemetry(Tracing tracing) {
        this.tracing = tracing;
    }

    private static PrometheusMeterRegistry emptyRegistry() {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        // These two of Micrometer's own meters have names that violate the conventions of Prometheus.
        registry.config()
                .meterFilter(MeterFilter.denyNameStartsWith("process.cpu.time"))
                .meterFilter(MeterFilter.denyNameStartsWith("system.cpu.count"));
        return registry;
    }

    /** Returns an instance that measures and does not trace. */
    public static Telemetry untraced() {
        return new Telemetry(Tracing.off());
    }

    /** Adds the meters of the Java virtual machine. This takes a while, so call it when the server is ready. */
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

    /** Returns the Micrometer registry in which a connection pool registers its meters. */
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
     * Returns a census: each call counts the live leases by owner and updates a gauge with their sum. While the storage
     * does not respond, the call throws and the gauge is not a number.
     *
     * @param counted the backend
     * @return the census, to be called at intervals by one thread at a time
     */
    public Supplier<Map<String, Long>> census(Upkeep counted) {
        return new Census(counted, registry);
    }

    /**
     * Returns a task that updates the gauges of groups. While the storage does not respond, the task throws and the
     * gauges are not a number.
     *
     * @param shown the backend
     * @return the task, to be run at intervals by one thread at a time
     */
    public Runnable groups(LockManager shown) {
        return new GroupGauges(() -> shown.groups().list(""), registry);
    }

    /**
     * Returns a task that updates the gauges of the obsolete rows of the storage. While the storage does not respond,
     * the task throws and the gauges are not a number.
     *
     * @param look reads the condition of the storage
     * @return the task, to be run at intervals by one thread at a time
     */
    public Runnable storage(Supplier<StorageCondition> look) {
        return new StorageGauges(look, registry);
    }

    /**
     * Measures a call whose response has been sent.
     *
     * @param method its method, one of those that HTTP defines
     * @param route the template of its path
     * @param status the status of the response
     * @param nanos how long it took
     */
    public void answered(String method, String route, int status, long nanos) {
        http.record(method, route, status, nanos);
    }

    /**
     * Counts a request that was rejected or a connection that was ended.
     *
     * @param refusal the reason
     */
    public void refused(Refusal refusal) {
        http.refused(refusal);
    }

    /**
     * Adds a gauge that shows whether a file of the settings is usable.
     *
     * @param file one word for the content of the file
     * @param failing whether the file is unusable, so that its previous content stays in use; called at each scrape,
     *     must not block
     */
    public void showReload(String file, BooleanSupplier failing) {
        Gauge.builder("streamlocks.reload.failing", () -> failing.getAsBoolean() ? 1 : 0)
                .description("1 while a file of the settings is unusable, so that its previous content stays in use")
                .tag("file", file)
                .strongReference(true)
                .register(registry);
    }

    /**
     * Adds a gauge that shows when the certificate expires.
     *
     * @param end when it expires, or empty if there is none; called at each scrape, must not block
     */
    public void showCertificateEnd(Supplier<Optional<Instant>> end) {
        Gauge.builder("streamlocks.certificate.expiry.timestamp.seconds", () -> end.get()
                        .map(instant -> (double) instant.getEpochSecond())
                        .orElse(Double.NaN))
                .description(
                        "When the TLS certificate, or a certificate of its issuers, expires; not a number without TLS")
                .strongReference(true)
                .register(registry);
    }

    /**
     * Begins the span of a call.
     *
     * @param headers returns the value of a header of the request; empty if the request has no such header
     * @return the span; empty if calls are not traced
     */
    public Optional<CallSpan> begin(Function<String, Optional<String>> headers) {
        return tracing.begin(headers);
    }

    @Override
    public Consumer<Execution> asked() {
        return tracing.ofThisThread().<Consumer<Execution>>map(span -> span).orElse(UNOBSERVED);
    }

    @Override
    public void waited(StatementKind kind, long nanos) {
        statements.waited(kind, nanos);
    }

    @Override
    public void refused(CallerLimit limit) {
        refused(
                switch (limit) {
                    case REQUESTS_OF_CALLER -> Refusal.CALLER_REQUESTS;
                    case READS_OF_CALLER -> Refusal.CALLER_READS;
                    case UNFINISHED -> Refusal.UNFINISHED;
                });
    }

    /** Returns what measures the calls that wait. */
    public WaitObserver waits() {
        return waits;
    }

    /** Returns all metrics in the text format of Prometheus, version 0.0.4. */
    public byte[] scrape() {
        ByteArrayOutputStream text = new ByteArrayOutputStream(64 * 1024);
        try {
            registry.scrape(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toByteArray();
    }

    /** Sends the remaining traces, which takes 2 s at most, and stops. */
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

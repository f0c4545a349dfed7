package io.streamlocks.coordinator.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.LongStream;

/** Measures calls, and counts the clients that were rejected. This class is thread-safe. */
final class HttpMetrics {

    private static final Duration[] BUCKETS = micros(
            1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000);

    private static final int STATUSES = 600;

    private final MeterRegistry registry;

    /** The timers by method, then route, then status. A timer is null until a call needs it. */
    private final Map<String, Map<String, AtomicReferenceArray<Timer>>> timers = new ConcurrentHashMap<>();

    private final Map<Refusal, Counter> refusals = new EnumMap<>(Refusal.class);

    HttpMetrics(MeterRegistry registry) {
        this.registry = registry;
        for (Refusal refusal : Refusal.values()) {
            refusals.put(
                    refusal,
                    Counter.builder("streamlocks.refusals")
                            .description("Requests and connections that a limit rejected or ended")
                            .tag("reason", refusal.label())
                            .register(registry));
        }
    }

    void refused(Refusal refusal) {
        // Every refusal has a counter.
        Objects.requireNonNull(refusals.get(refusal)).increment();
    }

    void record(String method, String route, int status, long nanos) {
        AtomicReferenceArray<Timer> byStatus = timers.computeIfAbsent(method, any -> new ConcurrentHashMap<>())
                .computeIfAbsent(route, any -> new AtomicReferenceArray<>(STATUSES));
        Timer timer = byStatus.get(status);
        if (timer == null) {
            timer = timer(method, route, status);
            byStatus.set(status, timer);
        }
        timer.record(nanos, TimeUnit.NANOSECONDS);
    }

    private Timer timer(String method, String route, int status) {
        return Timer.builder("http.server.requests")
                .description("Time of calls, from their last header to the end of the response")
                .tags("method", method, "route", route, "status", Integer.toString(status))
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
    }

    static Duration[] micros(long... bounds) {
        return LongStream.of(bounds)
                .mapToObj(bound -> Duration.of(bound, ChronoUnit.MICROS))
                .toArray(Duration[]::new);
    }
}

package io.streamlocks.coordinator.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.streamlocks.coordinator.lock.group.Kind;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Measures the statements of the storage and the calls that wait for them. This class is thread-safe. */
final class StatementMeters {

    /** The buckets range from the time of the memory backend to the longest time of a call. */
    private static final Duration[] BUCKETS = HttpMetrics.micros(
            250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000);

    private static final Set<Kind> CHANGES = EnumSet.of(Kind.ACQUIRE, Kind.RENEW, Kind.RELEASE, Kind.BREAK);

    private final MeterRegistry registry;
    private final Map<Kind, Meters> ofKind = new EnumMap<>(Kind.class);

    StatementMeters(MeterRegistry registry) {
        this.registry = registry;
        // Probes check the storage, not workers, so checks are not measured.
        for (Kind kind : EnumSet.complementOf(EnumSet.of(Kind.CHECK))) {
            ofKind.put(kind, meters(kind));
        }
    }

    private Meters meters(Kind kind) {
        Optional<DistributionSummary> requests = Optional.of(kind)
                .filter(CHANGES::contains)
                .map(change -> DistributionSummary.builder("streamlocks.batch.size")
                        .description("Requests per statement, of all calls that share it")
                        .tag("operation", change.word())
                        .register(registry));
        return new Meters(
                requests,
                timer("streamlocks.queue.wait", "Time that calls wait until their statement begins", kind),
                timer("streamlocks.statement", "Time of a statement, including the wait for a connection", kind),
                Counter.builder("streamlocks.statement.failures")
                        .description("Statements that failed, so that the outcomes of their requests are unknown")
                        .tag("operation", kind.word())
                        .register(registry));
    }

    private Timer timer(String name, String description, Kind kind) {
        return Timer.builder(name)
                .description(description)
                .tag("operation", kind.word())
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
    }

    void waited(Kind kind, long nanos) {
        if (kind != Kind.CHECK) {
            of(kind).queueWait.record(nanos, TimeUnit.NANOSECONDS);
        }
    }

    /** Counts the requests of a statement that begins, and returns the meters for its end. */
    Meters begin(Kind kind, int requests) {
        Meters meters = of(kind);
        meters.requests.ifPresent(size -> size.record(requests));
        return meters;
    }

    private Meters of(Kind kind) {
        return Objects.requireNonNull(ofKind.get(kind), "Checks are not measured");
    }

    /**
     * The meters of one kind of statement.
     *
     * @param requests empty for reads, which carry out one request per statement
     */
    record Meters(Optional<DistributionSummary> requests, Timer queueWait, Timer statement, Counter failures) {}
}

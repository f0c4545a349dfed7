package io.streamlocks.coordinator.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.streamlocks.coordinator.lock.StatementKind;
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

    private static final Set<StatementKind> BATCHES = EnumSet.of(
            StatementKind.ACQUIRE,
            StatementKind.RENEW,
            StatementKind.RELEASE,
            StatementKind.BREAK,
            StatementKind.QUEUE,
            StatementKind.LEAVE,
            StatementKind.ADVANCE,
            StatementKind.LOOK);

    private final MeterRegistry registry;
    private final Map<StatementKind, Meters> ofKind = new EnumMap<>(StatementKind.class);

    StatementMeters(MeterRegistry registry) {
        this.registry = registry;
        // Probes check the storage, not workers, so checks are not measured.
        for (StatementKind kind : EnumSet.complementOf(EnumSet.of(StatementKind.CHECK))) {
            ofKind.put(kind, meters(kind));
        }
    }

    private Meters meters(StatementKind kind) {
        Optional<DistributionSummary> requests = Optional.of(kind)
                .filter(BATCHES::contains)
                .map(batch -> DistributionSummary.builder("streamlocks.batch.size")
                        .description("Requests per statement, of all calls that share it")
                        .tag("operation", batch.word())
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

    private Timer timer(String name, String description, StatementKind kind) {
        return Timer.builder(name)
                .description(description)
                .tag("operation", kind.word())
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
    }

    void waited(StatementKind kind, long nanos) {
        if (kind != StatementKind.CHECK) {
            of(kind).queueWait.record(nanos, TimeUnit.NANOSECONDS);
        }
    }

    /** Counts the requests of a statement that begins, and returns the meters for its end. */
    Meters begin(StatementKind kind, int requests) {
        Meters meters = of(kind);
        meters.requests.ifPresent(size -> size.record(requests));
        return meters;
    }

    private Meters of(StatementKind kind) {
        return Objects.requireNonNull(ofKind.get(kind), "Checks are not measured");
    }

    /**
     * The meters of one kind of statement.
     *
     * @param requests empty for reads that carry out one request per statement
     */
    record Meters(Optional<DistributionSummary> requests, Timer queueWait, Timer statement, Counter failures) {}
}

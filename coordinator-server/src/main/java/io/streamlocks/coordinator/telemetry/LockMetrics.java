package io.streamlocks.coordinator.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.group.Kind;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** What is decided of leases, and how long it takes. Thread-safe. */
final class LockMetrics {

    /** From what memory needs to what a call is given at most. */
    private static final Duration[] BUCKETS = HttpMetrics.micros(
            250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000);

    private static final Set<Kind> CHANGES = EnumSet.of(Kind.ACQUIRE, Kind.RENEW, Kind.RELEASE, Kind.BREAK);

    final Counter granted;
    final Counter held;
    final Counter leaseIdUsed;
    final Counter delayed;
    final Counter acquiresBlocked;
    final Counter renewed;
    final Counter renewalsLost;
    final Counter renewalsBlocked;
    final Counter released;
    final Counter releasesLost;
    final Counter releasesBlocked;
    final Counter broken;
    final Counter tokenChanged;
    final Counter notLocked;
    final Counter breaksBlocked;

    private final MeterRegistry registry;
    private final Map<LossReason, Counter> losses = new EnumMap<>(LossReason.class);
    private final Map<Kind, Meters> ofKind = new EnumMap<>(Kind.class);

    LockMetrics(MeterRegistry registry) {
        this.registry = registry;
        String acquires = "What became of requests for a lease, those of a batch one by one";
        granted = outcome("streamlocks.acquires", acquires, "granted");
        held = outcome("streamlocks.acquires", acquires, "held");
        leaseIdUsed = outcome("streamlocks.acquires", acquires, "lease_id_used");
        delayed = outcome("streamlocks.acquires", acquires, "delayed");
        acquiresBlocked = outcome("streamlocks.acquires", acquires, "blocked");
        String renewals = "What became of renewals, those of a batch one by one";
        renewed = outcome("streamlocks.renewals", renewals, "renewed");
        renewalsLost = outcome("streamlocks.renewals", renewals, "lost");
        renewalsBlocked = outcome("streamlocks.renewals", renewals, "blocked");
        String releases = "What became of releases, those of a batch one by one";
        released = outcome("streamlocks.releases", releases, "released");
        releasesLost = outcome("streamlocks.releases", releases, "lost");
        releasesBlocked = outcome("streamlocks.releases", releases, "blocked");
        String breaks = "What became of leases that an operator asked to be ended";
        broken = outcome("streamlocks.breaks", breaks, "broken");
        tokenChanged = outcome("streamlocks.breaks", breaks, "token_changed");
        notLocked = outcome("streamlocks.breaks", breaks, "not_locked");
        breaksBlocked = outcome("streamlocks.breaks", breaks, "blocked");
        for (LossReason reason : LossReason.values()) {
            losses.put(
                    reason,
                    Counter.builder("streamlocks.losses")
                            .description("Leases that were lost, as renewals and releases were told")
                            .tag("reason", reason.name().toLowerCase(Locale.ROOT))
                            .register(registry));
        }
        // Whether the storage takes writes is asked by probes, not by workers.
        for (Kind kind : EnumSet.complementOf(EnumSet.of(Kind.CHECK))) {
            ofKind.put(kind, meters(kind));
        }
    }

    private Counter outcome(String name, String description, String outcome) {
        return Counter.builder(name)
                .description(description)
                .tag("outcome", outcome)
                .register(registry);
    }

    private Meters meters(Kind kind) {
        DistributionSummary requests = !CHANGES.contains(kind)
                ? null
                : DistributionSummary.builder("streamlocks.batch.size")
                        .description("How many requests a statement carries out, of however many calls")
                        .tag("operation", kind.word())
                        .register(registry);
        return new Meters(
                requests,
                timer("streamlocks.queue.wait", "How long calls wait for their statement to begin", kind),
                timer("streamlocks.statement", "How long statements take, with the wait for a connection", kind),
                Counter.builder("streamlocks.statement.failures")
                        .description("Statements that failed, so that nobody knows what became of their requests")
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
            ofKind.get(kind).queueWait.record(nanos, TimeUnit.NANOSECONDS);
        }
    }

    void lost(LossReason reason) {
        losses.get(reason).increment();
    }

    /** A statement begins; the meters take what becomes of it. */
    Meters begin(Kind kind, int requests) {
        Meters meters = ofKind.get(kind);
        if (meters.requests != null) {
            meters.requests.record(requests);
        }
        return meters;
    }

    /**
     * The meters of one kind of statement.
     *
     * @param requests null for what reads, which is one request a statement
     */
    record Meters(DistributionSummary requests, Timer queueWait, Timer statement, Counter failures) {}
}

package io.streamlocks.coordinator.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.telemetry.Tallies.Tally;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Counts the outcomes of requests, one by one for the requests of a batch. This class is thread-safe. */
final class OutcomeCounters {

    private final MeterRegistry registry;
    private final Acquires acquires;
    private final Renewals renewals;
    private final Releases releases;
    private final Breaks breaks;
    private final Tallies ofAcquires = new Tallies();
    private final Tallies ofRenewals = new Tallies();
    private final Tallies ofReleases = new Tallies();
    private final Tallies ofBreaks = new Tallies();
    private final Counter broken;

    OutcomeCounters(MeterRegistry registry) {
        this.registry = registry;
        this.acquires = acquires("streamlocks.acquires", "Acquire requests by outcome, including those of batches");
        List<Counter> losses =
                Arrays.stream(LossReason.values()).map(this::loss).toList();
        this.renewals = renewals("streamlocks.renewals", "Renewals by outcome, including those of batches", losses);
        this.releases = releases("streamlocks.releases", "Releases by outcome, including those of batches", losses);
        String description = "Leases that an operator asked to end, by outcome";
        this.broken = counter("streamlocks.breaks", description, "broken");
        this.breaks = breaks("streamlocks.breaks", description);
    }

    private Acquires acquires(String name, String description) {
        return new Acquires(
                ofAcquires.of(counter(name, description, "granted")),
                ofAcquires.of(counter(name, description, "held")),
                ofAcquires.of(counter(name, description, "awaited")),
                ofAcquires.of(counter(name, description, "delayed")),
                ofAcquires.of(counter(name, description, "lease_id_used")),
                ofAcquires.of(counter(name, description, "blocked")),
                ofAcquires.of(),
                ofAcquires.of());
    }

    private Renewals renewals(String name, String description, List<Counter> losses) {
        Counter lost = counter(name, description, "lost");
        return new Renewals(
                ofRenewals.of(counter(name, description, "renewed")),
                losses.stream().map(reason -> ofRenewals.of(lost, reason)).toList(),
                ofRenewals.of(counter(name, description, "blocked")),
                ofRenewals.of());
    }

    private Releases releases(String name, String description, List<Counter> losses) {
        Counter lost = counter(name, description, "lost");
        return new Releases(
                ofReleases.of(counter(name, description, "released")),
                losses.stream().map(reason -> ofReleases.of(lost, reason)).toList(),
                ofReleases.of(counter(name, description, "blocked")),
                ofReleases.of());
    }

    private Breaks breaks(String name, String description) {
        return new Breaks(
                ofBreaks.of(broken),
                ofBreaks.of(counter(name, description, "token_changed")),
                ofBreaks.of(counter(name, description, "not_locked")),
                ofBreaks.of(counter(name, description, "blocked")),
                ofBreaks.of());
    }

    private Counter loss(LossReason reason) {
        return Counter.builder("streamlocks.losses")
                .description("Leases that renewals and releases reported as lost")
                .tag("reason", reason.name().toLowerCase(Locale.ROOT))
                .register(registry);
    }

    private Counter counter(String name, String description, String outcome) {
        return Counter.builder(name)
                .description(description)
                .tag("outcome", outcome)
                .register(registry);
    }

    void acquired(List<AcquireOutcome> outcomes) {
        ofAcquires.count(outcomes, outcome -> outcome.match(acquires));
    }

    void renewed(List<RenewOutcome> outcomes) {
        ofRenewals.count(outcomes, outcome -> outcome.match(renewals));
    }

    void released(List<ReleaseOutcome> outcomes) {
        ofReleases.count(outcomes, outcome -> outcome.match(releases));
    }

    void broken(List<BreakOutcome> outcomes) {
        ofBreaks.count(outcomes, outcome -> outcome.match(breaks));
    }

    /** Counts leases that were ended together. */
    void broken(int count) {
        broken.increment(count);
    }

    // A later statement decides an undecided request and counts it then, so the tally of undecided has no counter. No
    // statement decides that too many wait. The
    // tallies of losses are in the order of the reasons.

    private record Acquires(
            Tally granted,
            Tally held,
            Tally awaited,
            Tally delayed,
            Tally leaseIdUsed,
            Tally blocked,
            Tally undecided,
            Tally tooManyWaiters)
            implements AcquireOutcome.Cases<Tally> {

        @Override
        public Tally granted(AcquireOutcome.Granted outcome) {
            return granted;
        }

        @Override
        public Tally held(AcquireOutcome.Held outcome) {
            return held;
        }

        @Override
        public Tally awaited(AcquireOutcome.Awaited outcome) {
            return awaited;
        }

        @Override
        public Tally tooManyWaiters(AcquireOutcome.TooManyWaiters outcome) {
            return tooManyWaiters;
        }

        @Override
        public Tally delayed(AcquireOutcome.Delayed outcome) {
            return delayed;
        }
    }

    private record Renewals(Tally renewed, List<Tally> lost, Tally blocked, Tally undecided)
            implements RenewOutcome.Cases<Tally> {

        @Override
        public Tally renewed(RenewOutcome.Renewed outcome) {
            return renewed;
        }

        @Override
        public Tally lost(RenewOutcome.Lost outcome) {
            return lost.get(outcome.reason().ordinal());
        }
    }

    private record Releases(Tally released, List<Tally> lost, Tally blocked, Tally undecided)
            implements ReleaseOutcome.Cases<Tally> {

        @Override
        public Tally lost(ReleaseOutcome.Lost outcome) {
            return lost.get(outcome.reason().ordinal());
        }
    }

    private record Breaks(Tally broken, Tally tokenChanged, Tally notLocked, Tally blocked, Tally undecided)
            implements BreakOutcome.Cases<Tally> {

        @Override
        public Tally broken(BreakOutcome.Broken outcome) {
            return broken;
        }

        @Override
        public Tally tokenChanged(BreakOutcome.TokenChanged outcome) {
            return tokenChanged;
        }
    }
}

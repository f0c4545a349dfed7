package io.streamlocks.coordinator.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.noop.NoopCounter;
import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.RenewOutcome;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Counts the outcomes of requests, one by one for the requests of a batch. This class is thread-safe. */
final class OutcomeCounters {

    /** An undecided request is decided by a later statement and counted then. */
    private static final Counter NOT_COUNTED =
            new NoopCounter(new Meter.Id("streamlocks.undecided", Tags.empty(), null, null, Meter.Type.COUNTER));

    private final MeterRegistry registry;
    private final Map<LossReason, Counter> losses = new EnumMap<>(LossReason.class);
    private final AcquireOutcome.Cases<Counter> acquires;
    private final RenewOutcome.Cases<Counter> renewals;
    private final ReleaseOutcome.Cases<Counter> releases;
    private final BreakOutcome.Cases<Counter> breaks;
    private final Counter broken;

    OutcomeCounters(MeterRegistry registry) {
        this.registry = registry;
        for (LossReason reason : LossReason.values()) {
            losses.put(
                    reason,
                    Counter.builder("streamlocks.losses")
                            .description("Leases that renewals and releases reported as lost")
                            .tag("reason", reason.name().toLowerCase(Locale.ROOT))
                            .register(registry));
        }
        this.acquires = acquires("streamlocks.acquires", "Acquire requests by outcome, including those of batches");
        this.renewals = renewals("streamlocks.renewals", "Renewals by outcome, including those of batches");
        this.releases = releases("streamlocks.releases", "Releases by outcome, including those of batches");
        String description = "Leases that an operator asked to end, by outcome";
        this.broken = counter("streamlocks.breaks", description, "broken");
        this.breaks = breaks("streamlocks.breaks", description);
    }

    private AcquireOutcome.Cases<Counter> acquires(String name, String description) {
        Counter granted = counter(name, description, "granted");
        Counter held = counter(name, description, "held");
        Counter delayed = counter(name, description, "delayed");
        Counter leaseIdUsed = counter(name, description, "lease_id_used");
        Counter blocked = counter(name, description, "blocked");
        return new AcquireOutcome.Cases<>() {
            @Override
            public Counter granted(AcquireOutcome.Granted outcome) {
                return granted;
            }

            @Override
            public Counter held(AcquireOutcome.Held outcome) {
                return held;
            }

            @Override
            public Counter delayed(AcquireOutcome.Delayed outcome) {
                return delayed;
            }

            @Override
            public Counter leaseIdUsed() {
                return leaseIdUsed;
            }

            @Override
            public Counter blocked() {
                return blocked;
            }

            @Override
            public Counter undecided() {
                return NOT_COUNTED;
            }
        };
    }

    private RenewOutcome.Cases<Counter> renewals(String name, String description) {
        Counter renewed = counter(name, description, "renewed");
        Counter lost = counter(name, description, "lost");
        Counter blocked = counter(name, description, "blocked");
        return new RenewOutcome.Cases<>() {
            @Override
            public Counter renewed(RenewOutcome.Renewed outcome) {
                return renewed;
            }

            @Override
            public Counter lost(RenewOutcome.Lost outcome) {
                count(outcome.reason());
                return lost;
            }

            @Override
            public Counter blocked() {
                return blocked;
            }

            @Override
            public Counter undecided() {
                return NOT_COUNTED;
            }
        };
    }

    private ReleaseOutcome.Cases<Counter> releases(String name, String description) {
        Counter released = counter(name, description, "released");
        Counter lost = counter(name, description, "lost");
        Counter blocked = counter(name, description, "blocked");
        return new ReleaseOutcome.Cases<>() {
            @Override
            public Counter released() {
                return released;
            }

            @Override
            public Counter lost(ReleaseOutcome.Lost outcome) {
                count(outcome.reason());
                return lost;
            }

            @Override
            public Counter blocked() {
                return blocked;
            }

            @Override
            public Counter undecided() {
                return NOT_COUNTED;
            }
        };
    }

    private BreakOutcome.Cases<Counter> breaks(String name, String description) {
        Counter tokenChanged = counter(name, description, "token_changed");
        Counter notLocked = counter(name, description, "not_locked");
        Counter blocked = counter(name, description, "blocked");
        return new BreakOutcome.Cases<>() {
            @Override
            public Counter broken(BreakOutcome.Broken outcome) {
                return broken;
            }

            @Override
            public Counter tokenChanged(BreakOutcome.TokenChanged outcome) {
                return tokenChanged;
            }

            @Override
            public Counter notLocked() {
                return notLocked;
            }

            @Override
            public Counter blocked() {
                return blocked;
            }

            @Override
            public Counter undecided() {
                return NOT_COUNTED;
            }
        };
    }

    private void count(LossReason reason) {
        // Every reason has a counter.
        Objects.requireNonNull(losses.get(reason)).increment();
    }

    private Counter counter(String name, String description, String outcome) {
        return Counter.builder(name)
                .description(description)
                .tag("outcome", outcome)
                .register(registry);
    }

    void acquired(List<AcquireOutcome> outcomes) {
        outcomes.forEach(outcome -> outcome.match(acquires).increment());
    }

    void renewed(List<RenewOutcome> outcomes) {
        outcomes.forEach(outcome -> outcome.match(renewals).increment());
    }

    void released(List<ReleaseOutcome> outcomes) {
        outcomes.forEach(outcome -> outcome.match(releases).increment());
    }

    void broken(List<BreakOutcome> outcomes) {
        outcomes.forEach(outcome -> outcome.match(breaks).increment());
    }

    /** Counts leases that were ended together. */
    void broken(int count) {
        broken.increment(count);
    }
}

package io.streamlocks.coordinator.telemetry;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.streamlocks.coordinator.lock.Upkeep;
import java.util.Map;
import java.util.function.Supplier;

/** Counts the live leases of all servers on one storage, and shows how many there are. */
final class Census implements Supplier<Map<String, Long>> {

    private final Upkeep locks;

    /** Not a number while it is not known: an old count would look like a quiet system. */
    private volatile double live = Double.NaN;

    Census(Upkeep locks, MeterRegistry registry) {
        this.locks = locks;
        Gauge.builder("streamlocks.live.leases", () -> live)
                .description("Live leases in the storage, whichever server granted them; not a number if it is away")
                .strongReference(true)
                .register(registry);
    }

    @Override
    public Map<String, Long> get() {
        try {
            Map<String, Long> byOwner = locks.liveLeases();
            live = byOwner.values().stream().mapToLong(Long::longValue).sum();
            return byOwner;
        } catch (RuntimeException | Error e) {
            live = Double.NaN;
            throw e;
        }
    }
}

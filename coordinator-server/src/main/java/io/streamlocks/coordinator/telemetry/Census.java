package io.streamlocks.coordinator.telemetry;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.streamlocks.coordinator.lock.Upkeep;
import java.util.Map;
import java.util.function.Supplier;

/** Counts the live leases of all servers on one storage, with a gauge of the sum. */
final class Census implements Supplier<Map<String, Long>> {

    private final Upkeep locks;

    /** It is not a number while it is unknown, because an old count would look like a quiet system. */
    private volatile double live = Double.NaN;

    Census(Upkeep locks, MeterRegistry registry) {
        this.locks = locks;
        Gauge.builder("streamlocks.live.leases", () -> live)
                .description("Live leases in the storage, of all servers; not a number if the storage does not respond")
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

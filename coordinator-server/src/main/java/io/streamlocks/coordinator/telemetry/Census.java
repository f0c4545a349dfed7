package io.streamlocks.coordinator.telemetry;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.log.RepeatedErrorLog;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** Counts the live leases of all servers on one storage. */
final class Census implements Runnable {

    private final LockManager locks;
    private final RepeatedErrorLog errors =
            new RepeatedErrorLog(LoggerFactory.getLogger(Census.class), System::nanoTime);

    /** Not a number while it is not known: an old count would look like a quiet system. */
    private volatile double live = Double.NaN;

    Census(LockManager locks, MeterRegistry registry) {
        this.locks = locks;
        Gauge.builder("streamlocks.live.leases", () -> live)
                .description("Live leases in the storage, whichever server granted them; not a number if it is away")
                .strongReference(true)
                .register(registry);
    }

    /** Must not throw: a scheduled task that does is never run again. */
    @Override
    public void run() {
        try {
            live = locks.liveLeases().values().stream()
                    .mapToLong(Long::longValue)
                    .sum();
        } catch (RuntimeException | Error e) {
            live = Double.NaN;
            errors.log(Level.WARN, e.getClass().getName(), "Failed to count the live leases, trying again: " + e, null);
        }
    }
}

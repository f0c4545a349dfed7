package io.streamlocks.coordinator.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.streamlocks.coordinator.lock.waiting.WaitObserver;
import io.streamlocks.coordinator.log.RepeatedErrorLog;
import io.streamlocks.coordinator.log.RootCause;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** Measures the requests that wait for streams, and logs when the work for them fails. This class is thread-safe. */
final class WaitMeters implements WaitObserver {

    private static final Logger LOG = LoggerFactory.getLogger(WaitMeters.class);

    private final MeterRegistry registry;
    private final Timer granted;
    private final Timer notGranted;
    private final Counter placesLost;
    private final RepeatedErrorLog errors = new RepeatedErrorLog(LOG, System::nanoTime);

    WaitMeters(MeterRegistry registry) {
        this.registry = registry;
        this.granted = timer("granted");
        this.notGranted = timer("not_granted");
        this.placesLost = Counter.builder("streamlocks.places.lost")
                .description("Places in queues that were gone although their calls still waited")
                .register(registry);
    }

    private Timer timer(String outcome) {
        return Timer.builder("streamlocks.waits")
                .description("How long acquires waited for their stream, by outcome")
                .tag("outcome", outcome)
                .register(registry);
    }

    @Override
    public void showWaiters(IntSupplier waiters, IntSupplier notified) {
        Gauge.builder("streamlocks.waiters", waiters::getAsInt)
                .description("Acquires that wait at this server now")
                .strongReference(true)
                .register(registry);
        Gauge.builder("streamlocks.hand.overs.reported", notified::getAsInt)
                .description("1 while the storage reports hand-overs at once; 0 while the server polls for them")
                .strongReference(true)
                .register(registry);
    }

    @Override
    public void granted(long nanos) {
        granted.record(nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void notGranted(long nanos) {
        notGranted.record(nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void placesLost(int places) {
        placesLost.increment(places);
    }

    @Override
    public void failed(String what, RuntimeException failure) {
        Throwable root = RootCause.of(failure);
        errors.log(
                Level.WARN,
                what + root.toString().replaceAll("\\d+", "0"),
                "Failed to " + what + ". The server tries again: " + root,
                RootCause.errorOf(failure));
    }
}

package io.streamlocks.client.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.streamlocks.client.LeaseLoss;
import io.streamlocks.client.LossReason;
import io.streamlocks.client.StreamLockListener;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts and times what a client does, in the meters of Micrometer. Pass it to the {@link
 * io.streamlocks.client.StreamLockClient.Builder#listener listener} of a client, beside your own listeners if you have
 * any. docs/java-client.md, "Metrics", lists the meters. No tag contains a stream or an owner, because each value would
 * be a time series of its own.
 *
 * <p>The meters exist from the start, with the value 0. Several clients of one registry need one instance, or a
 * registry with different common tags each. This class is thread-safe, and no method blocks.
 */
public final class StreamLockMetrics implements StreamLockListener {

    private static final String PREFIX = "streamlocks.client.";

    private final Timer granted;
    private final Timer held;
    private final Timer failed;
    private final Counter renewed;
    private final Counter renewalsUnknown;
    private final Counter released;
    private final Counter releasesUnknown;
    private final Counter left;
    private final Map<LossReason, Counter> losses = new EnumMap<>(LossReason.class);
    private final AtomicLong leases = new AtomicLong();

    /**
     * Registers the meters.
     *
     * @param registry where the meters are
     */
    public StreamLockMetrics(MeterRegistry registry) {
        this.granted = acquires("granted", registry);
        this.held = acquires("held", registry);
        this.failed = acquires("failed", registry);
        this.renewed = renewals("renewed", registry);
        this.renewalsUnknown = renewals("unknown", registry);
        this.released = releases("released", registry);
        this.releasesUnknown = releases("unknown", registry);
        this.left = releases("left", registry);
        for (LossReason reason : LossReason.values()) {
            losses.put(reason, losses(reason, registry));
        }
        Gauge.builder(PREFIX + "leases", leases, AtomicLong::get)
                .description("Leases that this process holds")
                .strongReference(true)
                .register(registry);
    }

    private static Timer acquires(String outcome, MeterRegistry registry) {
        return Timer.builder(PREFIX + "acquires")
                .description("How long acquires take, with the time that they wait for another owner")
                .tag("outcome", outcome)
                .register(registry);
    }

    private static Counter renewals(String outcome, MeterRegistry registry) {
        return counter(
                "renewals", "Renewals of leases by outcome. An unknown one is repeated", registry, "outcome", outcome);
    }

    private static Counter releases(String outcome, MeterRegistry registry) {
        return counter(
                "releases",
                "Ends of leases by the outcome of the first release. An unknown one is repeated",
                registry,
                "outcome",
                outcome);
    }

    private static Counter losses(LossReason reason, MeterRegistry registry) {
        return counter(
                "losses",
                "Lost leases by reason",
                registry,
                "reason",
                reason.name().toLowerCase(Locale.ROOT));
    }

    private static Counter counter(String name, String description, MeterRegistry registry, String tag, String value) {
        return Counter.builder(PREFIX + name)
                .description(description)
                .tag(tag, value)
                .register(registry);
    }

    @Override
    public void acquired(String streamId, long fencingToken, Duration took) {
        leases.incrementAndGet();
        granted.record(took);
    }

    @Override
    public void denied(String streamId, Duration took) {
        held.record(took);
    }

    @Override
    public void acquireFailed(String streamId, RuntimeException cause, Duration took) {
        failed.record(took);
    }

    @Override
    public void renewed(int count, Duration took) {
        renewed.increment(count);
    }

    @Override
    public void renewalUnknown(int count, RuntimeException cause) {
        renewalsUnknown.increment(count);
    }

    @Override
    public void lost(LeaseLoss loss) {
        leases.decrementAndGet();
        Objects.requireNonNull(losses.get(loss.reason())).increment();
    }

    @Override
    public void released(String streamId) {
        leases.decrementAndGet();
        released.increment();
    }

    @Override
    public void leftToRunOut(String streamId) {
        leases.decrementAndGet();
        left.increment();
    }

    @Override
    public void releaseUnknown(String streamId, RuntimeException cause) {
        leases.decrementAndGet();
        releasesUnknown.increment();
    }
}

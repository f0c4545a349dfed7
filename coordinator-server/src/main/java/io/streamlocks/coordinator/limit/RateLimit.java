package io.streamlocks.coordinator.limit;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Limits the calls of each caller per second, in this server. After a pause a caller may make the calls of one second
 * at once. This class is thread-safe.
 *
 * <p>It remembers the {@value #MAX_CALLERS} callers that called last. A forgotten caller starts again with the calls of
 * one second.
 */
public final class RateLimit {

    static final int MAX_CALLERS = 10_000;

    private final int perSecond;
    private final TimeMeter time;

    /** In the order of the last calls. The map is guarded by itself. */
    private final Map<String, Bucket> buckets = BoundedMap.byLastAccess(MAX_CALLERS);

    /**
     * @param perSecond the maximum number of calls per second, at least 1
     * @param nanoTime a monotonic clock, {@link System#nanoTime} outside of tests
     */
    public RateLimit(int perSecond, LongSupplier nanoTime) {
        this.perSecond = perSecond;
        this.time = new MonotonicTime(nanoTime);
    }

    /**
     * Counts a call.
     *
     * @param caller the caller
     * @return zero if the call is permitted; otherwise how long the caller has to wait
     */
    public Duration take(String caller) {
        Bucket bucket;
        synchronized (buckets) {
            bucket = buckets.computeIfAbsent(caller, first -> newBucket());
        }
        ConsumptionProbe probe = bucket.tryConsumeAndReturnRemaining(1);
        return probe.isConsumed() ? Duration.ZERO : Duration.ofNanos(Math.max(1, probe.getNanosToWaitForRefill()));
    }

    private Bucket newBucket() {
        return Bucket.builder()
                .addLimit(limit -> limit.capacity(perSecond).refillGreedy(perSecond, Duration.ofSeconds(1)))
                .withCustomTimePrecision(time)
                .build();
    }
}

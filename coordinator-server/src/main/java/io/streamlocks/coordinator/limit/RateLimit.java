package io.streamlocks.coordinator.limit;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * So many calls a second for each caller, in this server: after a pause, those of one second at once. Thread-safe.
 *
 * <p>It remembers the {@value #MAX_CALLERS} callers that called last. One that made room begins anew, with the calls of a
 * whole second.
 */
public final class RateLimit {

    static final int MAX_CALLERS = 10_000;

    private final int perSecond;
    private final TimeMeter time;

    /** In the order of their last calls; guarded by itself. */
    private final Map<String, Bucket> buckets = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
            return size() > MAX_CALLERS;
        }
    };

    /**
     * @param perSecond the most calls, at least 1
     * @param nanoTime a monotonic clock, {@link System#nanoTime} outside of tests
     */
    public RateLimit(int perSecond, LongSupplier nanoTime) {
        this.perSecond = perSecond;
        this.time = new TimeMeter() {
            @Override
            public long currentTimeNanos() {
                return nanoTime.getAsLong();
            }

            @Override
            public boolean isWallClockBased() {
                return false;
            }
        };
    }

    /**
     * Counts a call.
     *
     * @param caller who makes it
     * @return zero if it may go on, else how long to wait before another is of use
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

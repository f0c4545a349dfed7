package io.streamlocks.coordinator.limit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimitTest {

    private final AtomicLong nanos = new AtomicLong(-5);

    @Test
    void theCallsOfOneSecondArePermittedAtOnceAndThenOneAtATime() {
        RateLimit limit = new RateLimit(10, nanos::get);
        for (int i = 0; i < 10; i++) {
            assertThat(limit.take("a")).isZero();
        }
        assertThat(limit.take("a")).isEqualTo(Duration.ofMillis(100));
        nanos.addAndGet(Duration.ofMillis(60).toNanos());
        assertThat(limit.take("a")).isEqualTo(Duration.ofMillis(40));
        nanos.addAndGet(Duration.ofMillis(40).toNanos());
        assertThat(limit.take("a")).isZero();
        assertThat(limit.take("a")).isPositive();
    }

    @Test
    void aPauseGivesTheCallsOfOneSecondAndNoMore() {
        RateLimit limit = new RateLimit(2, nanos::get);
        limit.take("a");
        nanos.addAndGet(Duration.ofHours(1).toNanos());
        assertThat(limit.take("a")).isZero();
        assertThat(limit.take("a")).isZero();
        assertThat(limit.take("a")).isPositive();
    }

    @Test
    void eachCallerIsCountedSeparately() {
        RateLimit limit = new RateLimit(1, nanos::get);
        assertThat(limit.take("a")).isZero();
        assertThat(limit.take("b")).isZero();
        assertThat(limit.take("a")).isPositive();
    }

    @Test
    void theCallersThatCalledLastAreRemembered() {
        RateLimit limit = new RateLimit(1, nanos::get);
        limit.take("first");
        limit.take("second");
        for (int i = 0; i < RateLimit.MAX_CALLERS - 2; i++) {
            limit.take("caller " + i);
        }
        assertThat(limit.take("first")).isPositive();
        limit.take("one too many");
        assertThat(limit.take("first")).isPositive();
        assertThat(limit.take("second")).isZero();
    }
}

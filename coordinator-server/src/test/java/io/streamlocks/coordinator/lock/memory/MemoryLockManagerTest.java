package io.streamlocks.coordinator.lock.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.testkit.contract.GroupLimitContract;
import io.streamlocks.testkit.contract.LockManagerContract;
import io.streamlocks.testkit.contract.OwnerPrefixContract;
import io.streamlocks.testkit.contract.PlaceContract;
import io.streamlocks.testkit.contract.QueueContract;
import io.streamlocks.testkit.contract.TestClock;
import io.streamlocks.testkit.contract.TimeByTestClock;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class MemoryLockManagerTest extends LockManagerContract
        implements OwnerPrefixContract, QueueContract, PlaceContract, GroupLimitContract, TimeByTestClock {

    private final TestClock clock = new TestClock();
    private final LockManager locks = new MemoryLockManager(clock, true);

    @Override
    public void agePlaces(String streamId, Duration by) {
        TimeByTestClock.super.agePlaces(streamId, by);
    }

    @Override
    public LockManager locks() {
        return locks;
    }

    @Override
    public TestClock clock() {
        return clock;
    }

    @Test
    void fencingTokensRiseAcrossARestart() {
        long before = tokenOf(locks, "before");
        clock.advance(Duration.ofSeconds(1));
        assertThat(tokenOf(new MemoryLockManager(clock, true), "after")).isGreaterThan(before);
    }

    @Test
    void aLeaseEndsAtItsLastInstantAndNotBefore() {
        tokenOf(locks, "stream");
        clock.advance(TTL.minusNanos(1));
        assertThat(locks.find("stream")).isPresent();
        clock.advance(Duration.ofNanos(1));
        assertThat(locks.find("stream")).isEmpty();
    }

    @Test
    void theClockOfTheProcessNeverGoesBack() {
        MonotonicClock monotonic = new MonotonicClock();
        java.time.Instant last = monotonic.instant();
        for (int i = 0; i < 1000; i++) {
            java.time.Instant next = monotonic.instant();
            assertThat(next).isAfterOrEqualTo(last);
            last = next;
        }
    }

    private static long tokenOf(LockManager locks, String streamId) {
        AcquireOutcome outcome = locks.acquire(List.of(new AcquireRequest(streamId, "alice", UUID.randomUUID(), TTL)))
                .get(0);
        return ((AcquireOutcome.Granted) outcome).lease().lock().fencingToken();
    }
}

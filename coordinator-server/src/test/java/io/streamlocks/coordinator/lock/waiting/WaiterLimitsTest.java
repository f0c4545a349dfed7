package io.streamlocks.coordinator.lock.waiting;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.AcquireRequest;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How many requests may wait. */
class WaiterLimitsTest {

    private static final int OF_FIRST = WaiterLimits.MAX_WAITERS / 4 * 3;
    private static final int OF_SECOND = (WaiterLimits.MAX_WAITERS - OF_FIRST) / 4 * 3;

    private final WaiterLimits limits = new WaiterLimits(OptionalInt.empty());

    private static List<Wait> waits(int count, String ownerId) {
        WaitingCall call = new WaitingCall("caller", 0, 0);
        return IntStream.range(0, count)
                .mapToObj(i -> new Wait(
                        call, i, new AcquireRequest("s" + i, ownerId, UUID.randomUUID(), Duration.ofSeconds(1))))
                .toList();
    }

    @Test
    void aCallerMayHaveThreeQuartersOfTheRoomThatTheOthersLeave() {
        assertThat(limits.add("first", waits(OF_FIRST + 1, "a"))).isEqualTo(WaiterLimits.Refusal.OF_SERVER);
        assertThat(limits.all()).isZero();
        assertThat(limits.add("first", waits(OF_FIRST, "a"))).isEqualTo(WaiterLimits.Refusal.NONE);
        assertThat(limits.add("first", waits(1, "a"))).isEqualTo(WaiterLimits.Refusal.OF_SERVER);
        assertThat(limits.add("second", waits(OF_SECOND + 1, "a"))).isEqualTo(WaiterLimits.Refusal.OF_SERVER);
        assertThat(limits.add("second", waits(OF_SECOND, "a"))).isEqualTo(WaiterLimits.Refusal.NONE);
        assertThat(limits.add("third", waits(1, "a"))).isEqualTo(WaiterLimits.Refusal.NONE);
        assertThat(limits.all()).isEqualTo(OF_FIRST + OF_SECOND + 1).isLessThan(WaiterLimits.MAX_WAITERS);
    }

    @Test
    void aRequestThatWaitsNoLongerMakesRoom() {
        List<Wait> waits = waits(OF_FIRST, "a");
        limits.add("first", waits);
        limits.remove("first", waits.subList(0, 10));
        assertThat(limits.add("first", waits(11, "a"))).isEqualTo(WaiterLimits.Refusal.OF_SERVER);
        assertThat(limits.add("first", waits(10, "a"))).isEqualTo(WaiterLimits.Refusal.NONE);
    }

    @Test
    void anOwnerIsCountedAcrossItsCallers() {
        WaiterLimits two = new WaiterLimits(OptionalInt.of(2));
        List<Wait> waits = waits(1, "a");
        assertThat(two.add("first", waits)).isEqualTo(WaiterLimits.Refusal.NONE);
        assertThat(two.add("second", waits(1, "a"))).isEqualTo(WaiterLimits.Refusal.NONE);
        assertThat(two.add("third", waits(1, "a"))).isEqualTo(WaiterLimits.Refusal.OF_OWNER);
        assertThat(two.add("third", waits(2, "b"))).isEqualTo(WaiterLimits.Refusal.NONE);
        two.remove("first", waits);
        assertThat(two.add("third", waits(1, "a"))).isEqualTo(WaiterLimits.Refusal.NONE);
        assertThat(two.add("third", waits(1, "a"))).isEqualTo(WaiterLimits.Refusal.OF_OWNER);
    }
}

package io.streamlocks.coordinator.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.MemberReport;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import io.streamlocks.coordinator.log.CapturedLog;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** The gauges of groups are correct or not numbers, and groups that lack room are logged. */
@Isolated
class GroupGaugesTest {

    private final LockManager memory = new MemoryLockManager(new MonotonicClock(), true);
    private volatile boolean away;

    /** The memory backend, unless it is down. */
    private final LockManager locks = (LockManager) Proxy.newProxyInstance(
            GroupGaugesTest.class.getClassLoader(), new Class<?>[] {LockManager.class}, (proxy, method, arguments) -> {
                if (away) {
                    throw new StorageUnavailableException("away");
                }
                return method.invoke(memory, arguments);
            });

    private final Telemetry telemetry = Telemetry.untraced();
    private final Runnable look = telemetry.groups(locks);

    @AutoClose
    private final CapturedLog log = new CapturedLog(GroupGauges.class);

    private void report(String groupId, String ownerId, int held, int wanted, OptionalInt capacity) {
        memory.groups().report(new MemberReport(groupId, ownerId, held, wanted, capacity, Duration.ofMinutes(1)));
    }

    /** Returns members, held, missing and without room. */
    private List<Double> gauges() {
        Scrape scrape = Scrape.of(new String(telemetry.scrape(), StandardCharsets.UTF_8));
        return Stream.of("members", "held", "missing", "without_room")
                .map(name -> scrape.value("streamlocks_group_" + name, Map.of()))
                .toList();
    }

    @Test
    void beforeTheFirstLookTheGaugesAreNotNumbers() {
        assertThat(gauges()).containsOnly(Double.NaN);
    }

    @Test
    void theMembersOfAllGroupsAreCounted() {
        look.run();
        assertThat(gauges()).containsExactly(0.0, 0.0, 0.0, 0.0);
        report("orders", "alice", 60, 60, OptionalInt.empty());
        report("orders", "bob", 0, 60, OptionalInt.empty());
        report("bills", "alice", 2, 10, OptionalInt.of(4));
        look.run();
        assertThat(gauges()).containsExactly(3.0, 62.0, 32.0, 6.0);
        assertThat(log.messages())
                .singleElement()
                .asString()
                .contains("The members of group bills have no room for 6 of its 10 streams");
        look.run();
        assertThat(log.messages()).hasSize(1);
    }

    @Test
    void whileTheStorageIsDownNoOldCountsAreShown() {
        report("orders", "alice", 1, 1, OptionalInt.empty());
        look.run();
        away = true;
        assertThatThrownBy(look::run).isInstanceOf(StorageUnavailableException.class);
        assertThat(gauges()).containsOnly(Double.NaN);
        away = false;
        look.run();
        assertThat(gauges()).containsExactly(1.0, 1.0, 0.0, 0.0);
    }
}

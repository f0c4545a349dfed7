package io.streamlocks.coordinator.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** The gauge of live leases is correct or not a number. */
class CensusTest {

    private final LockManager memory = new MemoryLockManager(new MonotonicClock(), true);
    private volatile boolean away;

    /** The memory backend, unless it is down. */
    private final LockManager locks = (LockManager) Proxy.newProxyInstance(
            CensusTest.class.getClassLoader(), new Class<?>[] {LockManager.class}, (proxy, method, arguments) -> {
                if (away) {
                    throw new StorageUnavailableException("away");
                }
                return method.invoke(memory, arguments);
            });

    private final Telemetry telemetry = Telemetry.untraced();
    private final Supplier<Map<String, Long>> census = telemetry.census(locks);

    @Test
    void beforeTheFirstCountTheGaugeIsNotANumber() {
        assertThat(live()).isNaN();
    }

    @Test
    void allLiveLeasesOfAllOwnersAreCounted() {
        census.get();
        assertThat(live()).isZero();
        acquire("alice", 2);
        acquire("bob", 3);
        assertThat(census.get()).isEqualTo(Map.of("alice", 2L, "bob", 3L));
        assertThat(live()).isEqualTo(5);
    }

    @Test
    void whileTheStorageIsDownNoOldCountIsShown() {
        acquire("alice", 2);
        census.get();
        away = true;
        assertThatThrownBy(census::get).isInstanceOf(StorageUnavailableException.class);
        assertThat(live()).isNaN();
        away = false;
        census.get();
        assertThat(live()).isEqualTo(2);
    }

    private void acquire(String ownerId, int count) {
        for (int i = 0; i < count; i++) {
            memory.acquire(List.of(new AcquireRequest(
                    UUID.randomUUID().toString(), ownerId, UUID.randomUUID(), Duration.ofSeconds(30))));
        }
    }

    private double live() {
        return Scrape.of(new String(telemetry.scrape(), StandardCharsets.UTF_8))
                .value("streamlocks_live_leases", Map.of());
    }
}

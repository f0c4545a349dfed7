package io.streamlocks.coordinator.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

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
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The count of live leases is right, or is said not to be known; and it goes on. */
class CensusTest {

    private final LockManager memory = new MemoryLockManager(new MonotonicClock(), true);
    private final AtomicInteger counts = new AtomicInteger();
    private volatile boolean away;

    /** The memory backend, when it is not away. */
    private final LockManager locks = (LockManager) Proxy.newProxyInstance(
            CensusTest.class.getClassLoader(), new Class<?>[] {LockManager.class}, (proxy, method, arguments) -> {
                counts.incrementAndGet();
                if (away) {
                    throw new StorageUnavailableException("away", null);
                }
                return method.invoke(memory, arguments);
            });

    private final Telemetry telemetry = Telemetry.untraced();
    private final Runnable census = telemetry.census(locks);

    @Test
    void beforeTheFirstCountNothingIsSaid() {
        assertThat(live()).isNaN();
    }

    @Test
    void allLiveLeasesOfAllOwnersAreCounted() {
        census.run();
        assertThat(live()).isZero();
        acquire("alice", 2);
        acquire("bob", 3);
        census.run();
        assertThat(live()).isEqualTo(5);
    }

    @Test
    void whileTheStorageIsAwayNoOldCountIsShown() {
        acquire("alice", 2);
        census.run();
        away = true;
        census.run();
        assertThat(live()).isNaN();
        away = false;
        census.run();
        assertThat(live()).isEqualTo(2);
    }

    @Test
    void aCountThatFailsIsNotTheLast() {
        ScheduledExecutorService background = Executors.newSingleThreadScheduledExecutor();
        try {
            away = true;
            background.scheduleWithFixedDelay(census, 0, 1, TimeUnit.MILLISECONDS);
            await().until(() -> counts.get() > 3);
            away = false;
            await().until(() -> live() == 0);
        } finally {
            background.shutdownNow();
        }
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

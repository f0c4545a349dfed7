package io.streamlocks.client.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.client.TestServer;
import io.streamlocks.client.session.GroupOfWorkers.Worker;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import java.time.Duration;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests workers that share streams by a group, at a real coordinator. */
@Timeout(120)
class GroupOfWorkersTest {

    private static final Duration TTL = Duration.ofMillis(6000);

    @AutoClose
    private final TestServer server = new TestServer(new MemoryLockManager(new MonotonicClock(), true));

    private void settle(GroupOfWorkers group, int fewestMoves) {
        int before = group.opened();
        long began = System.nanoTime();
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(20))
                .until(group::isEven);
        System.out.printf(
                "SETTLED %d workers in %.2f beats, moves %d of %d%n",
                group.workers().size(), (System.nanoTime() - began) / 1e9 / 2.0, group.opened() - before, fewestMoves);
    }

    @Test
    void streamsMoveWhenWorkersComeAndGo() {
        try (GroupOfWorkers group = new GroupOfWorkers(server, TTL, 60)) {
            group.add(1000);
            settle(group, 60);
            group.add(1000);
            settle(group, 30);
            group.add(1000);
            group.add(1000);
            settle(group, 30);
            Worker stopped = group.workers().get(1);
            int held = stopped.held();
            stopped.close();
            settle(group, held);
            for (int i = 0; i < 7; i++) {
                group.add(1000);
            }
            settle(group, 42);
            assertThat(group.mistakes()).isEmpty();
        }
    }
}

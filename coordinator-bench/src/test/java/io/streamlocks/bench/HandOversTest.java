package io.streamlocks.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;

class HandOversTest {

    /** Locks within this process, which hand over at once. */
    private static final class LocalQueues implements Queues {

        private final Map<String, Semaphore> locks = new ConcurrentHashMap<>();

        @Override
        public Locks.Held acquire(int worker, String streamId) throws InterruptedException {
            Semaphore lock = locks.computeIfAbsent(streamId, any -> new Semaphore(1, true));
            lock.acquire();
            return lock::release;
        }

        @Override
        public void close() {}
    }

    @Test
    void theTimeIsThatFromTheReleaseToTheNextGrantAndNotThatOfTheWait() throws Exception {
        LocalQueues queues = new LocalQueues();
        Sample sample;
        try (HandOvers workload = new HandOvers(queues, 16)) {
            sample = Load.run(workload, 16, Duration.ofMillis(100), Duration.ofMillis(400));
        }

        assertThat(queues.locks).as("a stream for eight workers").hasSize(2);
        assertThat(sample.errors()).isZero();
        assertThat(sample.perSecond()).isPositive();
        // A worker waits for seven others, and each of them holds its stream for 5 ms.
        assertThat(sample.acquireP50Ms()).isGreaterThan(5);
        assertThat(sample.p50Ms()).isPositive().isLessThan(sample.acquireP50Ms());
    }
}

package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.OverloadedException;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.testkit.rig.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends batches of all kinds over the same streams, in any order, to two servers, so that each statement needs rows
 * that another has locked. No call may fail. A request may be blocked, if the other server's commit takes longer than a
 * batch waits for it, and a server on a busy machine may reject a call as one too many. {@code -Dmixed.seconds=600} makes it last that long.
 */
@Tag("postgres")
class MixedBatchesTest {

    private static final Logger LOG = LoggerFactory.getLogger(MixedBatchesTest.class);
    private static final int CALLERS_EACH = 4;
    private static final Duration TTL = Duration.ofMinutes(5);

    private final List<String> streams =
            IntStream.range(0, 300).mapToObj(i -> "stream-" + i).toList();
    private final AtomicLong calls = new AtomicLong();
    private final AtomicLong granted = new AtomicLong();
    private final AtomicLong blocked = new AtomicLong();
    private final AtomicLong overloaded = new AtomicLong();

    @Test
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void noCallMeetsADeadlock() throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(2 * CALLERS_EACH);
        try (TestDatabase database = TestDatabase.migrated();
                TwoServers servers = new TwoServers(database)) {
            long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(Long.getLong("mixed.seconds", 5));
            List<Future<?>> callers = IntStream.range(0, 2 * CALLERS_EACH)
                    .<Future<?>>mapToObj(caller -> executor.submit(() -> {
                        while (System.nanoTime() - until < 0) {
                            try {
                                turn(servers.server(caller % 2), "caller-" + caller);
                            } catch (OverloadedException e) {
                                overloaded.incrementAndGet();
                            }
                        }
                    }))
                    .toList();
            for (Future<?> caller : callers) {
                caller.get();
            }
            database.awaitStatistics();
            long deadlocks = database.sql()
                    .fetchSingle("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
                    .get(0, Long.class);
            LOG.info(
                    "{} calls, {} leases granted, {} requests blocked, {} calls rejected as too many, {} deadlocks",
                    calls,
                    granted,
                    blocked,
                    overloaded,
                    deadlocks);
            assertThat(deadlocks).isZero();
            assertThat(granted).hasPositiveValue();
        } finally {
            executor.shutdownNow();
        }
    }

    private void turn(LockManager locks, String ownerId) {
        List<AcquireOutcome> outcomes = locks.acquire(some(streams).stream()
                .map(id -> new AcquireRequest(id, ownerId, UUID.randomUUID(), TTL))
                .toList());
        countBlocked(outcomes, AcquireOutcome.Blocked.class);
        List<Lease> leases = outcomes.stream()
                .filter(AcquireOutcome.Granted.class::isInstance)
                .map(outcome -> ((AcquireOutcome.Granted) outcome).lease())
                .toList();
        granted.addAndGet(leases.size());
        countBlocked(
                locks.renew(some(leases).stream()
                        .map(lease -> new RenewRequest(lease.lock().streamId(), lease.leaseId(), Optional.empty()))
                        .toList()),
                RenewOutcome.Blocked.class);
        // These are leases of other owners, or of none.
        locks.renew(some(streams).stream()
                .map(id -> new RenewRequest(id, UUID.randomUUID(), Optional.empty()))
                .toList());
        locks.release(some(streams).stream()
                .map(id -> new ReleaseRequest(id, UUID.randomUUID()))
                .toList());
        List<Lease> all = new ArrayList<>(leases);
        Collections.shuffle(all);
        countBlocked(
                locks.release(all.stream()
                        .map(lease -> new ReleaseRequest(lease.lock().streamId(), lease.leaseId()))
                        .toList()),
                ReleaseOutcome.Blocked.class);
        calls.addAndGet(5);
    }

    private void countBlocked(List<?> outcomes, Class<?> type) {
        blocked.addAndGet(outcomes.stream().filter(type::isInstance).count());
    }

    private static <T> List<T> some(List<T> of) {
        List<T> shuffled = new ArrayList<>(of);
        Collections.shuffle(shuffled);
        return shuffled.subList(0, ThreadLocalRandom.current().nextInt(shuffled.size() + 1));
    }
}

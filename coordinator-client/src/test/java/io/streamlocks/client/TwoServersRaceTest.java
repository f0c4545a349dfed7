package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.LossReason;
import io.streamlocks.coordinator.lock.OverloadedException;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.testkit.rig.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Tests two servers on one database with threads that use both. An answer that is not in the protocol fails the test.
 */
@Tag("postgres")
@Tag("slow")
class TwoServersRaceTest {

    private static final int THREADS = 16;
    private static final int STREAMS = 20;
    private static final int GRANTS = 20_000;
    private static final int MAX_TRIES = 10;
    private static final Duration TTL = Duration.ofMinutes(5);

    /** The resource that a lease guards. It is not synchronised, because the lock must do that. */
    private static final class Guarded {
        private int count;
        private final List<Long> tokens = new ArrayList<>();
    }

    @Test
    void noCountIsLostAndTokensRiseInTheOrderOfTheGrants() throws Exception {
        List<Guarded> guarded =
                IntStream.range(0, STREAMS).mapToObj(i -> new Guarded()).toList();
        AtomicInteger grants = new AtomicInteger();
        ExecutorService executor = Executors.newFixedThreadPool(THREADS);
        try (TestDatabase database = TestDatabase.migrated();
                TwoServers servers = new TwoServers(database)) {
            List<Future<?>> threads = IntStream.range(0, THREADS)
                    .<Future<?>>mapToObj(thread -> executor.submit(() -> {
                        while (grants.get() < GRANTS) {
                            int stream = ThreadLocalRandom.current().nextInt(STREAMS);
                            // A lease that one server has granted is valid at the other.
                            int server = ThreadLocalRandom.current().nextInt(2);
                            LockManager granting = servers.server(server);
                            LockManager releasing = servers.server(1 - server);
                            String streamId = "stream-" + stream;
                            AcquireRequest request =
                                    new AcquireRequest(streamId, "thread-" + thread, UUID.randomUUID(), TTL);
                            AcquireOutcome outcome = known(
                                    () -> granting.acquire(List.of(request)).get(0));
                            if (outcome instanceof AcquireOutcome.Granted granted) {
                                Lease lease = granted.lease();
                                guarded.get(stream).count++;
                                guarded.get(stream).tokens.add(lease.lock().fencingToken());
                                if (ThreadLocalRandom.current().nextInt(10) == 0) {
                                    RenewRequest renewal =
                                            new RenewRequest(streamId, lease.leaseId(), Optional.empty());
                                    assertThat(known(() -> granting.renew(List.of(renewal))))
                                            .hasOnlyElementsOfType(RenewOutcome.Renewed.class);
                                }
                                grants.incrementAndGet();
                                ReleaseRequest release = new ReleaseRequest(streamId, lease.leaseId());
                                assertThat(released(releasing, release)).isEqualTo(new ReleaseOutcome.Released());
                            }
                        }
                    }))
                    .toList();
            for (Future<?> thread : threads) {
                thread.get();
            }
        } finally {
            executor.shutdownNow();
        }
        assertThat(grants.get()).isGreaterThanOrEqualTo(GRANTS);
        assertThat(guarded.stream().mapToInt(one -> one.count).sum()).isEqualTo(grants.get());
        assertThat(guarded).allSatisfy(one -> {
            assertThat(one.tokens).hasSize(one.count);
            assertThat(one.tokens).isSorted().doesNotHaveDuplicates();
        });
    }

    private static ReleaseOutcome released(LockManager locks, ReleaseRequest request) {
        try {
            return locks.release(List.of(request)).get(0);
        } catch (StorageUnavailableException | OverloadedException e) {
            ReleaseOutcome outcome = known(() -> locks.release(List.of(request)).get(0));
            // The call without an answer has released the lease, and another owner was granted the stream since.
            return outcome.equals(new ReleaseOutcome.Lost(LossReason.SUPERSEDED))
                    ? new ReleaseOutcome.Released()
                    : outcome;
        }
    }

    /**
     * Repeats a call whose outcome is unknown with the same lease id, as the protocol says, so that nothing happens
     * twice. On a busy machine, that includes a call that has waited for too long.
     */
    private static <T> T known(Supplier<T> call) {
        for (int tries = 1; ; tries++) {
            try {
                return call.get();
            } catch (StorageUnavailableException | OverloadedException e) {
                if (tries == MAX_TRIES) {
                    throw e;
                }
            }
        }
    }
}

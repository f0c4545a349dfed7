package io.streamlocks.testkit.contract;

import static io.streamlocks.testkit.contract.ContractFixture.granted;
import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireOutcome.Granted;
import io.streamlocks.coordinator.lock.AcquireOutcome.Held;
import io.streamlocks.coordinator.lock.Lease;
import io.streamlocks.coordinator.lock.RenewOutcome;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The contract under concurrent calls. */
interface RaceContract extends ContractFixture {

    @Test
    default void oneOfManyConcurrentAcquiresIsGranted() throws Exception {
        List<AcquireOutcome> outcomes =
                inParallel(8, thread -> () -> acquire(request("owner-" + thread, UUID.randomUUID(), TTL)));
        assertThat(outcomes).filteredOn(Granted.class::isInstance).hasSize(1);
        long token = outcomes.stream()
                .filter(Granted.class::isInstance)
                .map(outcome -> granted(outcome).lock().fencingToken())
                .findFirst()
                .orElseThrow();
        assertThat(outcomes).filteredOn(Held.class::isInstance).hasSize(7).allSatisfy(outcome -> assertThat(
                        ((Held) outcome).holder().fencingToken())
                .isEqualTo(token));
    }

    @Test
    default void oneAcquireThatIsSentManyTimesAtOnceIsOneLease() throws Exception {
        UUID leaseId = UUID.randomUUID();
        List<AcquireOutcome> outcomes = inParallel(8, thread -> () -> acquire(request("alice", leaseId, TTL)));
        assertThat(outcomes)
                .extracting(outcome -> granted(outcome).lock().fencingToken())
                .hasSize(8)
                .containsOnly(granted(outcomes.get(0)).lock().fencingToken());
    }

    @Test
    default void aCounterThatOnlyTheHolderTouchesLosesNoCount() throws Exception {
        int threads = 8;
        int grantsEach = 25;
        int[] counter = new int[1];
        List<Long> tokens = Collections.synchronizedList(new ArrayList<>());
        inParallel(threads, thread -> () -> {
            for (int grants = 0; grants < grantsEach; ) {
                AcquireOutcome outcome = acquire(request("owner-" + thread, UUID.randomUUID(), TTL));
                if (outcome instanceof Granted granted) {
                    tokens.add(granted.lease().lock().fencingToken());
                    counter[0]++;
                    release(granted.lease());
                    grants++;
                }
            }
            return null;
        });
        assertThat(counter[0]).isEqualTo(threads * grantsEach);
        assertThat(tokens).isSorted().doesNotHaveDuplicates();
    }

    @Test
    default void noCallSucceedsAfterTheLeaseWasReportedAsEnded() throws Exception {
        for (int round = 0; round < 10; round++) {
            Lease lease = grant("alice");
            CountDownLatch saidToBeOver = new CountDownLatch(1);
            // One thread lets the lease expire while the others renew it or ask for it again.
            List<Boolean> violated = inParallel(4, thread -> () -> {
                for (int calls = 0; calls < 40; calls++) {
                    if (thread == 0 && calls == 10) {
                        expire(stream());
                    }
                    boolean over = saidToBeOver.getCount() == 0;
                    boolean succeeded = thread % 2 == 0
                            ? renew(lease) instanceof RenewOutcome.Renewed
                            : acquire(request("alice", lease.leaseId(), TTL)) instanceof Granted;
                    if (!succeeded) {
                        saidToBeOver.countDown();
                    } else if (over) {
                        return true;
                    }
                }
                return false;
            });
            assertThat(violated).doesNotContain(true);
            assertThat(saidToBeOver.getCount()).as("not said to be over").isZero();
        }
    }

    interface Task<T> {
        Callable<T> of(int thread);
    }

    static <T> List<T> inParallel(int threads, Task<T> task) throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            List<T> results = new ArrayList<>();
            for (Future<T> future : executor.invokeAll(
                    IntStream.range(0, threads).mapToObj(task::of).toList())) {
                results.add(future.get());
            }
            return results;
        } finally {
            executor.shutdownNow();
        }
    }
}

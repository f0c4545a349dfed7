package io.streamlocks.coordinator.lock;

import static io.streamlocks.coordinator.lock.ContractFixture.granted;
import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.AcquireOutcome.Granted;
import io.streamlocks.coordinator.lock.AcquireOutcome.Held;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What holds when many call at once. */
interface RaceContract extends ContractFixture {

    @Test
    default void ofManyWhoAskAtOnceOneIsGranted() throws Exception {
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
    default void oneAcquireSentManyTimesAtOnceIsOneLease() throws Exception {
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
    default void nothingSucceedsByALeaseAfterItWasSaidToBeOver() throws Exception {
        for (int round = 0; round < 10; round++) {
            UUID leaseId = UUID.randomUUID();
            granted(acquire(request("alice", leaseId, Duration.ofMillis(20))));
            CountDownLatch saidToBeOver = new CountDownLatch(1);
            // Half of them renew it for as long as they can, the others ask whether it is over yet.
            List<Boolean> violated = inParallel(4, thread -> () -> {
                boolean renews = thread < 2;
                for (int calls = 0; calls < 60; calls++) {
                    boolean over = saidToBeOver.getCount() == 0;
                    boolean succeeded = renews && calls < 20
                            ? succeeds(renew(new RenewRequest(stream(), leaseId, Optional.of(Duration.ofMillis(5)))))
                            : acquire(request("alice", leaseId, TTL)) instanceof Granted;
                    if (!succeeded) {
                        saidToBeOver.countDown();
                    } else if (over) {
                        return true;
                    }
                }
                return false;
            });
            assertThat(violated).doesNotContain(true);
            expire(stream());
        }
    }

    private static boolean succeeds(RenewOutcome outcome) {
        return outcome instanceof RenewOutcome.Renewed;
    }

    interface Task<T> {
        Callable<T> of(int thread);
    }

    private static <T> List<T> inParallel(int threads, Task<T> task) throws Exception {
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

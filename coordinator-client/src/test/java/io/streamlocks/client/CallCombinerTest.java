package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is sent together, and who hears what. */
class CallCombinerTest {

    private static final int BUSY = CallCombiner.MAX_UNDER_WAY;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<List<Integer>> requests = new CopyOnWriteArrayList<>();
    private final Semaphore answers = new Semaphore(0);

    /** Squares numbers, when it may; fails for a batch that has a negative one. */
    private final CallCombiner<Integer, Integer> combiner = new CallCombiner<>(ClientRuntime.JVM, batch -> {
        requests.add(batch);
        answers.acquireUninterruptibly();
        if (batch.stream().anyMatch(number -> number < 0)) {
            throw new IllegalStateException("negative");
        }
        return batch.stream().map(number -> number * number).toList();
    });

    @AfterEach
    void end() {
        threads.shutdownNow();
    }

    @Test
    void aCallThatFindsNothingUnderWayIsSentAtOnceAndAlone() {
        answers.release();
        assertThat(combiner.call(3)).isEqualTo(9);
        assertThat(requests).containsExactly(List.of(3));
    }

    @Test
    void whatComesWhileTheMostRequestsAreUnderWayGoesTogether() throws Exception {
        List<Future<Integer>> calls = callWhileBusy(3, 4, 5);
        answers.release(BUSY + 1);
        assertThat(results(calls.subList(BUSY, BUSY + 3))).containsExactly(9, 16, 25);
        assertThat(results(calls.subList(0, BUSY))).containsOnly(100 * 100);
        assertThat(requests).hasSize(BUSY + 1).contains(List.of(3, 4, 5));
    }

    @Test
    void aRequestThatFailsFailsItsOwnCallsAndTheOthersGoOn() throws Exception {
        List<Future<Integer>> calls = callWhileBusy(-3, 4);
        answers.release(BUSY + 1);
        assertThat(results(calls.subList(0, BUSY))).containsOnly(100 * 100);
        assertThat(calls.subList(BUSY, BUSY + 2))
                .allSatisfy(call -> assertThatThrownBy(() -> call.get(10, TimeUnit.SECONDS))
                        .isInstanceOf(ExecutionException.class)
                        .hasRootCauseMessage("negative"));
        answers.release();
        assertThat(combiner.call(6)).isEqualTo(36);
    }

    @Test
    void aBatchHasABound() throws Exception {
        int[] many = IntStream.rangeClosed(3, 3 + 2 * CallCombiner.MAX_BATCH).toArray();
        List<Future<Integer>> calls = callWhileBusy(many);
        answers.release(1000);
        results(calls);
        assertThat(requests).allSatisfy(batch -> assertThat(batch).hasSizeLessThanOrEqualTo(CallCombiner.MAX_BATCH));
    }

    @Test
    void anInterruptedCallerHearsItsOutcomeAndStaysInterrupted() throws Exception {
        List<Future<Integer>> busy = callWhileBusy();
        AtomicInteger outcome = new AtomicInteger();
        Thread caller = new Thread(() -> {
            outcome.set(combiner.call(7));
            if (!Thread.currentThread().isInterrupted()) {
                outcome.set(-1);
            }
        });
        caller.start();
        await().until(() -> caller.getState() == Thread.State.WAITING);
        caller.interrupt();
        answers.release(BUSY + 1);
        caller.join(10_000);
        assertThat(outcome).hasValue(49);
        results(busy);
    }

    @Test
    void manyThreadsEachHearTheirOwnOutcomeAndNoneIsForgotten() throws Exception {
        answers.release(1_000_000);
        List<Future<Boolean>> workers = IntStream.range(0, 16)
                .mapToObj(worker -> threads.submit(() -> IntStream.range(0, 5000)
                        .map(i -> worker * 5000 + i)
                        .allMatch(number -> combiner.call(number) == number * number)))
                .toList();
        for (Future<Boolean> worker : workers) {
            assertThat(worker.get(60, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(requests.stream().mapToInt(List::size).sum()).isEqualTo(80_000);
    }

    /** Has as many requests under way as there may be, each for 100, and these calls waiting behind them in this order. */
    private List<Future<Integer>> callWhileBusy(int... waiting) {
        List<Future<Integer>> calls = new ArrayList<>();
        for (int number : IntStream.concat(IntStream.generate(() -> 100).limit(BUSY), IntStream.of(waiting))
                .toArray()) {
            Thread[] caller = new Thread[1];
            calls.add(threads.submit(() -> {
                caller[0] = Thread.currentThread();
                return combiner.call(number);
            }));
            await().until(() -> caller[0] != null && caller[0].getState() == Thread.State.WAITING);
        }
        return calls;
    }

    private static List<Integer> results(List<Future<Integer>> calls) throws Exception {
        List<Integer> results = new ArrayList<>();
        for (Future<Integer> call : calls) {
            results.add(call.get(10, TimeUnit.SECONDS));
        }
        return results;
    }
}

package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
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
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests which calls are sent together, and which thread gets which outcome. */
class CallCombinerTest {

    private static final Duration FOR_EVER = Duration.ofHours(1);

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<List<Integer>> requests = new CopyOnWriteArrayList<>();
    private final Semaphore answers = new Semaphore(0);

    /** Squares numbers when the test permits it. It fails for a batch with a negative number. */
    private final CallCombiner<Integer, Integer> combiner =
            new CallCombiner<>(ClientRuntime.JVM, FOR_EVER, this::squares);

    private List<Integer> squares(List<Integer> batch) {
        requests.add(batch);
        answers.acquireUninterruptibly();
        if (batch.stream().anyMatch(number -> number < 0)) {
            throw new IllegalStateException("negative");
        }
        return batch.stream().map(number -> number * number).toList();
    }

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
    void callsThatComeWhileARequestIsUnderWayGoTogether() throws Exception {
        List<Future<Integer>> calls = callBehindAnother(combiner, 3, 4, 5);
        answers.release(2);
        assertThat(results(calls)).containsExactly(100 * 100, 9, 16, 25);
        assertThat(requests).containsExactly(List.of(100), List.of(3, 4, 5));
    }

    @Test
    void aRequestThatHangsDoesNotStopTheOthersAndOnlyAFewCanHang() throws Exception {
        CallCombiner<Integer, Integer> impatient =
                new CallCombiner<>(ClientRuntime.JVM, Duration.ofMillis(1), this::squares);
        List<Future<Integer>> calls = new ArrayList<>();
        for (int i = 1; i <= CallCombiner.MAX_UNDER_WAY; i++) {
            calls.add(threads.submit(() -> impatient.call(100)));
            int started = i;
            await().until(() -> requests.size() == started);
        }
        for (int i = 0; i < 3; i++) {
            calls.add(callAndAwaitWaiting(impatient, 3));
        }
        assertThat(impatient.underWay()).isEqualTo(CallCombiner.MAX_UNDER_WAY);
        answers.release(CallCombiner.MAX_UNDER_WAY + 1);
        assertThat(results(calls)).containsExactly(10_000, 10_000, 10_000, 10_000, 9, 9, 9);
        assertThat(requests).last().isEqualTo(List.of(3, 3, 3));
        await().until(() -> impatient.underWay() == 0);
    }

    @Test
    void aRequestThatFailsFailsItsOwnCallsAndTheOthersGoOn() throws Exception {
        List<Future<Integer>> calls = callBehindAnother(combiner, -3, 4);
        answers.release(2);
        assertThat(results(calls.subList(0, 1))).containsOnly(100 * 100);
        assertThat(calls.subList(1, 3)).allSatisfy(call -> assertThatThrownBy(() -> call.get(10, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasRootCauseMessage("negative"));
        answers.release();
        assertThat(combiner.call(6)).isEqualTo(36);
    }

    @Test
    @Tag("slow")
    void aBatchHasABound() throws Exception {
        int[] many = IntStream.rangeClosed(3, 3 + 2 * CallCombiner.MAX_COMBINED).toArray();
        List<Future<Integer>> calls = callBehindAnother(combiner, many);
        answers.release(1000);
        results(calls);
        assertThat(requests).hasSize(1 + 3).allSatisfy(batch -> assertThat(batch)
                .hasSizeLessThanOrEqualTo(CallCombiner.MAX_COMBINED));
    }

    @Test
    void anInterruptedCallerGetsItsOutcomeAndStaysInterrupted() throws Exception {
        List<Future<Integer>> busy = callBehindAnother(combiner);
        AtomicInteger outcome = new AtomicInteger();
        Thread caller = new Thread(() -> {
            outcome.set(combiner.call(7));
            if (!Thread.currentThread().isInterrupted()) {
                outcome.set(-1);
            }
        });
        caller.start();
        await().until(() -> isWaiting(caller));
        caller.interrupt();
        answers.release(2);
        caller.join(10_000);
        assertThat(outcome).hasValue(49);
        results(busy);
    }

    /**
     * A place can be handed to a call that another thread, whose patience has ended, takes into its request before the
     * call wakes up. The call must hand the place on. Otherwise there is one place fewer for ever, and none in the end.
     */
    @Test
    void manyThreadsEachGetTheirOwnOutcomeAndNoPlaceIsLost() throws Exception {
        answers.release(1_000_000);
        CallCombiner<Integer, Integer> impatient =
                new CallCombiner<>(ClientRuntime.JVM, Duration.ofNanos(20_000), this::squares);
        List<Future<Boolean>> workers = IntStream.range(0, 16)
                .mapToObj(worker -> threads.submit(() -> IntStream.range(0, 5000)
                        .map(i -> worker * 5000 + i)
                        .allMatch(number -> impatient.call(number) == number * number)))
                .toList();
        for (Future<Boolean> worker : workers) {
            assertThat(worker.get(60, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(requests.stream().mapToInt(List::size).sum()).isEqualTo(80_000);
        assertThat(impatient.underWay()).isZero();
    }

    /** Puts a request for 100 under way, and lets these calls wait behind it in this order. */
    private List<Future<Integer>> callBehindAnother(CallCombiner<Integer, Integer> combiner, int... waiting) {
        List<Future<Integer>> calls = new ArrayList<>();
        calls.add(callAndAwaitWaiting(combiner, 100));
        for (int number : waiting) {
            calls.add(callAndAwaitWaiting(combiner, number));
        }
        return calls;
    }

    private Future<Integer> callAndAwaitWaiting(CallCombiner<Integer, Integer> combiner, int number) {
        AtomicReference<Thread> caller = new AtomicReference<>();
        Future<Integer> call = threads.submit(() -> {
            caller.set(Thread.currentThread());
            return combiner.call(number);
        });
        await().until(() -> caller.get() != null && isWaiting(caller.get()));
        return call;
    }

    private static boolean isWaiting(Thread thread) {
        return thread.getState() == Thread.State.WAITING || thread.getState() == Thread.State.TIMED_WAITING;
    }

    private static List<Integer> results(List<Future<Integer>> calls) throws Exception {
        List<Integer> results = new ArrayList<>();
        for (Future<Integer> call : calls) {
            results.add(call.get(10, TimeUnit.SECONDS));
        }
        return results;
    }
}

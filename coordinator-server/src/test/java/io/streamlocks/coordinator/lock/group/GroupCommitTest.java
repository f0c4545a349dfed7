package io.streamlocks.coordinator.lock.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.LockQuery;
import io.streamlocks.coordinator.lock.OverloadedException;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is put together, in which order, and what becomes of it when it cannot be carried out. */
class GroupCommitTest {

    private static final Duration TTL = Duration.ofSeconds(30);
    private static final int LATE_MS = Backlog.MAX_WAIT_MS + 1;

    private final AtomicLong nanoTime = new AtomicLong();
    private final HeldUpLocks storage = new HeldUpLocks();
    private final ExecutorService answers = Executors.newCachedThreadPool();
    private final CountedThreads writers = new CountedThreads();
    private final GroupCommit locks = new GroupCommit(storage, answers, StatementObserver.NONE, nanoTime::get, writers);

    private final List<String> streams = ids().limit(8).toList();

    private final String stream = streams.get(0);
    private final UUID leaseId = UUID.randomUUID();

    @AfterEach
    void close() {
        locks.close();
        storage.letAllGo();
        answers.shutdownNow();
    }

    @Test
    void aCallThatFindsItsLaneIdleIsCarriedOutAtOnceAndAlone() throws Exception {
        storage.letGo(2);
        assertThat(get(acquire(stream))).isInstanceOf(AcquireOutcome.Granted.class);
        assertThat(get(acquire(streams.get(1)))).isInstanceOf(AcquireOutcome.Granted.class);
        assertThat(storage.statements).containsExactly("acquire [" + stream + "]", "acquire [" + streams.get(1) + "]");
    }

    @Test
    void whatArrivesDuringAStatementIsTheNextOne() throws Exception {
        var first = acquireAndAwaitStatement(stream);
        List<CompletableFuture<AcquireOutcome>> others =
                streams.stream().skip(1).map(this::acquire).toList();
        storage.letGo(2);
        assertThat(get(first)).isInstanceOf(AcquireOutcome.Granted.class);
        for (var other : others) {
            assertThat(get(other)).isInstanceOf(AcquireOutcome.Granted.class);
        }
        assertThat(storage.statements)
                .containsExactly("acquire [" + stream + "]", "acquire " + streams.subList(1, streams.size()));
    }

    @Test
    void aLaneThatGotNoThreadTriesAgainWithTheNextCall() throws Exception {
        storage.letAllGo();
        AtomicInteger threads = new AtomicInteger();
        try (GroupCommit shortOfThreads = withThreads(() -> threads.incrementAndGet() > 1)) {
            assertThat(shortOfThreads.acquire(requests(List.of(stream))))
                    .failsWithin(Duration.ofSeconds(10))
                    .withThrowableThat()
                    .withCauseInstanceOf(OverloadedException.class);
            assertThat(get(shortOfThreads.acquire(requests(List.of(stream)))))
                    .hasOnlyElementsOfType(AcquireOutcome.Granted.class);
        }
    }

    @Test
    void whereManyWaitASecondStatementBeginsBesideTheFirst() throws Exception {
        var first = acquireAndAwaitStatement(stream);
        List<String> many = ids().limit(Lane.MANY_REQUESTS).toList();
        var second = locks.acquire(requests(many));
        await().until(() -> storage.statements.size() == 2);
        var third = locks.acquire(requests(ids().limit(1000).toList()));
        // There is no third, however many wait.
        assertThat(writers.begun).hasValue(2);
        storage.letAllGo();
        get(first);
        get(second);
        get(third);
        assertThat(storage.statements).hasSize(3);
        assertThat(storage.statements.get(1)).isEqualTo("acquire " + many);
        assertThat(storage.mostAtOnce).isEqualTo(2);
    }

    @Test
    void fewerShareTheNextStatement() throws Exception {
        // Those that wait no more must not count.
        storage.letGo(2);
        get(locks.acquire(requests(ids().limit(Lane.MANY_REQUESTS).toList())));
        var first = acquireAndAwaitStatement(stream);
        get(first);
        first = acquireAndAwaitStatement(stream);
        var second = locks.acquire(requests(ids().limit(Lane.MANY_REQUESTS - 10).toList()));
        var third = locks.acquire(requests(ids().limit(9).toList()));
        storage.letAllGo();
        get(first);
        get(second);
        get(third);
        assertThat(storage.statements).hasSize(4);
        assertThat(storage.mostAtOnce).isEqualTo(1);
    }

    @Test
    void whatComesWhileAStatementIsHeldUpDoesNotWaitForIt() throws Exception {
        var heldUp = acquireAndAwaitStatement(stream);
        nanoTime.addAndGet(TimeUnit.MILLISECONDS.toNanos(Lane.PATIENCE_MS));
        acquire(streams.get(1));
        assertThat(writers.begun).hasValue(1);
        nanoTime.addAndGet(1);
        acquire(streams.get(2));
        await().until(() -> storage.statements.size() == 2);
        assertThat(storage.statements.get(1)).isEqualTo("acquire " + streams.subList(1, 3));
        assertThat(heldUp).isNotDone();
    }

    @Test
    void noStreamIsInTwoStatementsAtOnce() throws Exception {
        var granted = acquireAndAwaitStatement(stream);
        var released = locks.release(List.of(new ReleaseRequest(stream, leaseId)));
        List<String> many = ids().limit(Lane.MANY_REQUESTS).toList();
        var others = locks.acquire(requests(many));
        await().until(() -> storage.statements.size() == 2);
        assertThat(storage.statements.get(1)).isEqualTo("acquire " + many);
        storage.letAllGo();
        assertThat(get(granted)).isInstanceOf(AcquireOutcome.Granted.class);
        assertThat(get(released)).containsExactly(new ReleaseOutcome.Released());
        get(others);
    }

    /** Without an end to it, each call that has to wait would look through all that do. */
    @Test
    void whatHasToWaitForTheStatementUnderWayIsTriedOnceAndKeepsNothingElseWaiting() throws Exception {
        List<String> many = ids().limit(Lane.MANY_REQUESTS).toList();
        var granted = locks.acquire(requests(many));
        await().until(() -> storage.statements.size() == 1);
        List<CompletableFuture<List<AcquireOutcome>>> held = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            held.add(locks.acquire(requests(many.subList(0, Lane.MANY_REQUESTS / 10))));
            await().until(() -> writers.begun.get() - writers.ended.get() == 1);
        }
        assertThat(writers.begun).hasValue(3);
        var others = locks.acquire(requests(ids().limit(Lane.MANY_REQUESTS).toList()));
        await().until(() -> storage.statements.size() == 2);
        storage.letAllGo();
        assertThat(get(granted)).hasOnlyElementsOfType(AcquireOutcome.Granted.class);
        assertThat(get(others)).hasOnlyElementsOfType(AcquireOutcome.Granted.class);
        for (var call : held) {
            assertThat(get(call)).hasOnlyElementsOfType(AcquireOutcome.Held.class);
        }
    }

    /** The race: two statements of a lane, of which one acquires what the other releases. */
    @Test
    void callsOfManyThreadsForTheSameStreamsKeepTheirOrder() throws Exception {
        storage.letAllGo();
        List<String> few = ids().limit(50).toList();
        ExecutorService callers = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> done = new ArrayList<>();
            for (int caller = 0; caller < 4; caller++) {
                done.add(callers.submit(() -> cycleOftenBesideOthers(few)));
            }
            for (Future<?> one : done) {
                one.get(60, TimeUnit.SECONDS);
            }
        } finally {
            callers.shutdownNow();
        }
        assertThat(storage.mostAtOnce).isEqualTo(2);
        assertThat(storage.overlapped).isFalse();
    }

    /** With a burst of calls that do not wait for each other, of which each release follows its acquire. */
    private Void cycleOftenBesideOthers(List<String> few) throws Exception {
        for (int burst = 0; burst < 20; burst++) {
            Map<CompletableFuture<List<AcquireOutcome>>, CompletableFuture<List<ReleaseOutcome>>> cycles =
                    new LinkedHashMap<>();
            for (int i = 0; i < 100; i++) {
                String streamId = few.get(ThreadLocalRandom.current().nextInt(few.size()));
                UUID id = UUID.randomUUID();
                List<AcquireRequest> acquires = new ArrayList<>(requests(
                        ids().limit(ThreadLocalRandom.current().nextInt(20)).toList()));
                acquires.add(new AcquireRequest(streamId, "alice", id, TTL));
                cycles.put(locks.acquire(acquires), locks.release(List.of(new ReleaseRequest(streamId, id))));
            }
            for (var cycle : cycles.entrySet()) {
                List<AcquireOutcome> acquired = get(cycle.getKey());
                boolean granted = acquired.get(acquired.size() - 1) instanceof AcquireOutcome.Granted;
                assertThat(get(cycle.getValue()).get(0) instanceof ReleaseOutcome.Released)
                        .isEqualTo(granted);
            }
        }
        return null;
    }

    @Test
    void aLaneThatGotNoSecondThreadGoesOnWithTheFirst() throws Exception {
        AtomicInteger threads = new AtomicInteger();
        try (GroupCommit shortOfThreads = withThreads(() -> threads.incrementAndGet() == 1)) {
            var first = shortOfThreads.acquire(requests(List.of(stream)));
            await().until(() -> storage.statements.size() == 1);
            var many = shortOfThreads.acquire(
                    requests(ids().limit(Lane.MANY_REQUESTS).toList()));
            storage.letAllGo();
            get(first);
            assertThat(get(many)).hasOnlyElementsOfType(AcquireOutcome.Granted.class);
            assertThat(threads).hasValueGreaterThan(1);
        }
    }

    @Test
    void renewalsWaitForNoAcquire() throws Exception {
        acquireAndAwaitStatement(stream);
        locks.renew(List.of(new RenewRequest(stream, leaseId, Optional.empty())));
        await().until(() -> storage.statements.size() == 2);
    }

    @Test
    void acquiresAndReleasesOfOneStreamAreCarriedOutInTheirOrder() throws Exception {
        acquireAndAwaitStatement(streams.get(1));
        var granted = acquire(stream);
        var held = locks.acquire(List.of(new AcquireRequest(stream, "bob", UUID.randomUUID(), TTL)));
        var released = locks.release(List.of(new ReleaseRequest(stream, leaseId)));
        var grantedAgain = locks.acquire(List.of(new AcquireRequest(stream, "carol", UUID.randomUUID(), TTL)));
        var lost = locks.release(List.of(new ReleaseRequest(stream, leaseId)));
        storage.letAllGo();
        assertThat(get(granted)).isInstanceOf(AcquireOutcome.Granted.class);
        assertThat(get(held)).hasOnlyElementsOfType(AcquireOutcome.Held.class);
        assertThat(get(released)).containsExactly(new ReleaseOutcome.Released());
        assertThat(get(grantedAgain)).hasOnlyElementsOfType(AcquireOutcome.Granted.class);
        assertThat(get(lost)).hasOnlyElementsOfType(ReleaseOutcome.Lost.class);
    }

    @Test
    void requestsForOtherStreamsJoinAStatementPastThoseThatMustWait() throws Exception {
        acquireAndAwaitStatement(streams.get(1));
        acquire(stream);
        locks.release(List.of(new ReleaseRequest(stream, leaseId)));
        acquire(streams.get(2));
        // Behind the release of the same stream, though of the statement's kind.
        acquire(stream);
        storage.letGo(2);
        await().until(() -> storage.statements.size() == 3);
        assertThat(storage.statements.get(1)).isEqualTo("acquire " + List.of(stream, streams.get(2)));
        assertThat(storage.statements.get(2)).isEqualTo("release " + List.of(stream));
    }

    @Test
    void aStatementHasAtMostAThousandRequests() throws Exception {
        acquireAndAwaitStatement(stream);
        List<CompletableFuture<List<AcquireOutcome>>> calls = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            calls.add(locks.acquire(requests(ids().limit(400).toList())));
        }
        storage.letAllGo();
        for (var call : calls) {
            assertThat(get(call)).hasSize(400);
        }
        assertThat(storage.largest).isEqualTo(800);
    }

    @Test
    void anEmptyBatchIsNoStatement() throws Exception {
        assertThat(get(locks.renew(List.of()))).isEmpty();
        assertThat(storage.statements).isEmpty();
    }

    @Test
    void aStatementThatFailsFailsItsOwnCallsOnly() throws Exception {
        storage.failure = new StorageUnavailableException("away", null);
        var first = acquireAndAwaitStatement(stream);
        var second = acquire(streams.get(1));
        storage.letAllGo();
        assertFails(first, StorageUnavailableException.class);
        assertThat(get(second)).isInstanceOf(AcquireOutcome.Granted.class);
    }

    @Test
    void anErrorOfTheStorageIsToldAndTheLaneGoesOn() throws Exception {
        storage.failure = new IllegalStateException("a fault");
        var first = acquireAndAwaitStatement(stream);
        storage.letAllGo();
        assertFails(first, IllegalStateException.class);
        assertThat(get(acquire(stream))).isInstanceOf(AcquireOutcome.Granted.class);
    }

    @Test
    void whatWouldBeTooMuchIsRefusedAtOnceAndNothingLeaks() throws Exception {
        var underWay = fillLane();
        var waiting = fillBacklog();
        assertFails(acquire(streams.get(1)), OverloadedException.class);
        storage.letAllGo();
        for (var call : underWay) {
            get(call);
        }
        for (var call : waiting) {
            assertThat(get(call)).hasSize(1000);
        }
        // As many again would be refused if any of the first were still counted.
        for (var call : fillBacklog()) {
            assertThat(get(call)).hasSize(1000);
        }
    }

    @Test
    void whatHasWaitedForTooLongIsRefusedAndNotCarriedOut() throws Exception {
        acquireAndAwaitStatement(stream);
        var late = acquire(streams.get(1));
        nanoTime.addAndGet(TimeUnit.MILLISECONDS.toNanos(LATE_MS));
        var inTime = acquire(streams.get(2));
        storage.letAllGo();
        assertFails(late, OverloadedException.class);
        assertThat(get(inTime)).isInstanceOf(AcquireOutcome.Granted.class);
        assertThat(storage.statements).containsExactly("acquire [" + stream + "]", "acquire [" + streams.get(2) + "]");
    }

    @Test
    void whoWaitedForAStorageThatIsAwayIsToldThat() throws Exception {
        storage.failure = new StorageUnavailableException("away", null);
        acquireAndAwaitStatement(stream);
        var late = acquire(streams.get(1));
        nanoTime.addAndGet(TimeUnit.MILLISECONDS.toNanos(LATE_MS));
        storage.letGo(1);
        assertFails(late, StorageUnavailableException.class);
    }

    @Test
    void aCallThatIsCancelledIsDroppedAndLeavesNothingBehind() throws Exception {
        var underWay = fillLane();
        var waiting = fillBacklog();
        waiting.forEach(call -> call.cancel(false));
        var last = acquire(streams.get(1));
        assertFails(last, OverloadedException.class);
        storage.letAllGo();
        for (var call : underWay) {
            get(call);
        }
        await().untilAsserted(
                        () -> assertThat(get(acquire(streams.get(2)))).isInstanceOf(AcquireOutcome.Granted.class));
        assertThat(storage.statements).hasSize(Lane.MAX_STATEMENTS + 1);
        assertThat(storage.statements.get(Lane.MAX_STATEMENTS)).isEqualTo("acquire [" + streams.get(2) + "]");
    }

    @Test
    void aCallerThatIsSlowToTakeItsAnswerHoldsUpNobody() throws Exception {
        CountDownLatch taken = new CountDownLatch(1);
        var slow = acquireAndAwaitStatement(stream).thenAccept(outcome -> awaitUninterruptibly(taken));
        var other = acquire(streams.get(1));
        storage.letAllGo();
        assertThat(get(other)).isInstanceOf(AcquireOutcome.Granted.class);
        assertThat(slow).isNotDone();
        taken.countDown();
        get(slow);
    }

    @Test
    void readsWaitForNoLaneAndAreRefusedWhenTheyHaveWaitedForTooLong() throws Exception {
        acquireAndAwaitStatement(stream);
        var reads = IntStream.range(0, 5).mapToObj(i -> locks.find(stream)).toList();
        await().until(() -> storage.statements.size() == 5);
        nanoTime.addAndGet(TimeUnit.MILLISECONDS.toNanos(LATE_MS));
        storage.letAllGo();
        for (var read : reads.subList(0, 4)) {
            get(read);
        }
        assertFails(reads.get(4), OverloadedException.class);
        assertThat(get(locks.list(new LockQuery(Optional.empty(), "", "", 10))).locks())
                .hasSize(1);
        assertThat(get(locks.verifyWritable())).isNull();
    }

    @Test
    void whatWaitsWhenItIsClosedIsRefused() throws Exception {
        var first = acquireAndAwaitStatement(stream);
        var second = acquire(streams.get(1));
        locks.close();
        assertFails(second, OverloadedException.class);
        assertFails(acquire(streams.get(2)), OverloadedException.class);
        assertFails(locks.find(stream), OverloadedException.class);
        storage.letAllGo();
        assertThat(get(first)).isInstanceOf(AcquireOutcome.Granted.class);
    }

    /** As many statements as may be under way. */
    private List<CompletableFuture<List<AcquireOutcome>>> fillLane() {
        List<CompletableFuture<List<AcquireOutcome>>> calls = new ArrayList<>();
        for (int i = 1; i <= Lane.MAX_STATEMENTS; i++) {
            calls.add(locks.acquire(requests(ids().limit(Lane.MANY_REQUESTS).toList())));
            int begun = i;
            await().until(() -> storage.statements.size() == begun);
        }
        return calls;
    }

    /** Calls of a thousand requests each, as many as may wait. */
    private List<CompletableFuture<List<AcquireOutcome>>> fillBacklog() {
        List<CompletableFuture<List<AcquireOutcome>>> calls = new ArrayList<>();
        for (int waiting = 0; waiting < Backlog.MAX_REQUESTS; waiting += 1000) {
            calls.add(locks.acquire(requests(ids().limit(1000).toList())));
        }
        return calls;
    }

    /** Threads that carry statements out, or have nothing to carry out. */
    private static final class CountedThreads extends ThreadPoolExecutor {
        final AtomicInteger begun = new AtomicInteger();
        final AtomicInteger ended = new AtomicInteger();

        CountedThreads() {
            super(0, Integer.MAX_VALUE, 60, TimeUnit.SECONDS, new SynchronousQueue<>());
        }

        @Override
        public void execute(Runnable task) {
            begun.incrementAndGet();
            super.execute(() -> {
                try {
                    task.run();
                } finally {
                    ended.incrementAndGet();
                }
            });
        }
    }

    /** Starts a thread only where it is told so; else none can be had. */
    private GroupCommit withThreads(BooleanSupplier start) {
        ExecutorService threads = Executors.newCachedThreadPool(task -> {
            if (!start.getAsBoolean()) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            return new Thread(task);
        });
        return new GroupCommit(storage, answers, StatementObserver.NONE, nanoTime::get, threads);
    }

    private CompletableFuture<AcquireOutcome> acquireAndAwaitStatement(String streamId) {
        int before = storage.statements.size();
        var call = acquire(streamId);
        await().until(() -> storage.statements.size() > before);
        return call;
    }

    private CompletableFuture<AcquireOutcome> acquire(String streamId) {
        UUID id = streamId.equals(stream) ? leaseId : UUID.randomUUID();
        return locks.acquire(List.of(new AcquireRequest(streamId, "alice", id, TTL)))
                .thenApply(outcomes -> outcomes.get(0));
    }

    private static List<AcquireRequest> requests(List<String> streamIds) {
        return streamIds.stream()
                .map(id -> new AcquireRequest(id, "alice", UUID.randomUUID(), TTL))
                .toList();
    }

    private static Stream<String> ids() {
        return Stream.generate(
                () -> "stream-" + Long.toHexString(ThreadLocalRandom.current().nextLong()));
    }

    private static <T> T get(CompletableFuture<T> call) throws Exception {
        return call.get(10, TimeUnit.SECONDS);
    }

    private static void assertFails(CompletableFuture<?> call, Class<? extends Throwable> with) {
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> get(call))
                .withCauseInstanceOf(with);
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

package io.streamlocks.coordinator.lock.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** When a lane begins a second statement beside another, and which requests it may take. */
class TwoStatementsTest extends GroupCommitFixture {

    @Test
    void aSecondStatementBeginsBesideTheFirstIfManyRequestsWait() throws Exception {
        var first = acquireAndAwaitStatement(stream);
        List<String> many = ids().limit(Lane.MANY_REQUESTS).toList();
        var second = locks.acquire("caller", requests(many));
        await().until(() -> storage.statements.size() == 2);
        var third = locks.acquire("caller", requests(ids().limit(1000).toList()));
        // There is no third one, however many requests wait.
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
    void fewerRequestsShareTheNextStatement() throws Exception {
        // Requests that no longer wait must not count.
        storage.letGo(2);
        get(locks.acquire("caller", requests(ids().limit(Lane.MANY_REQUESTS).toList())));
        var first = acquireAndAwaitStatement(stream);
        get(first);
        first = acquireAndAwaitStatement(stream);
        var second = locks.acquire(
                "caller", requests(ids().limit(Lane.MANY_REQUESTS - 10).toList()));
        var third = locks.acquire("caller", requests(ids().limit(9).toList()));
        storage.letAllGo();
        get(first);
        get(second);
        get(third);
        assertThat(storage.statements).hasSize(4);
        assertThat(storage.mostAtOnce).isEqualTo(1);
    }

    @Test
    void aReleaseDoesNotWaitForAStatementThatTakesPlaces() throws Exception {
        storage.letGo(1);
        get(acquire(streams.get(0)));
        QueueRequest place = new QueueRequest(requests(streams.subList(0, 1)).get(0), UUID.randomUUID(), Duration.ZERO);
        var heldUp = locks.queue("caller", List.of(place));
        await().until(() -> storage.statements.size() == 2);
        var release = locks.release("caller", List.of(new ReleaseRequest(streams.get(1), UUID.randomUUID())));
        var ofTheSameStream = locks.release("caller", List.of(new ReleaseRequest(streams.get(0), UUID.randomUUID())));
        await().until(() -> storage.statements.size() == 3);
        assertThat(storage.statements.get(2)).isEqualTo("release " + streams.subList(1, 2));
        assertThat(heldUp).isNotDone();
        storage.letAllGo();
        get(heldUp);
        get(release);
        get(ofTheSameStream);
        assertThat(storage.overlapped).isFalse();
    }

    @Test
    void requestsThatArriveDuringADelayedStatementDoNotWaitForIt() throws Exception {
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
        var released = locks.release("caller", List.of(new ReleaseRequest(stream, leaseId)));
        List<String> many = ids().limit(Lane.MANY_REQUESTS).toList();
        var others = locks.acquire("caller", requests(many));
        await().until(() -> storage.statements.size() == 2);
        assertThat(storage.statements.get(1)).isEqualTo("acquire " + many);
        storage.letAllGo();
        assertThat(get(granted)).isInstanceOf(AcquireOutcome.Granted.class);
        assertThat(get(released)).containsExactly(new ReleaseOutcome.Released());
        get(others);
    }

    /** Otherwise each call that has to wait would search all waiting calls. */
    @Test
    void requestsThatMustWaitForTheStatementUnderWayAreTriedOnceAndDelayNoOthers() throws Exception {
        List<String> many = ids().limit(Lane.MANY_REQUESTS).toList();
        var granted = locks.acquire("caller", requests(many));
        await().until(() -> storage.statements.size() == 1);
        List<CompletableFuture<List<AcquireOutcome>>> held = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            held.add(locks.acquire("caller", requests(many.subList(0, Lane.MANY_REQUESTS / 10))));
            await().until(() -> writers.begun.get() - writers.ended.get() == 1);
        }
        assertThat(writers.begun).hasValue(3);
        var others =
                locks.acquire("caller", requests(ids().limit(Lane.MANY_REQUESTS).toList()));
        await().until(() -> storage.statements.size() == 2);
        storage.letAllGo();
        assertThat(get(granted)).hasOnlyElementsOfType(AcquireOutcome.Granted.class);
        assertThat(get(others)).hasOnlyElementsOfType(AcquireOutcome.Granted.class);
        for (var call : held) {
            assertThat(get(call)).hasOnlyElementsOfType(AcquireOutcome.Held.class);
        }
    }

    /** Two statements of a lane race, and one acquires the streams that the other releases. */
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

    /** Makes a burst of calls that do not wait for each other, in which each release follows its acquire. */
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
                cycles.put(
                        locks.acquire("caller", acquires),
                        locks.release("caller", List.of(new ReleaseRequest(streamId, id))));
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
    void aLaneWithoutASecondThreadContinuesWithTheFirst() throws Exception {
        AtomicInteger threads = new AtomicInteger();
        try (GroupCommit shortOfThreads = withThreads(() -> threads.incrementAndGet() == 1)) {
            var first = shortOfThreads.acquire("caller", requests(List.of(stream)));
            await().until(() -> storage.statements.size() == 1);
            var many = shortOfThreads.acquire(
                    "caller", requests(ids().limit(Lane.MANY_REQUESTS).toList()));
            storage.letAllGo();
            get(first);
            assertThat(get(many)).hasOnlyElementsOfType(AcquireOutcome.Granted.class);
            assertThat(threads).hasValueGreaterThan(1);
        }
    }
}

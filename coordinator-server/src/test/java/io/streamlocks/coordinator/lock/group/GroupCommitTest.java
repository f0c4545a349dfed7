package io.streamlocks.coordinator.lock.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.LockQuery;
import io.streamlocks.coordinator.lock.OverloadedException;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StatementKind;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.time.Duration;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Which requests share a statement, in which order, and what happens if they cannot be carried out. */
class GroupCommitTest extends GroupCommitFixture {

    @Test
    void aCallThatFindsItsLaneIdleIsCarriedOutAtOnceAndAlone() throws Exception {
        storage.letGo(2);
        assertThat(get(acquire(stream))).isInstanceOf(AcquireOutcome.Granted.class);
        assertThat(get(acquire(streams.get(1)))).isInstanceOf(AcquireOutcome.Granted.class);
        assertThat(storage.statements).containsExactly("acquire [" + stream + "]", "acquire [" + streams.get(1) + "]");
    }

    @Test
    void requestsThatArriveDuringAStatementAreTheNextOne() throws Exception {
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
            assertThat(shortOfThreads.acquire("caller", requests(List.of(stream))))
                    .failsWithin(Duration.ofSeconds(10))
                    .withThrowableThat()
                    .withCauseInstanceOf(OverloadedException.class);
            assertThat(get(shortOfThreads.acquire("caller", requests(List.of(stream)))))
                    .hasOnlyElementsOfType(AcquireOutcome.Granted.class);
        }
    }

    @Test
    void renewalsDoNotWaitForAcquires() throws Exception {
        acquireAndAwaitStatement(stream);
        locks.renew("caller", List.of(new RenewRequest(stream, leaseId, Optional.empty())));
        await().until(() -> storage.statements.size() == 2);
    }

    @Test
    void acquiresAndReleasesOfOneStreamAreCarriedOutInTheirOrder() throws Exception {
        acquireAndAwaitStatement(streams.get(1));
        var granted = acquire(stream);
        var held = locks.acquire("caller", List.of(new AcquireRequest(stream, "bob", UUID.randomUUID(), TTL)));
        var released = locks.release("caller", List.of(new ReleaseRequest(stream, leaseId)));
        var grantedAgain =
                locks.acquire("caller", List.of(new AcquireRequest(stream, "carol", UUID.randomUUID(), TTL)));
        var lost = locks.release("caller", List.of(new ReleaseRequest(stream, leaseId)));
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
        locks.release("caller", List.of(new ReleaseRequest(stream, leaseId)));
        acquire(streams.get(2));
        // It must stay behind the release of the same stream, although it has the kind of the statement.
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
            calls.add(locks.acquire("caller", requests(ids().limit(400).toList())));
        }
        storage.letAllGo();
        for (var call : calls) {
            assertThat(get(call)).hasSize(400);
        }
        assertThat(storage.largest).isEqualTo(800);
    }

    @Test
    void anEmptyBatchCausesNoStatement() throws Exception {
        assertThat(get(locks.renew("caller", List.of()))).isEmpty();
        assertThat(storage.statements).isEmpty();
    }

    @Test
    void aStatementThatFailsFailsItsOwnCallsOnly() throws Exception {
        storage.failure = new StorageUnavailableException("away");
        var first = acquireAndAwaitStatement(stream);
        var second = acquire(streams.get(1));
        storage.letAllGo();
        assertFails(first, StorageUnavailableException.class);
        assertThat(get(second)).isInstanceOf(AcquireOutcome.Granted.class);
    }

    @Test
    void anErrorOfTheStorageFailsItsCallAndTheLaneContinues() throws Exception {
        storage.failure = new IllegalStateException("a fault");
        var first = acquireAndAwaitStatement(stream);
        storage.letAllGo();
        assertFails(first, IllegalStateException.class);
        assertThat(get(acquire(stream))).isInstanceOf(AcquireOutcome.Granted.class);
    }

    @Test
    void anErrorWhileTheNextStatementIsTakenFailsOneCallAndTheLaneContinues() throws Exception {
        // Exhausted memory causes this. A runner that died would leave the lane busy for ever.
        var first = acquireAndAwaitStatement(stream);
        var failing = locks.acquire("caller", new AbstractList<>() {
            @Override
            public AcquireRequest get(int index) {
                throw new OutOfMemoryError("no memory");
            }

            @Override
            public int size() {
                return 1;
            }
        });
        var behind = acquire(streams.get(1));
        // It begins beside the first one, so that the streams of the failing one are compared.
        var many =
                locks.acquire("caller", requests(ids().limit(Lane.MANY_REQUESTS).toList()));
        assertFails(failing, OutOfMemoryError.class);
        storage.letAllGo();
        assertThat(get(first)).isInstanceOf(AcquireOutcome.Granted.class);
        assertThat(get(behind)).isInstanceOf(AcquireOutcome.Granted.class);
        assertThat(get(many)).hasOnlyElementsOfType(AcquireOutcome.Granted.class);
        assertThat(get(acquire(streams.get(2)))).isInstanceOf(AcquireOutcome.Granted.class);
    }

    @Test
    void requestsBeyondTheBoundAreRejectedAtOnceAndNoneStaysCounted() throws Exception {
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
        // The same number would be rejected if any of the first were still counted.
        for (var call : fillBacklog()) {
            assertThat(get(call)).hasSize(1000);
        }
    }

    @Test
    void aCallThatHasWaitedForTooLongIsRejectedAndNotCarriedOut() throws Exception {
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
    void aCallThatWaitedForAStorageThatIsDownFailsWithTheOutage() throws Exception {
        storage.failure = new StorageUnavailableException("away");
        acquireAndAwaitStatement(stream);
        var late = acquire(streams.get(1));
        nanoTime.addAndGet(TimeUnit.MILLISECONDS.toNanos(LATE_MS));
        storage.letGo(1);
        assertFails(late, StorageUnavailableException.class);
    }

    @Test
    void aCancelledCallIsDroppedAndNotCounted() throws Exception {
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
    void aCallerThatIsSlowToTakeItsResultDelaysNoOtherCall() throws Exception {
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
    void readsWaitForNoLaneAndAreRejectedWhenTheyHaveWaitedForTooLong() throws Exception {
        var acquired = acquireAndAwaitStatement(stream);
        var reads = IntStream.range(0, 3)
                .mapToObj(i -> locks.find("caller", stream))
                .toList();
        await().until(() -> storage.statements.size() == 3);
        nanoTime.addAndGet(TimeUnit.MILLISECONDS.toNanos(LATE_MS));
        storage.letAllGo();
        for (var read : reads.subList(0, 2)) {
            get(read);
        }
        assertFails(reads.get(2), OverloadedException.class);
        get(acquired);
        assertThat(get(locks.read(
                                "caller",
                                StatementKind.LIST,
                                all -> all.list(new LockQuery(Optional.empty(), "", "", 10))))
                        .locks())
                .hasSize(1);
        assertThat(get(locks.verifyWritable())).isNull();
    }

    @Test
    void callsThatWaitWhenGroupCommitIsClosedAreRejected() throws Exception {
        var first = acquireAndAwaitStatement(stream);
        var second = acquire(streams.get(1));
        locks.close();
        assertFails(second, OverloadedException.class);
        assertFails(acquire(streams.get(2)), OverloadedException.class);
        assertFails(locks.find("caller", stream), OverloadedException.class);
        storage.letAllGo();
        assertThat(get(first)).isInstanceOf(AcquireOutcome.Granted.class);
    }

    /** Starts the maximum number of statements. */
    private List<CompletableFuture<List<AcquireOutcome>>> fillLane() {
        List<CompletableFuture<List<AcquireOutcome>>> calls = new ArrayList<>();
        for (int i = 1; i <= Lane.MAX_STATEMENTS; i++) {
            calls.add(locks.acquire(
                    "caller", requests(ids().limit(Lane.MANY_REQUESTS).toList())));
            int begun = i;
            await().until(() -> storage.statements.size() == begun);
        }
        return calls;
    }

    /** Makes calls of a thousand requests each, as many as one caller may have waiting. */
    private List<CompletableFuture<List<AcquireOutcome>>> fillBacklog() {
        List<CompletableFuture<List<AcquireOutcome>>> calls = new ArrayList<>();
        for (int waiting = 0; waiting < Backlog.MAX_REQUESTS / 4 * 3; waiting += 1000) {
            calls.add(locks.acquire("caller", requests(ids().limit(1000).toList())));
        }
        return calls;
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

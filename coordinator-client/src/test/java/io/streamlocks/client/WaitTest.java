package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.streamlocks.testkit.rig.Link;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Tests how a client waits for streams at a real server, and what it leaves behind. */
class WaitTest extends ProxiedClient {

    private static final Duration LONG = Duration.ofMinutes(5);

    /** Holds the stream, with a lease that does not end while the machine is busy. */
    private HeldLease hold() {
        return client(StreamLockClient.builder(server.uri()).ttl(Duration.ofMinutes(1)))
                .tryAcquire(streamId)
                .orElseThrow();
    }

    /** Begins to wait, and returns when the place is in the queue. */
    private Future<Optional<HeldLease>> waitFor(StreamLockClient waiter, String stream) {
        int before = waiters(stream).size();
        Future<Optional<HeldLease>> waiting = threads.submit(() -> waiter.acquire(stream, LONG));
        awaitWaiters(stream, before + 1);
        return waiting;
    }

    private List<String> waiters(String stream) {
        return storage.reads().waiters(stream).stream()
                .map(waiter -> waiter.owner().id())
                .toList();
    }

    private void awaitWaiters(String stream, int count) {
        // A place that nobody gives up dies after 5 s by itself.
        await().atMost(Duration.ofSeconds(count == 0 ? 4 : 10))
                .until(() -> waiters(stream).size() == count);
    }

    private static HeldLease granted(Future<Optional<HeldLease>> waiting) throws Exception {
        return waiting.get(10, TimeUnit.SECONDS).orElseThrow();
    }

    @Test
    void aFreeStreamIsGrantedAtOnceAndAHeldOneWhenItIsReleased() throws Exception {
        HeldLease first = other().acquire(streamId, LONG).orElseThrow();
        Future<Optional<HeldLease>> waiting = waitFor(client, streamId);
        first.close();
        HeldLease second = granted(waiting);
        assertThat(second.fencingToken()).isGreaterThan(first.fencingToken());
        assertThat(second.isSafe()).isTrue();
        assertThat(waiters(streamId)).isEmpty();
        second.close();
        // On a busy machine the release can outlast close().
        await().until(() -> storage.find(streamId).isEmpty());
    }

    @Test
    void callersAreServedInTheOrderOfTheirArrivalAndNobodyOvertakes() throws Exception {
        HeldLease holding = hold();
        List<StreamLockClient> workers = List.of(other(), other(), other());
        List<Future<Optional<HeldLease>>> waiting = new ArrayList<>();
        for (StreamLockClient worker : workers) {
            waiting.add(waitFor(worker, streamId));
        }
        assertThat(waiters(streamId))
                .isEqualTo(workers.stream().map(StreamLockClient::ownerId).toList());
        for (Future<Optional<HeldLease>> next : waiting) {
            holding.close();
            holding = granted(next);
            assertThat(client.tryAcquire(streamId)).isEmpty();
        }
    }

    @Test
    void aCallerWhoseTimeIsUpHasNothingAndLeavesNoPlace() {
        HeldLease holding = hold();
        assertThat(other().acquire(streamId, Duration.ofMillis(200))).isEmpty();
        awaitWaiters(streamId, 0);
        holding.close();
        // The lease id of the place was released, so nothing keeps the stream closed.
        assertThat(other().tryAcquire(streamId)).isPresent();
    }

    @Test
    void noTimeMeansOneTry() {
        hold();
        assertThat(other().acquire(streamId, Duration.ZERO)).isEmpty();
        assertThat(waiters(streamId)).isEmpty();
        assertThat(other().acquire(streamId + "/free", Duration.ZERO)).isPresent();
    }

    @Test
    void theTimeThatTheCoordinatorHasWaitedDoesNotShortenTheLease() throws Exception {
        HeldLease holding = hold();
        Future<Optional<HeldLease>> waiting = waitFor(other(), streamId);
        await().pollDelay(Duration.ofMillis(1200)).until(() -> true);
        holding.close();
        // Counted from the sending, less than 0.6 s of the 1.8 s would be left.
        assertThat(granted(waiting).safeFor()).isBetween(Duration.ofMillis(900), Duration.ofMillis(1800));
    }

    @Test
    void anAnswerThatDoesNotNameTheTimeCountsFromTheSending() throws Exception {
        try (RewritingProxy rewriting = new RewritingProxy(server.uri());
                StreamLockClient worker =
                        StreamLockClient.builder(rewriting.uri()).ttl(TTL).build()) {
            rewriting.changeAnswers(body -> body.replace("\"waitedMs\"", "\"unknown\""));
            HeldLease holding = hold();
            Future<Optional<HeldLease>> waiting = waitFor(worker, streamId);
            await().pollDelay(Duration.ofMillis(600)).until(() -> true);
            holding.close();
            assertThat(granted(waiting).safeFor()).isLessThan(Duration.ofMillis(1200));
        }
    }

    @Test
    void aTimeThatTheCoordinatorCannotHaveWaitedIsNotBelieved() throws Exception {
        try (RewritingProxy rewriting = new RewritingProxy(server.uri());
                StreamLockClient worker =
                        StreamLockClient.builder(rewriting.uri()).ttl(TTL).build()) {
            rewriting.changeAnswers(body -> body.replaceAll("\"waitedMs\":[0-9]+", "\"waitedMs\":3600000"));
            HeldLease holding = hold();
            Future<Optional<HeldLease>> waiting = waitFor(worker, streamId);
            holding.close();
            assertThat(granted(waiting).safeFor()).isLessThanOrEqualTo(Duration.ofMillis(1800));
        }
    }

    /** Reported of other clients: an interrupted caller waited for ever, or its node or lock stayed behind. */
    @Test
    void anInterruptedCallerReturnsAtOnceAndLeavesNeitherAPlaceNorALease() throws Exception {
        StreamLockClient worker = other();
        HeldLease holding = hold();
        AtomicReference<Thread> caller = new AtomicReference<>();
        Future<Boolean> interrupted = threads.submit(() -> {
            caller.set(Thread.currentThread());
            Optional<HeldLease> lease = worker.acquire(streamId, LONG);
            return lease.isEmpty() && Thread.interrupted();
        });
        awaitWaiters(streamId, 1);
        caller.get().interrupt();
        assertThat(interrupted.get(5, TimeUnit.SECONDS)).isTrue();
        awaitWaiters(streamId, 0);
        holding.close();
        assertThat(storage.find(streamId)).isEmpty();
        assertThat(other().tryAcquire(streamId)).isPresent();
    }

    @Test
    void aCallerThatIsInterruptedBeforeMakesNoCall() {
        Thread.currentThread().interrupt();
        assertThat(client.acquire(streamId, LONG)).isEmpty();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(storage.acquires()).isEmpty();
    }

    /** Reported of other clients: a lock that was granted at the moment of the interruption was leaked. */
    @Test
    void aLeaseThatIsGrantedWhileItsCallerIsInterruptedIsReleased() throws Exception {
        HeldLease holding = hold();
        AtomicReference<Thread> caller = new AtomicReference<>();
        StreamLockClient worker = client(builder().ttl(Duration.ofMinutes(1)));
        Future<Optional<HeldLease>> waiting = threads.submit(() -> {
            caller.set(Thread.currentThread());
            return worker.acquire(streamId, LONG);
        });
        awaitWaiters(streamId, 1);
        proxy.dropReplies();
        holding.close();
        await().until(() -> storage.find(streamId).isPresent());
        caller.get().interrupt();
        assertThat(waiting.get(5, TimeUnit.SECONDS)).isEmpty();
        proxy.pass();
        await().until(() -> storage.find(streamId).isEmpty());
    }

    @Test
    void closingTheClientEndsItsWaitsAtOnceAndLeavesNeitherPlacesNorLeases() throws Exception {
        HeldLease holding = hold();
        StreamLockClient worker = other();
        List<Future<Optional<HeldLease>>> waiting =
                List.of(waitFor(worker, streamId), waitFor(worker, streamId), waitFor(worker, streamId));
        threads.submit(worker::close).get(5, TimeUnit.SECONDS);
        for (Future<Optional<HeldLease>> one : waiting) {
            assertThatThrownBy(() -> one.get(5, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(IllegalStateException.class);
        }
        assertThat(waiters(streamId)).isEmpty();
        holding.close();
        assertThat(storage.find(streamId)).isEmpty();
        assertThatIllegalStateException().isThrownBy(() -> worker.acquire(streamId, LONG));
    }

    @Test
    void acquireAnyReturnsWhatIsGrantedFirstAndGivesUpTheOtherPlaces() throws Exception {
        List<HeldLease> held = IntStream.range(0, 5)
                .mapToObj(i -> client.tryAcquire(streamId + "/" + i).orElseThrow())
                .toList();
        List<String> streams = held.stream().map(HeldLease::streamId).toList();
        Future<List<HeldLease>> waiting = threads.submit(() -> other().acquireAny(streams, LONG));
        streams.forEach(stream -> awaitWaiters(stream, 1));
        held.get(3).close();
        assertThat(waiting.get(10, TimeUnit.SECONDS))
                .extracting(HeldLease::streamId)
                .containsExactly(streams.get(3));
        streams.forEach(stream -> awaitWaiters(stream, 0));
        held.forEach(HeldLease::close);
        assertThat(streams)
                .filteredOn(stream -> storage.find(stream).isPresent())
                .containsExactly(streams.get(3));
    }

    @Test
    void acquireAnyReturnsAllThatAreFreeAndHasNoneWhenTheTimeIsUp() {
        client.tryAcquire(streamId).orElseThrow();
        StreamLockClient worker = other();
        List<String> streams = List.of(streamId, streamId + "/1", streamId + "/2", streamId + "/1");
        assertThat(worker.acquireAny(streams, LONG))
                .extracting(HeldLease::streamId)
                .containsExactlyInAnyOrder(streamId + "/1", streamId + "/2");
        assertThat(worker.acquireAny(List.of(streamId), Duration.ofMillis(100))).isEmpty();
        awaitWaiters(streamId, 0);
    }

    @Test
    void aWaiterKeepsItsPlacesFromOneWaitToTheNext() throws Exception {
        HeldLease holding = hold();
        StreamLockClient early = other();
        StreamLockClient late = other();
        try (Waiter waiter = early.newWaiter()) {
            assertThat(waiter.await(List.of(streamId), Duration.ofMillis(100))).isEmpty();
            Future<Optional<HeldLease>> second = waitFor(late, streamId);
            assertThat(waiters(streamId)).containsExactly(early.ownerId(), late.ownerId());
            holding.close();
            // Nobody overtakes the first in the queue between its calls.
            assertThat(client.tryAcquire(streamId)).isEmpty();
            List<HeldLease> leases = waiter.await(List.of(streamId), LONG);
            assertThat(leases).extracting(HeldLease::streamId).containsExactly(streamId);
            assertThat(second).isNotDone();
            leases.get(0).close();
            granted(second);
        }
    }

    @Test
    void aWaiterGivesUpThePlacesThatItDoesNotWantAnyMore() {
        hold();
        client.tryAcquire(streamId + "/2").orElseThrow();
        try (Waiter waiter = other().newWaiter()) {
            waiter.await(List.of(streamId, streamId + "/2"), Duration.ofMillis(50));
            assertThat(waiters(streamId)).hasSize(1);
            waiter.await(List.of(streamId + "/2"), Duration.ofMillis(50));
            awaitWaiters(streamId, 0);
            assertThat(waiters(streamId + "/2")).hasSize(1);
        }
        awaitWaiters(streamId + "/2", 0);
    }

    @Test
    void aWaiterThatIsClosedByAnotherThreadReturns() throws Exception {
        hold();
        Waiter waiter = other().newWaiter();
        Future<List<HeldLease>> waiting = threads.submit(() -> waiter.await(List.of(streamId), LONG));
        awaitWaiters(streamId, 1);
        assertThatIllegalStateException().isThrownBy(() -> waiter.await(List.of(streamId), LONG));
        waiter.close();
        assertThat(waiting.get(5, TimeUnit.SECONDS)).isEmpty();
        awaitWaiters(streamId, 0);
        assertThatIllegalStateException().isThrownBy(() -> waiter.await(List.of(streamId), LONG));
    }

    @Test
    void aServerThatStopsHandsItsWaitersToAnotherInTheirOrder() throws Exception {
        HeldLease holding = hold();
        TestServer stopping = new TestServer(storage);
        try (Link link = new Link(stopping.uri().getPort());
                StreamLockClient worker =
                        StreamLockClient.builder(link.uri()).ttl(TTL).build()) {
            Future<Optional<HeldLease>> first = waitFor(worker, streamId);
            Future<Optional<HeldLease>> second = waitFor(other(), streamId);
            List<String> before = waiters(streamId);
            link.leadTo(server.uri().getPort());
            stopping.close();
            await().until(() -> storage.places().stream()
                            .filter(place -> place.request().ownerId().equals(worker.ownerId()))
                            .count()
                    >= 2);
            assertThat(waiters(streamId)).isEqualTo(before);
            holding.close();
            HeldLease lease = granted(first);
            assertThat(second).isNotDone();
            lease.close();
            granted(second);
        }
    }

    @Test
    void aBrokenConnectionDoesNotEndTheWait() throws Exception {
        HeldLease holding = hold();
        Future<Optional<HeldLease>> waiting = waitFor(client, streamId);
        proxy.refuse();
        proxy.pass();
        await().until(() -> storage.places().size() >= 2);
        awaitWaiters(streamId, 1);
        holding.close();
        assertThat(granted(waiting).isSafe()).isTrue();
    }

    @Test
    void aCoordinatorThatStaysAwayIsReportedWhenTheTimeIsUp() {
        proxy.refuse();
        assertThatThrownBy(() -> client.acquire(streamId, Duration.ofMillis(300)))
                .isInstanceOfSatisfying(CoordinatorUnavailableException.class, e -> assertThat(e.streamId())
                        .contains(streamId));
    }

    @Test
    void aWaitEndsInTimeIfTheCoordinatorDoesNotAnswer() throws Exception {
        StreamLockClient worker = client(builder().requestTimeout(Duration.ofMillis(300)));
        proxy.blackHole();
        Future<?> waiting = threads.submit(() -> worker.acquire(streamId, Duration.ofMillis(100)));
        assertThatThrownBy(() -> waiting.get(5, TimeUnit.SECONDS))
                .hasCauseInstanceOf(CoordinatorUnavailableException.class);
    }

    @Test
    void workWaitsForItsLease() throws Exception {
        HeldLease holding = hold();
        StreamLockClient worker = other();
        CountDownLatch works = new CountDownLatch(1);
        Future<Optional<Long>> work = threads.submit(() -> worker.runWithLease(streamId, LONG, lease -> {
            works.countDown();
            return lease.fencingToken();
        }));
        awaitWaiters(streamId, 1);
        assertThat(works.getCount()).isOne();
        holding.close();
        assertThat(work.get(10, TimeUnit.SECONDS).orElseThrow()).isGreaterThan(holding.fencingToken());
        assertThat(storage.find(streamId)).isEmpty();
        hold();
        assertThat(worker.<Long, RuntimeException>runWithLease(
                        streamId, Duration.ofMillis(50), HeldLease::fencingToken))
                .isEmpty();
    }

    /** A pool of 64 connections would be used up, and so would the requests that acquires and releases share. */
    @Test
    void manyWaitsDelayNeitherAcquiresNorReleasesNorRenewals() throws Exception {
        hold();
        StreamLockClient worker =
                client(builder().ttl(Duration.ofSeconds(20)).heartbeatInterval(Duration.ofMillis(300)));
        HeldLease kept = worker.tryAcquire(streamId + "/kept").orElseThrow();
        List<Future<Optional<HeldLease>>> waiting = IntStream.range(0, 70)
                .mapToObj(i -> threads.submit(() -> worker.acquire(streamId, LONG)))
                .toList();
        awaitWaiters(streamId, 70);
        Future<?> others = threads.submit(() -> {
            for (int i = 0; i < 20; i++) {
                worker.tryAcquire(streamId + "/" + i).orElseThrow().close();
            }
        });
        others.get(5, TimeUnit.SECONDS);
        long safeUntil = kept.safeUntilNanos();
        await().until(() -> kept.safeUntilNanos() - safeUntil > TTL.toNanos() / 2);
        assertThat(waiting).noneMatch(Future::isDone);
    }

    @Test
    void argumentsOutOfTheirRangeAreRefusedBeforeACall() {
        Duration negative = Duration.ofMillis(-1);
        assertThatIllegalArgumentException().isThrownBy(() -> client.acquire(streamId, negative));
        assertThatIllegalArgumentException().isThrownBy(() -> client.acquire("x".repeat(256), LONG));
        assertThatIllegalArgumentException().isThrownBy(() -> client.acquireAny(List.of(), LONG));
        List<String> tooMany =
                IntStream.rangeClosed(0, 1000).mapToObj(String::valueOf).toList();
        assertThatIllegalArgumentException().isThrownBy(() -> client.acquireAny(tooMany, LONG));
        assertThatThrownBy(() -> client.acquire("", LONG)).isInstanceOf(CoordinatorRefusedException.class);
        assertThat(storage.acquires()).isEmpty();
    }

    @Test
    void theLongestTimeThereIsIsNotTooLong() throws Exception {
        HeldLease holding = hold();
        Future<Optional<HeldLease>> waiting =
                threads.submit(() -> other().acquire(streamId, Duration.ofSeconds(Long.MAX_VALUE)));
        awaitWaiters(streamId, 1);
        holding.close();
        granted(waiting);
    }
}

package io.streamlocks.client.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import io.streamlocks.client.CoordinatorUnavailableException;
import io.streamlocks.client.CountedLocks;
import io.streamlocks.client.StreamLockClient;
import io.streamlocks.client.TestServer;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PollLoopTest {

    private final CountedLocks storage = new CountedLocks(new MemoryLockManager(new MonotonicClock(), true));
    private final TestServer server = new TestServer(storage);
    private final StreamLockClient client = StreamLockClient.builder(server.uri())
            .acquireTimeout(Duration.ofMillis(1))
            .build();
    private final List<String> handled = new CopyOnWriteArrayList<>();
    private final SessionRegistry<String> registry = SessionRegistry.<String>builder(client, lease -> handled::add)
            .maxConcurrentSessions(1)
            .idleTimeout(Duration.ofMillis(300))
            .build();
    private final LinesLogger lines = new LinesLogger();
    private final Source source = new Source();
    private final PollLoop<String> loop = PollLoop.builder(registry, source)
            .delay(Duration.ofMillis(5))
            .stopTimeout(Duration.ofMillis(500))
            .log(lines, () -> 0)
            .build();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final String streamId = "stream-" + UUID.randomUUID();

    /** An API that the loop polls. */
    private static final class Source implements EventSource<String> {
        private volatile EventSource<String> polled = List::of;
        private final List<String> outcomes = new CopyOnWriteArrayList<>();
        private final AtomicInteger polls = new AtomicInteger();
        private volatile Throwable failure;

        /** The streams of the events that failed, each with the messages of their errors. */
        private final Set<String> errors = ConcurrentHashMap.newKeySet();

        @Override
        public List<StreamEvent<String>> poll() throws Exception {
            polls.incrementAndGet();
            return polled.poll();
        }

        /** Returns these events to one poll, and none to later polls. */
        void once(String streamId, String... events) {
            AtomicInteger asked = new AtomicInteger();
            polled = () -> asked.getAndIncrement() > 0
                    ? List.of()
                    : List.of(events).stream()
                            .map(event -> new StreamEvent<>(streamId, event))
                            .toList();
        }

        @Override
        public void routed(StreamEvent<String> event, RouteResult result) {
            outcomes.add(event.event() + " " + result);
        }

        @Override
        public void failed(StreamEvent<String> event, Throwable cause) {
            failure = cause;
            errors.add(event.streamId() + ": " + cause.getMessage());
            outcomes.add(event.event() + " failed");
            throw new IllegalStateException("the source is broken too");
        }

        void awaitPolls(int more) {
            int before = polls.get();
            await().until(() -> polls.get() >= before + more);
        }
    }

    @AfterEach
    void stop() {
        loop.stop();
        registry.close();
        client.close();
        threads.shutdownNow();
        server.close();
    }

    @Test
    void eventsAreRoutedInOrderAndTheirOutcomesReported() {
        source.once(streamId, "one", "two", "three");
        loop.start();
        await().until(() -> handled.equals(List.of("one", "two", "three")));
        assertThat(source.outcomes).containsExactly("one ENQUEUED", "two ENQUEUED", "three ENQUEUED");
    }

    @Test
    void theLoopRecoversFromAFailingApiOfWhateverKind() {
        for (Throwable failure : List.of(new java.io.IOException("io"), new AssertionError("error"))) {
            source.polled = () -> {
                if (failure instanceof Error error) {
                    throw error;
                }
                throw (Exception) failure;
            };
            if (source.polls.get() == 0) {
                loop.start();
            }
            source.awaitPolls(5);
        }
        source.once(streamId, "one");
        await().until(() -> handled.equals(List.of("one")));
        assertThat(lines.lines()).containsExactly("The poll failed", "The poll failed");
    }

    @Test
    void theLoopRecoversFromACoordinatorThatIsAwayAndASourceThatFailsToTakeThatIn() {
        storage.setAway(true);
        source.polled = () -> List.of(new StreamEvent<>(streamId, "one"), new StreamEvent<>("other", "two"));
        loop.start();
        await().until(() -> source.outcomes.size() >= 10);
        assertThat(source.outcomes).startsWith("one failed", "two failed");
        assertThat(source.failure).isInstanceOf(CoordinatorUnavailableException.class);
        storage.setAway(false);
        // There is one place. The first stream that is routed after the coordinator is back has it.
        await().until(() -> !handled.isEmpty());
        // Each of the two streams has one failure of the source, and one message per error of the client. On a busy
        // machine there can be several such errors. Each message is logged once.
        assertThat(lines.lines()).hasSize(2 + source.errors.size());
    }

    @Test
    void aPollThatReturnsNullIsAFailureLikeOthers() {
        source.polled = () -> null;
        loop.start();
        source.awaitPolls(3);
        assertThat(lines.lines()).containsExactly("The poll failed");
    }

    @Test
    void turnsDoNotOverlap() {
        AtomicInteger turns = new AtomicInteger();
        AtomicInteger overlaps = new AtomicInteger();
        source.polled = () -> {
            if (turns.incrementAndGet() > 1) {
                overlaps.incrementAndGet();
            }
            // This is longer than the delay.
            await().pollDelay(20, TimeUnit.MILLISECONDS).until(() -> true);
            turns.decrementAndGet();
            return List.of();
        };
        loop.start();
        source.awaitPolls(10);
        assertThat(overlaps).hasValue(0);
    }

    @Test
    void idleSessionsAreEvictedEachTurn() {
        source.once(streamId, "one");
        loop.start();
        await().until(() -> !source.outcomes.isEmpty());
        await().until(() -> storage.find(streamId).isEmpty());
        // The session is removed when its release has been answered.
        await().until(() -> registry.sessions().isEmpty());
    }

    @Test
    void stopWaitsForTheTurnUnderWayAndRejectsEventsThatAreLeft() throws Exception {
        CountDownLatch polling = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        source.polled = () -> {
            polling.countDown();
            answer.await();
            return List.of(new StreamEvent<>(streamId, "late"));
        };
        loop.start();
        polling.await();
        AtomicReference<Thread> stopping = new AtomicReference<>();
        Future<Boolean> stopped = threads.submit(() -> {
            stopping.set(Thread.currentThread());
            return loop.stop();
        });
        await().until(() -> stopping.get() != null && stopping.get().getState() == Thread.State.TIMED_WAITING);
        await().during(Duration.ofMillis(100)).until(() -> !stopped.isDone());
        answer.countDown();
        assertThat(stopped.get(5, TimeUnit.SECONDS)).isTrue();
        assertThat(source.outcomes).containsExactly("late REJECTED");
        int polls = source.polls.get();
        await().during(Duration.ofMillis(100)).until(() -> source.polls.get() == polls);
    }

    @Test
    void stopInterruptsATurnThatHangs() {
        source.polled = () -> {
            new CountDownLatch(1).await();
            return List.of();
        };
        loop.start();
        await().until(() -> source.polls.get() == 1);
        assertThat(loop.stop()).isTrue();
    }

    @Test
    void aTurnMayStopItsLoop() {
        source.polled = () -> {
            loop.stop();
            return List.of();
        };
        loop.start();
        await().until(() -> source.polls.get() == 1);
        assertThat(loop.stop()).isTrue();
        assertThat(source.polls).hasValue(1);
    }

    @Test
    void aLoopStartsOnceAndNotAfterItsEnd() {
        loop.start();
        assertThatIllegalStateException().isThrownBy(loop::start);
        loop.stop();
        assertThatIllegalStateException().isThrownBy(loop::start);
        PollLoop<String> never = PollLoop.builder(registry, source).build();
        assertThat(never.stop()).isTrue();
        assertThatIllegalStateException().isThrownBy(never::start);
    }
}

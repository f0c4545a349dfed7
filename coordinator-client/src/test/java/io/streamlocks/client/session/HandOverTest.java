package io.streamlocks.client.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.client.HeldLease;
import io.streamlocks.client.StreamLockClient;
import io.streamlocks.client.TestServer;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests how a session hands its stream over. */
@Timeout(30)
class HandOverTest {

    private final MemoryLockManager storage = new MemoryLockManager(new MonotonicClock(), true);
    private final TestServer server = new TestServer(storage);
    private final StreamLockClient client = StreamLockClient.builder(server.uri())
            .ttl(Duration.ofSeconds(20))
            .heartbeatInterval(Duration.ofMillis(50))
            .build();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HeldLease lease = client.tryAcquire("orders/eu").orElseThrow();
    private final List<String> calls = new CopyOnWriteArrayList<>();
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch gate = new CountDownLatch(1);

    @AfterEach
    void close() {
        gate.countDown();
        threads.shutdownNow();
        client.close();
        server.close();
    }

    /** Records its calls, and waits at "wait". */
    private class Handler implements SessionHandler<String> {

        @Override
        public void handle(String event) throws Exception {
            begun.countDown();
            if (event.equals("wait")) {
                gate.await();
            }
            if (event.equals("fail")) {
                throw new IllegalStateException("as asked for");
            }
            calls.add(event);
        }

        @Override
        public void beforeHandOver() throws Exception {
            calls.add("before");
        }

        @Override
        public void close() {
            calls.add("close");
        }
    }

    private Session<String> session(SessionHandler<String> handler) {
        return new Session<>(lease, handler, threads, 10, SessionRuntime.JVM);
    }

    @Test
    void theEventsAreHandledAndTheHandlerIsToldBeforeItIsClosed() throws Exception {
        Session<String> session = session(new Handler());
        session.enqueue("wait");
        session.enqueue("two");
        begun.await();
        assertThat(session.handOver()).isTrue();
        assertThat(session.enqueue("three")).isFalse();
        assertThat(session.isEnding()).isTrue();
        assertThat(session.ended()).isNotDone();
        gate.countDown();
        SessionEnd<String> end = session.ended().get();
        assertThat(calls).containsExactly("wait", "two", "before", "close");
        assertThat(end.state()).isEqualTo(SessionState.STOPPED);
        assertThat(end.unhandled()).isEmpty();
        // The registry releases the lease, after the end of the session.
        assertThat(lease.isSafe()).isTrue();
    }

    @Test
    void anIdleSessionIsHandedOverAtOnceAndOnlyOnce() throws Exception {
        Session<String> session = session(new Handler());
        assertThat(session.handOver()).isTrue();
        assertThat(session.handOver()).isFalse();
        session.ended().get();
        assertThat(calls).containsExactly("before", "close");
        assertThat(session.handOver()).isFalse();
    }

    @Test
    void aSessionWhoseTimeIsUpReturnsTheEventsThatAreLeft() throws Exception {
        Session<String> session = session(new Handler());
        session.enqueue("wait");
        session.enqueue("two");
        begun.await();
        session.handOver();
        session.stop();
        SessionEnd<String> end = session.ended().get();
        assertThat(end.unhandled()).containsExactly("wait", "two");
        assertThat(end.state()).isEqualTo(SessionState.STOPPED);
        assertThat(calls).containsExactly("before", "close");
    }

    @Test
    void aHandlerThatHasFailedIsNotAskedToPrepare() throws Exception {
        Session<String> session = session(new Handler());
        session.enqueue("wait");
        session.enqueue("fail");
        begun.await();
        session.handOver();
        gate.countDown();
        assertThat(session.ended().get().state()).isEqualTo(SessionState.ERRORED);
        assertThat(calls).containsExactly("wait", "close");
    }

    @Test
    void aFailureOfThePreparationIsReported() throws Exception {
        Session<String> session = session(new Handler() {
            @Override
            public void beforeHandOver() throws Exception {
                throw new Exception("no room on the disk");
            }
        });
        session.handOver();
        SessionEnd<String> end = session.ended().get();
        assertThat(end.failure()).get().isInstanceOf(Exception.class);
        assertThat(end.state()).isEqualTo(SessionState.ERRORED);
        assertThat(calls).containsExactly("close");
    }

    @Test
    void nothingIsPreparedUnderALeaseThatIsLost() throws Exception {
        Session<String> session = session(new Handler());
        session.enqueue("wait");
        begun.await();
        session.handOver();
        session.fail();
        assertThat(session.ended().get().state()).isEqualTo(SessionState.ERRORED);
        assertThat(calls).containsExactly("close");
    }

    @Test
    void anIdleSessionWhoseLeaseIsLostPreparesNothing() throws Exception {
        Session<String> session = new Session<>(lease, new Handler(), this::afterTheLoss, 10, SessionRuntime.JVM);
        session.handOver();
        assertThat(session.ended().get().state()).isEqualTo(SessionState.ERRORED);
        assertThat(calls).containsExactly("close");
    }

    /** Runs a task when the lease has been lost. */
    private void afterTheLoss(Runnable task) {
        storage.breakOwner(client.ownerId(), new Breaking("maintenance", "an operator", Duration.ZERO));
        CompletableFuture<Void> lost = new CompletableFuture<>();
        lease.onLost(loss -> lost.complete(null), threads);
        lost.join();
        task.run();
    }

    @Test
    void thePreparationIsInterruptedWhenTheTimeIsUp() throws Exception {
        CountDownLatch preparing = new CountDownLatch(1);
        Session<String> session = session(new Handler() {
            @Override
            public void beforeHandOver() throws Exception {
                preparing.countDown();
                gate.await();
            }
        });
        session.handOver();
        preparing.await();
        session.stop();
        SessionEnd<String> end = session.ended().get();
        assertThat(end.failure()).get().isInstanceOf(InterruptedException.class);
        assertThat(calls).containsExactly("close");
    }

    @Test
    void noOtherEndOfASessionIsAHandOver() throws Exception {
        Session<String> session = session(new Handler());
        session.drain();
        session.ended().get();
        assertThat(calls).containsExactly("close");
        assertThat(storage.find("orders/eu").map(Lock::streamId)).contains("orders/eu");
    }
}

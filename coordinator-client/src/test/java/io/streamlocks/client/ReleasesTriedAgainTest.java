package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.streamlocks.testkit.rig.Logback;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tests that a client that closes repeats releases that fail, and logs the leases that stay held. */
class ReleasesTriedAgainTest extends ProxiedClient {

    private static final Logger LOG = Logback.logger("io.streamlocks.client");

    private final Queue<String> warnings = new ConcurrentLinkedQueue<>();
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            // The clients of other tests log at the same time.
            if (event.getLevel().isGreaterOrEqual(Level.WARN)
                    && event.getFormattedMessage().contains(streamId)) {
                warnings.add(event.getFormattedMessage());
            }
        }
    };

    @BeforeEach
    void captureLog() {
        appender.start();
        LOG.addAppender(appender);
    }

    @AfterEach
    void endCapture() {
        LOG.detachAppender(appender);
    }

    /** Returns a client without a listener, with so long a ttl that no lease runs out by itself. */
    private StreamLockClient worker(Duration requestTimeout) {
        return client(
                StreamLockClient.builder(proxy.uri()).ttl(Duration.ofMinutes(5)).requestTimeout(requestTimeout));
    }

    private List<String> acquire(StreamLockClient worker, int streams) {
        List<String> acquired =
                IntStream.range(0, streams).mapToObj(i -> streamId + "/" + i).toList();
        acquired.forEach(stream -> worker.tryAcquire(stream).orElseThrow());
        return acquired;
    }

    private void assertFree(List<String> streams) {
        assertThat(streams)
                .allSatisfy(stream -> assertThat(storage.find(stream)).isEmpty());
    }

    @Test
    void aClosingClientRepeatsReleasesThatReturned503() throws Exception {
        StreamLockClient worker = worker(Duration.ofSeconds(20));
        List<String> streams = acquire(worker, 100);
        storage.setAway(true);
        Future<?> closing = threads.submit(worker::close);
        await().until(() -> storage.releases().size() >= 4);
        storage.setAway(false);
        closing.get();
        assertFree(streams);
    }

    @Test
    void aClosingClientRepeatsReleasesThatFoundNoServer() throws Exception {
        StreamLockClient worker = worker(Duration.ofSeconds(20));
        List<String> streams = acquire(worker, 100);
        proxy.refuse();
        Future<?> closing = threads.submit(worker::close);
        await().until(() -> warnings.stream().anyMatch(line -> line.contains("trying again")));
        proxy.pass();
        closing.get();
        assertFree(streams);
    }

    @Test
    void aClosingClientReleasesALeaseWhoseReleaseFailedBefore() throws Exception {
        StreamLockClient worker = worker(Duration.ofSeconds(20));
        HeldLease lease = worker.tryAcquire(streamId).orElseThrow();
        storage.setAway(true);
        lease.close();
        int before = storage.releases().size();
        Future<?> closing = threads.submit(worker::close);
        await().until(() -> storage.releases().size() >= before + 3);
        storage.setAway(false);
        closing.get();
        assertFree(List.of(streamId));
    }

    @Test
    void anInterruptedThreadClosesAsWellAndStaysInterrupted() throws Exception {
        StreamLockClient worker = worker(Duration.ofSeconds(20));
        List<String> streams = acquire(worker, 2);
        storage.setAway(true);
        Future<Boolean> closing = threads.submit(() -> {
            Thread.currentThread().interrupt();
            worker.close();
            return Thread.interrupted();
        });
        await().until(() -> storage.releases().size() >= 3);
        storage.setAway(false);
        assertThat(closing.get()).isTrue();
        assertFree(streams);
    }

    @Test
    void leasesThatStayHeldAreLoggedWithoutAListener() {
        StreamLockClient worker = worker(Duration.ofMillis(300));
        List<String> streams = acquire(worker, 22);
        proxy.refuse();
        worker.close();
        assertThat(warnings).anySatisfy(line -> assertThat(line)
                .startsWith("22 leases stay held for up to ")
                .contains("no release of them had an answer: ")
                .contains(" and 2 more; the last failure: ")
                .contains("refused"));
        assertThat(String.join("\n", warnings)).contains(streams.get(0), streams.get(21));
    }

    /** Lets another thread release the lease, while no release succeeds and no answer arrives. */
    private Future<?> releaseWithoutAnswer(HeldLease lease) {
        storage.setAway(true);
        proxy.dropReplies();
        return threads.submit(lease::close);
    }

    @Test
    void aClosingClientRepeatsTheReleaseThatAnotherThreadHadUnderWay() throws Exception {
        StreamLockClient worker = worker(Duration.ofSeconds(30));
        HeldLease lease = worker.tryAcquire(streamId).orElseThrow();
        Future<?> releasing = releaseWithoutAnswer(lease);
        await().until(() -> storage.releases().size() == 1);
        Thread closing = new Thread(worker::close);
        closing.start();
        await().until(() ->
                List.of(Thread.State.TIMED_WAITING, Thread.State.TERMINATED).contains(closing.getState()));
        assertThat(closing.isAlive()).isTrue();
        storage.setAway(false);
        proxy.pass();
        closing.join();
        releasing.get();
        assertFree(List.of(streamId));
    }

    @Test
    void aReleaseOfAnotherThreadThatFailsWhileTheClientClosesIsLogged() throws Exception {
        StreamLockClient worker = worker(Duration.ofSeconds(1));
        HeldLease lease = worker.tryAcquire(streamId).orElseThrow();
        Future<?> releasing = releaseWithoutAnswer(lease);
        await().until(() -> storage.releases().size() >= 1);
        worker.close();
        releasing.get();
        assertThat(List.copyOf(warnings))
                .last(InstanceOfAssertFactories.STRING)
                .startsWith("1 leases stay held for up to ")
                .contains(streamId);
    }

    @Test
    void aReleaseThatNeverHadAnAnswerIsLoggedWhenTheLeaseHasRunOut() {
        HeldLease lease = acquire();
        storage.setAway(true);
        lease.close();
        await().until(() -> warnings.stream()
                .anyMatch(line -> line.startsWith(
                        "1 leases have run out, because no release of them had an answer: " + streamId)));
    }

    @Test
    void aLossIsLoggedAlsoWithoutAListener() {
        StreamLockClient worker = client(StreamLockClient.builder(server.uri())
                .ttl(Duration.ofMinutes(1))
                .heartbeatInterval(Duration.ofMillis(100)));
        HeldLease lease = worker.tryAcquire(streamId).orElseThrow();
        storage.takeOver(streamId);
        String line = "The lease of stream " + streamId + " is lost, fencing token " + lease.fencingToken() + ": ";
        // A renewal can come between the release and the grant to another.
        await().until(() -> warnings.contains(line + "SUPERSEDED") || warnings.contains(line + "RELEASED"));
    }

    @Test
    void aLossIsLoggedBeforeTheListenerIsCalled() {
        List<List<String>> loggedBefore = new CopyOnWriteArrayList<>();
        StreamLockClient worker = client(StreamLockClient.builder(server.uri())
                .ttl(Duration.ofMinutes(1))
                .heartbeatInterval(Duration.ofMillis(100))
                .listener(new StreamLockListener() {
                    @Override
                    public void lost(LeaseLoss loss) {
                        loggedBefore.add(List.copyOf(warnings));
                    }
                }));
        worker.tryAcquire(streamId).orElseThrow();
        storage.end(streamId);
        await().until(() -> !loggedBefore.isEmpty());
        assertThat(loggedBefore.get(0))
                .anySatisfy(line -> assertThat(line).startsWith("The lease of stream " + streamId + " is lost"));
    }
}

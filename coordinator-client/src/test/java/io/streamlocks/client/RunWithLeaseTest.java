package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.streamlocks.testkit.rig.Logback;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Tests work under a lease: {@link StreamLockClient#runWithLease}. */
class RunWithLeaseTest extends ProxiedClient {

    /** So long that no lease runs out by itself. */
    private static final Duration LONG_TTL = Duration.ofSeconds(60);

    @Test
    void workUnderALeaseReturnsItsValueAndReleases() throws Exception {
        Optional<Long> token = client.runWithLease(streamId, HeldLease::fencingToken);
        assertThat(token).isPresent();
        assertThat(storage.find(streamId)).isEmpty();
    }

    @Test
    void workIsNotDoneWhileAnotherHasTheStream() throws Exception {
        acquire();
        assertThat(other().runWithLease(streamId, lease -> "done")).isEmpty();
    }

    @Test
    void workThatThrowsReleasesToo() {
        assertThatThrownBy(() -> client.runWithLease(streamId, lease -> {
                    throw new java.io.IOException("broken");
                }))
                .isInstanceOf(java.io.IOException.class);
        assertThat(storage.find(streamId)).isEmpty();
        assertThatThrownBy(() -> client.runWithLease(streamId, lease -> {
                    Thread.currentThread().interrupt();
                    throw new InterruptedException("by another thread");
                }))
                .isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isTrue();
        await().until(() -> storage.find(streamId).isEmpty());
    }

    @Test
    void aLossInterruptsTheWorkAndTheInterruptionIsWithdrawn() {
        assertThatThrownBy(() -> client.runWithLease(streamId, lease -> {
                    storage.takeOver(streamId);
                    new CountDownLatch(1).await();
                    return "never";
                }))
                .isInstanceOf(LeaseLostException.class)
                .hasMessageContaining("SUPERSEDED")
                .satisfies(e -> assertThat(e.getSuppressed()).hasExactlyElementsOfTypes(InterruptedException.class));
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void aLossThatTheWorkDidNotNoticeIsThrown() {
        assertThatThrownBy(() -> client.runWithLease(streamId, lease -> {
                    storage.takeOver(streamId);
                    await().until(() -> lease.loss().isPresent());
                    return "done";
                }))
                .isInstanceOf(LeaseLostException.class);
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void theLossOfAnOuterLeaseIsInForceAgainWhenInnerWorkOfAnyClientEnds() {
        for (StreamLockClient innerClient : List.of(client, other())) {
            String outerStream = streamId + innerClient.ownerId();
            assertThatThrownBy(() -> client.runWithLease(outerStream, outer -> {
                        innerClient.runWithLease(streamId, inner -> {
                            storage.takeOver(outerStream);
                            try {
                                new CountDownLatch(1).await();
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                            return "done";
                        });
                        // The release comes at once, although the thread was interrupted.
                        assertThat(storage.find(streamId)).isEmpty();
                        return new CountDownLatch(1).await(3, TimeUnit.SECONDS);
                    }))
                    .isInstanceOf(LeaseLostException.class)
                    .satisfies(
                            e -> assertThat(e.getSuppressed()).hasExactlyElementsOfTypes(InterruptedException.class));
            assertThat(Thread.interrupted()).isFalse();
        }
        assertThat(heard.releaseUnknown).isEmpty();
    }

    @Test
    void theLossOfAnOuterLeaseIsInForceAgainWhenInnerWorkEndsThatLostItsOwn() {
        for (StreamLockClient innerClient : List.of(client, other())) {
            String outerStream = streamId + innerClient.ownerId();
            String innerStream = outerStream + "inner";
            assertThatThrownBy(() -> client.runWithLease(outerStream, outer -> {
                        assertThatThrownBy(() -> innerClient.runWithLease(innerStream, inner -> {
                                    storage.takeOver(outerStream);
                                    storage.takeOver(innerStream);
                                    // The work ignores the interruptions, and ends when one of them was served.
                                    while (outer.loss().isEmpty()
                                            || inner.loss().isEmpty()) {
                                        Thread.interrupted();
                                    }
                                    return "done";
                                }))
                                .isInstanceOf(LeaseLostException.class);
                        return new CountDownLatch(1).await(3, TimeUnit.SECONDS);
                    }))
                    .isInstanceOf(LeaseLostException.class)
                    .satisfies(
                            e -> assertThat(e.getSuppressed()).hasExactlyElementsOfTypes(InterruptedException.class));
            assertThat(Thread.interrupted()).isFalse();
        }
    }

    @Test
    void theLossOfAnInnerLeaseDoesNotEndTheOuterWork() throws Exception {
        Optional<String> result = client.runWithLease(streamId, outer -> {
            String innerStream = streamId + "inner";
            assertThatThrownBy(() -> client.runWithLease(innerStream, inner -> {
                        storage.takeOver(innerStream);
                        new CountDownLatch(1).await();
                        return "never";
                    }))
                    .isInstanceOf(LeaseLostException.class);
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            return "done";
        });
        assertThat(result).contains("done");
    }

    @Test
    void closingTheClientInterruptsTheWork() throws Exception {
        StreamLockClient closing = client(builder().ttl(LONG_TTL));
        CountDownLatch working = new CountDownLatch(1);
        Future<?> work = threads.submit(() -> closing.runWithLease(streamId, lease -> {
            working.countDown();
            new CountDownLatch(1).await();
            return "never";
        }));
        working.await();
        closing.close();
        assertThatThrownBy(() -> work.get(5, TimeUnit.SECONDS)).hasCauseInstanceOf(LeaseLostException.class);
        assertThat(storage.find(streamId)).isEmpty();
    }

    private static void awaitDespiteInterruptions(CountDownLatch gate) {
        while (gate.getCount() > 0) {
            try {
                gate.await();
            } catch (InterruptedException ignored) {
                // This stands for work that ignores its interruption.
            }
        }
    }

    @Test
    void closingTheClientDoesNotReleaseTheLeaseOfWorkThatContinues() throws Exception {
        StreamLockClient closing = client(builder().ttl(LONG_TTL).requestTimeout(Duration.ofMillis(300)));
        CountDownLatch working = new CountDownLatch(1);
        CountDownLatch gate = new CountDownLatch(1);
        Future<?> work = threads.submit(() -> closing.runWithLease(streamId, lease -> {
            working.countDown();
            awaitDespiteInterruptions(gate);
            lease.close();
            return "done";
        }));
        working.await();
        List<String> warnings = warningsOf(closing::close);
        assertThat(other().tryAcquire(streamId)).isEmpty();
        assertThat(warnings)
                .containsExactly("1 leases are left to run out, because the work under them continues: " + streamId);
        gate.countDown();
        assertThatThrownBy(() -> work.get(5, TimeUnit.SECONDS)).hasCauseInstanceOf(LeaseLostException.class);
        assertThat(storage.find(streamId)).isPresent();
        assertThat(storage.releases()).isEmpty();
        assertThat(heard.releaseUnknown).isEmpty();
    }

    /** Returns what the keeper of leases logs about the stream of this test meanwhile. */
    private List<String> warningsOf(Runnable action) {
        Logger log = Logback.logger(LeaseKeeper.class.getName());
        ListAppender<ILoggingEvent> appender = new ListAppender<>();
        appender.start();
        log.addAppender(appender);
        try {
            action.run();
        } finally {
            log.detachAppender(appender);
        }
        return List.copyOf(appender.list).stream()
                .map(ILoggingEvent::getFormattedMessage)
                .filter(line -> line.contains(streamId))
                .toList();
    }

    @Test
    void closingTheClientReleasesUnusedLeasesAtOnceAndTheOthersWhenTheirWorkEnds() throws Exception {
        StreamLockClient closing = client(builder().ttl(LONG_TTL).requestTimeout(Duration.ofSeconds(20)));
        String unused = streamId + "unused";
        closing.tryAcquire(unused).orElseThrow();
        CountDownLatch working = new CountDownLatch(1);
        CountDownLatch gate = new CountDownLatch(1);
        Future<?> work = threads.submit(() -> closing.runWithLease(streamId, lease -> {
            working.countDown();
            awaitDespiteInterruptions(gate);
            return "done";
        }));
        working.await();
        Future<?> close = threads.submit(closing::close);
        await().until(() -> storage.find(unused).isEmpty());
        assertThat(storage.find(streamId)).isPresent();
        gate.countDown();
        close.get(10, TimeUnit.SECONDS);
        assertThat(storage.find(streamId)).isEmpty();
        assertThat(heard.released).containsExactly(unused, streamId);
        assertThatThrownBy(() -> work.get(5, TimeUnit.SECONDS)).hasCauseInstanceOf(LeaseLostException.class);
    }

    @Test
    void workThatClosesItsClientDoesNotWaitForItself() throws Exception {
        StreamLockClient closing = client(builder().ttl(LONG_TTL).requestTimeout(Duration.ofSeconds(50)));
        String unused = streamId + "unused";
        closing.tryAcquire(unused).orElseThrow();
        Future<?> work = threads.submit(() -> closing.runWithLease(streamId, lease -> {
            closing.close();
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
            return "done";
        }));
        assertThatThrownBy(() -> work.get(10, TimeUnit.SECONDS))
                .hasCauseInstanceOf(LeaseLostException.class)
                .satisfies(e -> assertThat(e.getCause().getSuppressed()).isEmpty());
        // The stream is free, although the interrupted thread released it.
        assertThat(storage.find(unused)).isEmpty();
        assertThat(storage.find(streamId)).isPresent();
        assertThat(heard.releaseUnknown).isEmpty();
    }

    @Test
    void closingTheClientReleasesNoLeaseThatItsHolderUses() {
        StreamLockClient closing = client(builder().ttl(LONG_TTL).requestTimeout(Duration.ofMillis(300)));
        HeldLease used = closing.tryAcquire(streamId).orElseThrow();
        HeldLease.Use twice = used.use();
        twice.close();
        twice.close();
        HeldLease.Use use = used.use();
        closing.close();
        assertThat(storage.find(streamId)).isPresent();
        assertThatThrownBy(used::requireSafe).isInstanceOf(LeaseLostException.class);
        use.close();
        used.close();
        assertThat(storage.find(streamId)).isPresent();
        assertThat(storage.releases()).isEmpty();
    }

    @Test
    void aHolderReleasesItsLeaseAlthoughItIsInUse() {
        HeldLease used = acquire();
        HeldLease.Use use = used.use();
        used.close();
        assertThat(storage.find(streamId)).isEmpty();
        use.close();
    }
}

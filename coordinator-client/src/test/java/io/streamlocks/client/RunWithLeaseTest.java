package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Work under a lease: {@link StreamLockClient#runWithLease}. */
class RunWithLeaseTest extends ProxiedClient {

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
                    throw new InterruptedException("by somebody else");
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
    void aLossThatTheWorkDidNotNoticeIsTold() {
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
                            while (!Thread.currentThread().isInterrupted()) {
                                Thread.onSpinWait();
                            }
                            return "done";
                        });
                        // At once, although the thread was interrupted.
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
                                    // Ignores the interruptions, and ends with one of them served.
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
    void theLossOfAnInnerLeaseIsNoneOfTheOuterWork() throws Exception {
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
        CountDownLatch working = new CountDownLatch(1);
        Future<?> work = threads.submit(() -> client.runWithLease(streamId, lease -> {
            working.countDown();
            new CountDownLatch(1).await();
            return "never";
        }));
        working.await();
        client.close();
        assertThatThrownBy(() -> work.get(5, TimeUnit.SECONDS)).hasCauseInstanceOf(LeaseLostException.class);
        assertThat(storage.find(streamId)).isEmpty();
    }
}

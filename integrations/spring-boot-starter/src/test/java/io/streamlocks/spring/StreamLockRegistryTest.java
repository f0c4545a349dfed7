package io.streamlocks.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.streamlocks.client.CoordinatorRefusedException;
import io.streamlocks.client.HeldLease;
import io.streamlocks.client.LeaseLostException;
import io.streamlocks.client.StreamLockClient;
import io.streamlocks.testkit.InProcessCoordinator;
import java.time.Duration;
import java.util.ConcurrentModificationException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests the locks of two processes, {@code registry} and {@code other}, each with a client of its own. */
@Timeout(60)
class StreamLockRegistryTest {

    private static final Duration TTL = Duration.ofSeconds(30);

    @RegisterExtension
    final InProcessCoordinator coordinator = new InProcessCoordinator();

    private final StreamLockClient client = client();
    private final StreamLockClient otherClient = client();
    private final StreamLockRegistry registry = new StreamLockRegistry(client, "locks/");
    private final StreamLockRegistry other = new StreamLockRegistry(otherClient, "locks/");
    private final Lock lock = registry.obtain("a");
    private final Lock others = other.obtain("a");
    private final ExecutorService threads = Executors.newCachedThreadPool();

    private StreamLockClient client() {
        return StreamLockClient.builder(coordinator.uri())
                .ttl(TTL)
                .heartbeatInterval(Duration.ofMillis(100))
                .build();
    }

    @AfterEach
    void stop() {
        threads.shutdownNow();
        client.close();
        otherClient.close();
    }

    private <T> T elsewhere(Callable<T> call) throws Exception {
        return threads.submit(call).get(30, TimeUnit.SECONDS);
    }

    /** Lets the lease of the lock expire, and waits until the client knows. */
    private void lose(StreamLockRegistry holder) {
        HeldLease lease = holder.lease("a").orElseThrow();
        coordinator.advance(TTL);
        await().until(() -> lease.loss().isPresent());
    }

    @Test
    void aLockIsHeldByOneProcessAtATime() {
        assertThat(lock.tryLock()).isTrue();
        assertThat(others.tryLock()).isFalse();
        lock.unlock();
        assertThat(others.tryLock()).isTrue();
        others.unlock();
    }

    @Test
    void aLockIsHeldByOneThreadAtATime() throws Exception {
        lock.lock();
        assertThat(elsewhere(() -> registry.obtain("a").tryLock())).isFalse();
        assertThat(elsewhere(() -> registry.obtain("a").tryLock(10, TimeUnit.MILLISECONDS)))
                .isFalse();
        lock.unlock();
        assertThat(elsewhere(() -> {
                    boolean locked = registry.obtain("a").tryLock();
                    registry.obtain("a").unlock();
                    return locked;
                }))
                .isTrue();
    }

    @Test
    void threadsAndProcessesNeverOverlap() throws Exception {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        List<Future<?>> all = new CopyOnWriteArrayList<>();
        for (int i = 0; i < 8; i++) {
            StreamLockRegistry one = i % 2 == 0 ? registry : other;
            all.add(threads.submit(() -> {
                for (int n = 0; n < 10; n++) {
                    Lock mine = one.obtain("a");
                    mine.lock();
                    try {
                        most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                        inside.decrementAndGet();
                    } finally {
                        mine.unlock();
                    }
                }
            }));
        }
        for (Future<?> one : all) {
            one.get(50, TimeUnit.SECONDS);
        }
        assertThat(most).hasValue(1);
        assertThat(registry.size()).isZero();
        assertThat(Held.at(coordinator)).isEqualTo("{\"locks\":[]}");
    }

    @Test
    void theSameThreadMayLockAgainAndMustUnlockAsOften() throws Exception {
        lock.lock();
        registry.obtain("a").lock();
        assertThat(lock.tryLock()).isTrue();
        assertThat(lock.tryLock(1, TimeUnit.SECONDS)).isTrue();
        lock.lockInterruptibly();
        for (int i = 0; i < 4; i++) {
            lock.unlock();
            assertThat(others.tryLock()).isFalse();
        }
        lock.unlock();
        assertThat(others.tryLock()).isTrue();
    }

    /** Registries that share local locks among keys have let a key stay locked for ever (#11146, #11157). */
    @Test
    void differentKeysAreIndependentHoweverManyThereAre() throws Exception {
        for (int i = 0; i < 300; i++) {
            assertThat(registry.obtain("key-" + i).tryLock()).isTrue();
        }
        assertThat(elsewhere(() -> {
                    Lock one = registry.obtain("key-300");
                    boolean locked = one.tryLock();
                    one.unlock();
                    return locked;
                }))
                .isTrue();
        for (int i = 0; i < 300; i++) {
            registry.obtain("key-" + i).unlock();
        }
        assertThat(Held.at(coordinator)).isEqualTo("{\"locks\":[]}");
    }

    /** Registries that remember every key have filled the memory (#3655). */
    @Test
    void aKeyIsForgottenOnceNoThreadHoldsItOrWaitsForIt() throws Exception {
        for (int i = 0; i < 100; i++) {
            Lock one = registry.obtain("key-" + i);
            assertThat(one.tryLock()).isTrue();
            one.unlock();
        }
        assertThat(registry.size()).isZero();

        others.lock();
        assertThat(lock.tryLock()).isFalse();
        assertThat(lock.tryLock(1, TimeUnit.MILLISECONDS)).isFalse();
        assertThatThrownBy(() -> registry.obtain("not\nprintable").lock())
                .isInstanceOf(CoordinatorRefusedException.class);
        assertThatThrownBy(() -> registry.obtain("x".repeat(256)).lock()).isInstanceOf(IllegalArgumentException.class);
        assertThat(registry.size()).isZero();
    }

    /** A lock without a holder must not be missed because the time is short (#2985). */
    @Test
    void aTimeOfZeroIsATry() throws Exception {
        assertThat(lock.tryLock(0, TimeUnit.SECONDS)).isTrue();
        assertThat(others.tryLock(0, TimeUnit.SECONDS)).isFalse();
        assertThat(others.tryLock(-1, TimeUnit.SECONDS)).isFalse();
        lock.unlock();
        assertThat(others.tryLock(-1, TimeUnit.SECONDS)).isTrue();
    }

    /** The wait for other threads and that for other processes are one wait. */
    @Test
    void theTimeIsThatOfTheWholeWait() throws Exception {
        others.lock();
        Future<Boolean> before = threads.submit(() -> {
            boolean locked = lock.tryLock(10, TimeUnit.SECONDS);
            lock.unlock();
            return locked;
        });
        await().until(() -> Held.at(coordinator).contains("\"waiting\":1"));
        long began = System.nanoTime();
        assertThat(lock.tryLock(500, TimeUnit.MILLISECONDS)).isFalse();
        assertThat(Duration.ofNanos(System.nanoTime() - began))
                .isBetween(Duration.ofMillis(500), Duration.ofSeconds(8));
        others.unlock();
        assertThat(before.get(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aWaitEndsWhenTheHolderUnlocks() throws Exception {
        lock.lock();
        Future<Boolean> waiting = threads.submit(() -> {
            others.lockInterruptibly();
            others.unlock();
            return true;
        });
        await().until(() -> Held.at(coordinator).contains("\"waiting\":1"));
        lock.unlock();
        assertThat(waiting.get(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void anotherThreadCannotUnlock() throws Exception {
        assertThatThrownBy(lock::unlock).isInstanceOf(IllegalMonitorStateException.class);
        lock.lock();
        assertThatThrownBy(() -> elsewhere(() -> {
                    lock.unlock();
                    return 0;
                }))
                .hasCauseInstanceOf(IllegalMonitorStateException.class);
        assertThat(others.tryLock()).isFalse();
        lock.unlock();
        assertThatThrownBy(lock::unlock).isInstanceOf(IllegalMonitorStateException.class);
    }

    /** Others did not report that the protected data may have been changed by two (#9291). */
    @Test
    void unlockReportsThatTheLockWasLost() {
        lock.lock();
        lose(registry);
        assertThat(others.tryLock()).isTrue();
        assertThatThrownBy(lock::unlock)
                .isInstanceOf(ConcurrentModificationException.class)
                .hasMessageContaining("locks/a")
                .hasMessageContaining("EXPIRED");
        assertThat(registry.size()).isZero();
        others.unlock();
    }

    /** The coordinator reports the loss to the release, before a renewal could notice it. */
    @Test
    void unlockReportsALossThatOnlyTheReleaseNotices() {
        try (StreamLockClient slow = StreamLockClient.builder(coordinator.uri())
                .ttl(TTL)
                .heartbeatInterval(Duration.ofSeconds(20))
                .build()) {
            Lock mine = new StreamLockRegistry(slow, "locks/").obtain("a");
            mine.lock();
            coordinator.advance(TTL);
            assertThatThrownBy(mine::unlock).isInstanceOf(ConcurrentModificationException.class);
        }
    }

    /** After a failed unlock, the thread held the local lock for ever (#1888), or had unlocked it twice (#3445). */
    @Test
    void afterAnUnlockThatThrowsTheLockCanBeHadAgain() throws Exception {
        lock.lock();
        lock.lock();
        lose(registry);
        lock.unlock();
        assertThatThrownBy(lock::unlock).isInstanceOf(ConcurrentModificationException.class);
        assertThatThrownBy(lock::unlock).isInstanceOf(IllegalMonitorStateException.class);
        assertThat(elsewhere(() -> {
                    boolean locked = registry.obtain("a").tryLock();
                    registry.obtain("a").unlock();
                    return locked;
                }))
                .isTrue();
        assertThat(lock.tryLock()).isTrue();
        lock.unlock();
    }

    /** A lost lock must not look like one that is held: the caller relies on it. */
    @Test
    void aLostLockCannotBeLockedAgain() throws Exception {
        lock.lock();
        lose(registry);
        assertThatThrownBy(lock::lock).isInstanceOf(LeaseLostException.class);
        assertThatThrownBy(lock::tryLock).isInstanceOf(LeaseLostException.class);
        assertThatThrownBy(() -> lock.tryLock(1, TimeUnit.SECONDS)).isInstanceOf(LeaseLostException.class);
        assertThatThrownBy(lock::lockInterruptibly).isInstanceOf(LeaseLostException.class);
        assertThatThrownBy(lock::unlock).isInstanceOf(ConcurrentModificationException.class);
        lock.lock();
        lock.unlock();
    }

    /** The contract of lock() is that it cannot be interrupted; the interruption was swallowed (#11409). */
    @Test
    void lockIsNotEndedByAnInterruptionAndKeepsIt() throws Exception {
        others.lock();
        CountDownLatch locked = new CountDownLatch(1);
        AtomicInteger interrupted = new AtomicInteger();
        Thread waiting = new Thread(() -> {
            lock.lock();
            interrupted.set(Thread.currentThread().isInterrupted() ? 1 : -1);
            lock.unlock();
            locked.countDown();
        });
        waiting.start();
        await().until(() -> Held.at(coordinator).contains("\"waiting\":1"));
        waiting.interrupt();
        assertThat(locked.await(300, TimeUnit.MILLISECONDS)).isFalse();
        others.unlock();
        assertThat(locked.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(interrupted).hasValue(1);
        assertThat(Held.at(coordinator)).isEqualTo("{\"locks\":[]}");
    }

    @Test
    void theOtherWaitsAreEndedByAnInterruption() throws Exception {
        others.lock();
        List<Throwable> thrown = new CopyOnWriteArrayList<>();
        Thread waiting = new Thread(() -> {
            for (Callable<Boolean> wait : List.<Callable<Boolean>>of(
                    () -> {
                        lock.lockInterruptibly();
                        return true;
                    },
                    () -> lock.tryLock(1, TimeUnit.MINUTES))) {
                try {
                    wait.call();
                } catch (Exception e) {
                    thrown.add(e);
                }
            }
        });
        waiting.start();
        for (int i = 1; i <= 2; i++) {
            await().until(() -> Held.at(coordinator).contains("\"waiting\":1"));
            int seen = i;
            waiting.interrupt();
            await().until(() -> thrown.size() == seen);
        }
        waiting.join(20_000);
        assertThat(thrown).hasOnlyElementsOfType(InterruptedException.class);
        assertThat(registry.size()).isZero();

        Thread.currentThread().interrupt();
        assertThatThrownBy(lock::lockInterruptibly).isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
    }

    /** A thread that was interrupted let go of the local lock before the shared one (#11049). */
    @Test
    void anInterruptedThreadReleasesItsLock() {
        lock.lock();
        Thread.currentThread().interrupt();
        lock.unlock();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(others.tryLock()).isTrue();
    }

    @Test
    void theLeaseOfALockHasItsToken() throws Exception {
        assertThat(registry.lease("a")).isEmpty();
        lock.lock();
        long first = registry.lease("a").orElseThrow().fencingToken();
        assertThat(elsewhere(() -> registry.lease("a"))).isEmpty();
        lock.unlock();
        lock.lock();
        assertThat(registry.lease("a").orElseThrow().fencingToken()).isGreaterThan(first);
        lock.unlock();
        assertThat(registry.lease("a")).isEmpty();
    }

    /** The client releases no lease under which work goes on, so nobody works beside it. */
    @Test
    void aLockThatIsHeldWhenItsClientClosesIsReleasedByItsUnlock() throws Exception {
        CountDownLatch locked = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(1);
        Future<?> work = threads.submit(() -> {
            lock.lock();
            locked.countDown();
            done.await();
            lock.unlock();
            return null;
        });
        locked.await();
        Future<?> closing = threads.submit(client::close);
        await().during(Duration.ofMillis(300)).until(() -> !others.tryLock());
        done.countDown();
        work.get(20, TimeUnit.SECONDS);
        closing.get(20, TimeUnit.SECONDS);
        assertThat(others.tryLock()).isTrue();
        assertThatIllegalStateException().isThrownBy(lock::lock);
        assertThatIllegalStateException().isThrownBy(lock::tryLock);
        assertThat(registry.size()).isZero();
    }

    @Test
    void aLockHasNoConditions() {
        assertThatThrownBy(lock::newCondition).isInstanceOf(UnsupportedOperationException.class);
        assertThat(lock).hasToString("StreamLock[locks/a]");
    }
}

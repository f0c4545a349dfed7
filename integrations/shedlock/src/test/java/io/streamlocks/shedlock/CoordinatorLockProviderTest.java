package io.streamlocks.shedlock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.streamlocks.client.CoordinatorRefusedException;
import io.streamlocks.client.LeaseLostException;
import io.streamlocks.client.StreamLockClient;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import net.javacrumbs.shedlock.core.DefaultLockingTaskExecutor;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.LockExtender;
import net.javacrumbs.shedlock.core.SimpleLock;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Locks of ShedLock on a real server and a real PostgreSQL. */
@Tag("postgres")
class CoordinatorLockProviderTest extends ProviderFixture {

    @Test
    void aLockExcludesOtherProcessesUntilItIsUnlocked() {
        SimpleLock lock = lock(times(LONG));
        assertThat(there.lock(times(LONG))).isEmpty();
        assertThat(here.lock(times(LONG))).isEmpty();
        lock.unlock();
        assertThat(server().isLocked(name)).isFalse();
        assertThat(isFree()).isTrue();
    }

    @Test
    void manyProcessesThatCompeteNeverRunAtTheSameTime() throws Exception {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger runs = new AtomicInteger();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<?>> workers = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                CoordinatorLockProvider provider = i % 2 == 0 ? here : there;
                workers.add(threads.submit(() -> {
                    for (int done = 0; done < 25; ) {
                        SimpleLock lock = provider.lock(times(LONG)).orElse(null);
                        if (lock != null) {
                            assertThat(inside.incrementAndGet()).isOne();
                            runs.incrementAndGet();
                            assertThat(inside.decrementAndGet()).isZero();
                            lock.unlock();
                            done++;
                        }
                    }
                }));
            }
            for (Future<?> worker : workers) {
                worker.get();
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(runs).hasValue(200);
    }

    @Test
    void thePrefixComesBeforeTheName() {
        SimpleLock lock =
                new CoordinatorLockProvider(client, "jobs/").lock(times(LONG)).orElseThrow();
        assertThat(server().isLocked("jobs/" + name)).isTrue();
        assertThat(isFree()).isTrue();
        lock.unlock();
        assertThat(server().isLocked("jobs/" + name)).isFalse();
    }

    @Test
    void aJobHasTheFencingTokenOfItsLockWhichRises() throws Throwable {
        DefaultLockingTaskExecutor executor = new DefaultLockingTaskExecutor(here);
        List<Long> tokens = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            executor.executeWithLock(
                    (Runnable) () -> {
                        CoordinatorLock lock = CoordinatorLock.active();
                        lock.requireSafe();
                        tokens.add(lock.fencingToken());
                        LockExtender.extendActiveLock(Duration.ofMinutes(10), Duration.ZERO);
                        assertThat(CoordinatorLock.active().fencingToken()).isEqualTo(lock.fencingToken());
                        assertThat(CoordinatorLock.active().isSafe()).isTrue();
                    },
                    times(LONG));
        }
        assertThat(tokens).hasSize(3).isSorted().doesNotHaveDuplicates();
    }

    /** Runs a test on a thread on which no other test has left a lock. */
    private static void onNewThread(Runnable test) throws Exception {
        CompletableFuture<Void> done = CompletableFuture.runAsync(test, task -> new Thread(task).start());
        done.get();
    }

    @Test
    void theLatestLockOfAThreadIsTheActiveOne() throws Exception {
        onNewThread(this::theLatestLockIsTheActiveOne);
    }

    private void theLatestLockIsTheActiveOne() {
        CoordinatorLock outer = lock(times(LONG));
        CoordinatorLock inner =
                (CoordinatorLock) here.lock(new LockConfiguration(Instant.now(), "inner-" + name, LONG, Duration.ZERO))
                        .orElseThrow();
        assertThat(CoordinatorLock.active()).isSameAs(inner);
        inner.unlock();
        assertThat(CoordinatorLock.active()).isSameAs(outer);
        assertThat(inner.isSafe()).isFalse();
        assertThatThrownBy(inner::requireSafe).isInstanceOf(IllegalStateException.class);
        CompletableFuture.runAsync(outer::unlock, task -> new Thread(task).start())
                .join();
        assertThatThrownBy(CoordinatorLock::active)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no job under a lock");
    }

    @Test
    void aJobThatTakesTooLongHasNoSafeLock() {
        CoordinatorLock lock = lock(times(Duration.ofSeconds(1)));
        await().until(() -> !lock.isSafe());
        assertThatThrownBy(lock::requireSafe).isInstanceOf(LeaseLostException.class);
        await().until(this::isFree);
        lock.unlock();
    }

    @Test
    void aLockLastsForLessThanASecondIfItsProcessLives() {
        // On a slow machine its lease, which lasts for a second, may run out before.
        await().until(this::isReleasedInTime);
    }

    private boolean isReleasedInTime() {
        long calledNanos = System.nanoTime();
        CoordinatorLock lock = lock(times(Duration.ofMillis(200)));
        await().pollInterval(Duration.ofMillis(5)).until(() -> !server().isLocked(name));
        assertThat(System.nanoTime() - calledNanos)
                .isGreaterThanOrEqualTo(Duration.ofMillis(200).toNanos());
        assertThat(lock.isSafe()).isFalse();
        assertThat(lock.extend(LONG, Duration.ZERO)).isEmpty();
        assertThat(isFree()).isTrue();
        return server().wasReleased(name, lock.fencingToken());
    }

    @Test
    void aLockOfLessThanASecondCanBeExtended() {
        // On a slow machine the lock may be over before its extension.
        SimpleLock extended = await().until(
                        () -> here.lock(times(Duration.ofMillis(950)))
                                .flatMap(lock -> lock.extend(LONG, Duration.ZERO)),
                        Optional::isPresent)
                .orElseThrow();
        await().during(Duration.ofMillis(1200)).until(() -> server().isLocked(name));
        extended.unlock();
        assertThat(server().isLocked(name)).isFalse();
    }

    @Test
    void aLockOfZeroIsOverAtOnce() {
        CoordinatorLock lock = lock(times(Duration.ZERO));
        assertThat(lock.extend(LONG, Duration.ZERO)).isEmpty();
        assertThat(isFree()).isTrue();
    }

    @Test
    void aLockOfOverADayIsRefusedWithTheReason() {
        assertThatThrownBy(() -> here.lock(times(Duration.ofHours(24).plusMillis(1))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("lockAtMostFor of the lock " + name + " must be at most 24 h");
        lock(times(Duration.ofHours(24))).unlock();
    }

    /** ShedLock 145, 345 and 3067: a name that is too long looked as if the lock was held, so the job never ran. */
    @Test
    void aNameThatIsNotValidIsAnErrorAndNotALockThatIsHeld() {
        assertThatThrownBy(() -> here.lock(new LockConfiguration(Instant.now(), "n".repeat(256), LONG, Duration.ZERO)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("255");
        assertThatThrownBy(() -> here.lock(new LockConfiguration(Instant.now(), "a\nb", LONG, Duration.ZERO)))
                .isInstanceOf(CoordinatorRefusedException.class)
                .hasMessageContaining("U+000A");
        String longest = name + "/ü".repeat((255 - name.length()) / 2);
        here.lock(new LockConfiguration(Instant.now(), longest, LONG, Duration.ZERO))
                .orElseThrow()
                .unlock();
    }

    @Test
    void aClientThatClosesDoesNotReleaseTheLockOfAJobThatRuns() throws Exception {
        onNewThread(this::closeTheClientOfAJob);
    }

    private void closeTheClientOfAJob() {
        CoordinatorLock lock = lock(times(LONG));
        client.close();
        assertThat(lock.isSafe()).isFalse();
        assertThat(server().isLocked(name)).isTrue();
        assertThat(CoordinatorLock.active()).isSameAs(lock);
        lock.unlock();
        assertThat(server().isLocked(name)).isTrue();
        assertThatThrownBy(CoordinatorLock::active).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aJobThatFailsUnlocks() {
        DefaultLockingTaskExecutor executor = new DefaultLockingTaskExecutor(here);
        assertThatThrownBy(() -> executor.executeWithLock(
                        (Runnable) () -> {
                            throw new IllegalStateException("broken");
                        },
                        times(LONG)))
                .hasMessage("broken");
        assertThat(isFree()).isTrue();
    }

    @Test
    void threadsThatCompeteForManyLocksDoNotDisturbEachOther() throws InterruptedException, ExecutionException {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (StreamLockClient shared = server().newClient()) {
            CoordinatorLockProvider provider = new CoordinatorLockProvider(shared, name + "/");
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                LockConfiguration own =
                        new LockConfiguration(Instant.now(), "job" + i, LONG, Duration.ofMillis(i % 2 == 0 ? 0 : 20));
                all.add(threads.submit(() -> provider.lock(own).orElseThrow().unlock()));
            }
            for (Future<?> one : all) {
                one.get();
            }
            await().until(() -> !server().isLocked(name + "/job63"));
        } finally {
            threads.shutdownNow();
        }
    }
}

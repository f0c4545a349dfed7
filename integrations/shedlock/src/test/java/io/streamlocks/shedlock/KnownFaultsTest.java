package io.streamlocks.shedlock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.streamlocks.client.CoordinatorUnavailableException;
import io.streamlocks.client.StreamLockClient;
import io.streamlocks.testkit.rig.Link;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import net.javacrumbs.shedlock.core.ClockProvider;
import net.javacrumbs.shedlock.core.DefaultLockingTaskExecutor;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.SimpleLock;
import net.javacrumbs.shedlock.support.KeepAliveLockProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Faults that users of ShedLock have reported of its providers. The numbers are those of its issues. */
@Tag("postgres")
class KnownFaultsTest extends ProviderFixture {

    private static final Duration AT_LEAST = Duration.ofSeconds(2);

    /** 6 and 8: a job that takes less time than the clocks of two nodes differ runs on both. */
    @Test
    void aShortJobKeepsItsLockForLockAtLeastFor() {
        long calledNanos = System.nanoTime();
        lock(times(LONG, AT_LEAST)).unlock();
        assertThat(server().lastsFor(name)).isLessThanOrEqualTo(AT_LEAST.plusMillis(1));
        await().pollInterval(Duration.ofMillis(20)).until(this::isFree);
        assertThat(System.nanoTime() - calledNanos).isGreaterThanOrEqualTo(AT_LEAST.toNanos());
    }

    /** The node stops as soon as its job is done. Neither its client nor its death may free or keep the lock. */
    @Test
    void aNodeThatStopsAfterItsJobKeepsTheLockForLockAtLeastForAndNoLonger() {
        lock(times(LONG, AT_LEAST)).unlock();
        client.close();
        assertThat(server().isLocked(name)).isTrue();
        await().until(this::isFree);
    }

    @Test
    void aNodeThatStopsKeepsALockForASecondAtMostIfLessIsLeft() {
        long calledNanos = System.nanoTime();
        lock(times(LONG, Duration.ofMillis(700))).unlock();
        assertThat(server().lastsFor(name)).isLessThanOrEqualTo(Duration.ofSeconds(1));
        client.close();
        await().pollInterval(Duration.ofMillis(20)).until(this::isFree);
        assertThat(System.nanoTime() - calledNanos)
                .isGreaterThanOrEqualTo(Duration.ofMillis(700).toNanos());
    }

    @Test
    void aLockForLessThanASecondIsReleasedInTime() {
        // On a slow machine its lease, which lasts for a second, may run out before.
        await().until(this::isReleasedInTime);
    }

    private boolean isReleasedInTime() {
        long calledNanos = System.nanoTime();
        CoordinatorLock lock = lock(times(LONG, Duration.ofMillis(300)));
        lock.unlock();
        await().pollInterval(Duration.ofMillis(10)).until(this::isFree);
        assertThat(System.nanoTime() - calledNanos)
                .isGreaterThanOrEqualTo(Duration.ofMillis(300).toNanos());
        return server().wasReleased(name, lock.fencingToken());
    }

    /** 2031: the times of a configuration that is used again lie in the past, so lockAtLeastFor had no effect. */
    @Test
    void aConfigurationThatIsUsedAgainHasAnEffect() throws Throwable {
        LockConfiguration old = new LockConfiguration(Instant.now().minusSeconds(3600), name, LONG, AT_LEAST);
        int[] runs = {0};
        for (CoordinatorLockProvider provider : List.of(here, there, here)) {
            new DefaultLockingTaskExecutor(provider).executeWithLock((Runnable) () -> runs[0]++, old);
        }
        assertThat(runs[0]).isOne();
    }

    /** 639 and 1439: a node whose clock is wrong held a lock for too short a time, or took one that is held. */
    @Test
    void theClockOfANodeDoesNotMatter() {
        try {
            SimpleLock lock = lock(times(LONG));
            for (int hours : new int[] {-48, 48}) {
                ClockProvider.setClock(Clock.fixed(Instant.now().plusSeconds(3600L * hours), ZoneOffset.UTC));
                LockConfiguration wrong = new LockConfiguration(ClockProvider.now(), name, LONG, AT_LEAST);
                assertThat(there.lock(wrong)).isEmpty();
            }
            lock.unlock();
            SimpleLock wrong = there.lock(new LockConfiguration(ClockProvider.now(), name, LONG, AT_LEAST))
                    .orElseThrow();
            wrong.unlock();
            assertThat(here.lock(times(LONG))).isEmpty();
            await().until(this::isFree);
        } finally {
            ClockProvider.setClock(Clock.systemUTC());
        }
    }

    /** 74: the late unlock of one node freed the lock that another one held by then. */
    @Test
    void aLateUnlockDoesNotTouchTheLockOfTheNextHolder() {
        for (Duration atLeast : List.of(Duration.ZERO, Duration.ofMinutes(1))) {
            SimpleLock late = lock(times(LONG, atLeast));
            server().expire(name);
            SimpleLock next = there.lock(times(LONG)).orElseThrow();
            late.unlock();
            assertThat(server().isLocked(name)).isTrue();
            assertThat(here.lock(times(LONG))).isEmpty();
            next.unlock();
            assertThat(server().isLocked(name)).isFalse();
        }
    }

    /** 151: an extension must not take a lock that another node holds, nor revive one that nobody holds. */
    @Test
    void aLateExtensionReturnsNothingAndDoesNotTouchTheLockOfTheNextHolder() {
        SimpleLock late = lock(times(LONG));
        server().expire(name);
        SimpleLock next = there.lock(times(LONG)).orElseThrow();
        assertThat(late.extend(LONG, Duration.ZERO)).isEmpty();
        next.unlock();
        SimpleLock alone = lock(times(LONG));
        server().expire(name);
        assertThat(alone.extend(LONG, Duration.ZERO)).isEmpty();
        assertThat(server().isLocked(name)).isFalse();
    }

    /** The coordinator has carried the extension out, and the answer comes when the lock is over for its holder. */
    @Test
    void anExtensionThatIsAnsweredTooLateDoesNotKeepTheLock() throws Exception {
        try (Link link = new Link(server().port());
                StreamLockClient slow = StreamLockClient.builder(link.uri())
                        .requestTimeout(Duration.ofSeconds(30))
                        .build()) {
            CoordinatorLock lock = (CoordinatorLock) new CoordinatorLockProvider(slow)
                    .lock(times(Duration.ofSeconds(4)))
                    .orElseThrow();
            link.set(Link.State.SILENT_TO_CLIENT);
            CompletableFuture<Boolean> extending = CompletableFuture.supplyAsync(
                    () -> lock.extend(Duration.ofHours(1), Duration.ZERO).isPresent());
            await().until(() -> !lock.isSafe());
            assertThat(server().lastsFor(name)).isGreaterThan(Duration.ofMinutes(50));
            link.heal();
            assertThat(extending.get()).isFalse();
            await().until(this::isFree);
        }
    }

    /** 344: a lock can be extended many times, each time through the lock that the extension has returned. */
    @Test
    void aLockIsExtendedManyTimes() {
        CoordinatorLock first = lock(times(Duration.ofSeconds(30)));
        SimpleLock lock = first;
        for (int i = 1; i <= 5; i++) {
            lock = lock.extend(Duration.ofMinutes(i), Duration.ZERO).orElseThrow();
            assertThat(server().lastsFor(name))
                    .isGreaterThan(Duration.ofMinutes(i).minusSeconds(30));
        }
        SimpleLock latest = lock;
        assertThat(((CoordinatorLock) latest).fencingToken()).isEqualTo(first.fencingToken());
        assertThatThrownBy(first::unlock).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> first.extend(LONG, Duration.ZERO)).isInstanceOf(IllegalStateException.class);
        latest.unlock();
        assertThat(isFree()).isTrue();
    }

    @Test
    void anExtensionSetsHowLongTheLockLastsAfterTheJob() {
        lock(times(LONG)).extend(LONG, AT_LEAST).orElseThrow().unlock();
        assertThat(there.lock(times(LONG))).isEmpty();
        await().until(this::isFree);
    }

    /** Runs what is scheduled when a test says so. */
    private static final class ByHand extends ScheduledThreadPoolExecutor {
        private final List<Runnable> tasks = new ArrayList<>();

        ByHand() {
            super(0);
        }

        @Override
        public ScheduledFuture<?> scheduleAtFixedRate(Runnable task, long first, long period, TimeUnit unit) {
            tasks.add(task);
            return super.scheduleAtFixedRate(task, 1, 1, TimeUnit.DAYS);
        }
    }

    /** 1563 and 1396: the lock that KeepAliveLockProvider extends was extended once, or never. */
    @Test
    void aLockIsKeptAliveByAnotherThread() throws Exception {
        ByHand scheduler = new ByHand();
        try {
            LockConfiguration shortest = times(Duration.ofSeconds(30));
            SimpleLock lock =
                    new KeepAliveLockProvider(here, scheduler).lock(shortest).orElseThrow();
            long token = CoordinatorLock.active().fencingToken();
            for (int i = 0; i < 3; i++) {
                Thread keeper = new Thread(scheduler.tasks.get(0));
                keeper.start();
                keeper.join();
            }
            assertThat(CoordinatorLock.active().fencingToken()).isEqualTo(token);
            CoordinatorLock.active().requireSafe();
            assertThat(server().isLocked(name)).isTrue();
            lock.unlock();
            assertThat(isFree()).isTrue();
        } finally {
            scheduler.shutdownNow();
        }
    }

    /** 1254, 898 and 2546: after an outage during a job, the job never ran again, or nothing said why. */
    @Test
    void anOutageDuringAJobNeitherBreaksItsUnlockNorKeepsTheLock() throws Exception {
        try (Link link = new Link(server().port());
                StreamLockClient cutOff = StreamLockClient.builder(link.uri())
                        .acquireTimeout(Duration.ofMillis(500))
                        .build()) {
            CoordinatorLockProvider provider = new CoordinatorLockProvider(cutOff);
            for (Duration atLeast : List.of(Duration.ZERO, Duration.ofMillis(700), Duration.ofMillis(2500))) {
                SimpleLock lock = provider.lock(times(LONG, atLeast)).orElseThrow();
                link.set(Link.State.REFUSE);
                lock.unlock();
                // It must be visible that a job did not run because the coordinator is away.
                assertThatThrownBy(() -> provider.lock(times(LONG)))
                        .isInstanceOf(CoordinatorUnavailableException.class);
                assertThat(server().isLocked(name)).isTrue();
                link.heal();
                await().atMost(Duration.ofSeconds(40)).until(this::isFree);
                await().until(() -> provider.lock(times(LONG))
                        .map(next -> {
                            next.unlock();
                            return true;
                        })
                        .orElse(false));
            }
        }
    }

    @Test
    void anExtensionDuringAnOutageFailsVisiblyAndCanBeRepeated() throws Exception {
        try (Link link = new Link(server().port());
                StreamLockClient cutOff = StreamLockClient.builder(link.uri()).build()) {
            SimpleLock lock =
                    new CoordinatorLockProvider(cutOff).lock(times(LONG)).orElseThrow();
            link.set(Link.State.REFUSE);
            assertThatThrownBy(() -> lock.extend(LONG, Duration.ZERO))
                    .isInstanceOf(CoordinatorUnavailableException.class);
            link.heal();
            lock.extend(LONG, Duration.ZERO).orElseThrow().unlock();
            assertThat(isFree()).isTrue();
        }
    }
}

package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.streamlocks.client.LeaseCalls.LeaseKey;
import io.streamlocks.client.LeaseCalls.Release;
import io.streamlocks.client.Unreleased.UnderWay;
import io.streamlocks.testkit.rig.Logback;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/** Tests the last tries of releases, against calls that a test scripts. No test may wait for a time-out. */
@Timeout(60)
@Isolated
class BackgroundReleasesTest {

    private static final Logger LOG = Logback.logger("io.streamlocks.client");
    private static final Duration LONG = Duration.ofHours(1);

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final List<List<LeaseKey>> released = new ArrayList<>();

    @BeforeEach
    void captureLog() {
        log.start();
        LOG.addAppender(log);
    }

    @AfterEach
    void endCapture() {
        LOG.detachAppender(log);
    }

    /** Returns releases whose thread has ended, so that only the last tries release. */
    private BackgroundReleases closed(Function<List<LeaseKey>, List<Release>> answers) {
        return closed(answers, longTimes(), ClientRuntime.JVM);
    }

    private BackgroundReleases closed(
            Function<List<LeaseKey>, List<Release>> answers, Timing timing, ClientRuntime runtime) {
        BackgroundReleases releases = new BackgroundReleases(calls(answers), timing, runtime);
        releases.close();
        return releases;
    }

    /** Returns times without a ttl: the coordinator chooses the length of leases. */
    private static Timing timesOfServer() {
        return new Timing(Optional.empty(), Optional.empty(), Optional.empty(), LONG);
    }

    private static Timing longTimes() {
        return new Timing(Optional.of(LONG), Optional.empty(), Optional.of(LONG), LONG);
    }

    private LeaseCalls calls(Function<List<LeaseKey>, List<Release>> answers) {
        return new NoAcquires(ClientRuntime.JVM) {
            @Override
            List<Release> releaseAll(List<LeaseKey> keys) {
                released.add(keys);
                return answers.apply(keys);
            }
        };
    }

    private static List<Release> all(List<LeaseKey> keys, Release answer) {
        return keys.stream().map(key -> answer).toList();
    }

    private static LeaseKey key(String stream) {
        return new LeaseKey(stream, UUID.randomUUID());
    }

    private List<String> lines() {
        return log.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    @Test
    void aRefusedCallIsNotRepeatedAndTheNextOneIsMade() {
        BackgroundReleases releases = closed(keys -> {
            if (released.size() == 1) {
                throw new CoordinatorRefusedException("forbidden", 403, Optional.empty(), Optional.empty());
            }
            return all(keys, new Release.Released());
        });
        IntStream.range(0, ContractLimits.MAX_BATCH + 1)
                .forEach(i -> releases.add(key("s" + i), LONG, UnderWay.ACQUIRE));

        releases.releaseAtLast(LONG, () -> false);

        assertThat(released).extracting(List::size).containsExactly(ContractLimits.MAX_BATCH, 1);
        assertThat(lines()).anySatisfy(line -> assertThat(line)
                .startsWith("1000 leases stay held for up to ")
                .contains("forbidden"));
    }

    @Test
    void aRefusedItemIsNotRepeated() {
        BackgroundReleases releases = closed(keys -> all(
                keys,
                new Release.Unknown(
                        new CoordinatorRefusedException("forbidden", 403, Optional.empty(), Optional.empty()))));
        releases.add(key("orders"), LONG, UnderWay.ACQUIRE);

        releases.releaseAtLast(LONG, () -> false);

        assertThat(released).hasSize(1);
        assertThat(lines()).anySatisfy(line -> assertThat(line)
                .startsWith("1 leases stay held for up to ")
                .contains("orders"));
    }

    @Test
    void aReleaseOfAnotherThreadIsWaitedForAndRepeatedIfItFails() {
        BackgroundReleases releases = closed(keys -> all(keys, new Release.Released()));
        AtomicInteger asked = new AtomicInteger();

        releases.releaseAtLast(LONG, () -> {
            if (asked.incrementAndGet() == 2) {
                releases.add(key("orders"), LONG, UnderWay.ACQUIRE);
            }
            return asked.get() < 2;
        });

        assertThat(released).extracting(List::size).containsExactly(1);
        assertThat(lines()).isEmpty();
    }

    /** The acquire was cut off, and arrives after the first release. */
    @Test
    void aLeaseWithoutATraceIsReleasedAgainIfItsAcquireMayBeOnItsWay() {
        BackgroundReleases releases = closed(keys ->
                all(keys, released.size() == 1 ? new Release.Lost(LossReason.UNKNOWN) : new Release.Released()));
        releases.add(key("orders"), LONG, UnderWay.ACQUIRE);

        releases.releaseAtLast(LONG, () -> false);

        assertThat(released).hasSize(2);
        assertThat(lines()).isEmpty();
    }

    /** Many waits end in short order, and their calls are still on their way. The pause must not grow with each of them. */
    @Test
    void aLeaseIsReleasedAgainWithinMomentsHoweverOftenEarlierOnesHadNoTrace() {
        Queue<LeaseKey> tried = new ConcurrentLinkedQueue<>();
        BackgroundReleases releases = new BackgroundReleases(
                calls(keys -> {
                    tried.addAll(keys);
                    return all(keys, new Release.Lost(LossReason.UNKNOWN));
                }),
                longTimes(),
                ClientRuntime.JVM);
        try {
            for (int i = 0; i < 40; i++) {
                LeaseKey key = key("s" + i);
                releases.add(key, LONG, UnderWay.ACQUIRE);
                await().pollInterval(Duration.ofMillis(5)).until(() -> tried.contains(key));
            }
            LeaseKey latest = List.copyOf(tried).get(tried.size() - 1);
            int before = Collections.frequency(tried, latest);
            await().atMost(Duration.ofSeconds(20)).until(() -> Collections.frequency(tried, latest) > before);
        } finally {
            releases.close();
        }
    }

    /** The first release removed the place of an earlier call. The call that was cut off is granted after it. */
    @Test
    void aPlaceIsReleasedAgainIfALaterCallOfItMayBeOnItsWay() {
        ManualRuntime runtime = new ManualRuntime();
        BackgroundReleases releases = closed(keys -> all(keys, new Release.Released()), longTimes(), runtime);
        releases.add(key("orders"), LONG, UnderWay.REPEATED_WAIT);

        assertThat(releases.releaseOnce()).isFalse();
        assertThat(releases.releaseOnce()).isFalse();
        // A call that has not arrived by then hardly ever does, so closing does not wait for it any longer.
        runtime.pass(Duration.ofSeconds(2));
        assertThat(releases.releaseOnce()).isTrue();

        assertThat(released).hasSize(3);
        assertThat(lines()).isEmpty();
    }

    @Test
    void aPlaceWithoutATraceIsReleasedOnce() {
        BackgroundReleases releases = closed(keys -> all(keys, new Release.Lost(LossReason.UNKNOWN)));
        releases.add(key("orders"), LONG, UnderWay.NOTHING);

        releases.releaseAtLast(LONG, () -> false);

        assertThat(released).hasSize(1);
        assertThat(lines()).isEmpty();
    }

    @Test
    void aLeaseThatComesAfterTheLastTryIsLoggedAsHeld() {
        BackgroundReleases releases =
                closed(keys -> all(keys, new Release.Released()), longTimes(), new ManualRuntime());
        releases.releaseAtLast(LONG, () -> false);

        releases.add(key("orders"), LONG, UnderWay.ACQUIRE);

        assertThat(released).isEmpty();
        assertThat(lines()).singleElement().satisfies(line -> assertThat(line)
                .startsWith("1 leases stay held for up to 3600000 ms")
                .contains("orders"));
    }

    @Test
    void aLeaseIsReleasedUntilItMustHaveRunOut() {
        ManualRuntime runtime = new ManualRuntime();
        BackgroundReleases releases = closed(
                keys -> all(keys, new Release.Unknown(new RuntimeException("no answer"))), timesOfServer(), runtime);
        releases.add(key("orders"), ContractLimits.MAX_TTL, UnderWay.ACQUIRE);

        runtime.pass(ContractLimits.MAX_TTL.minusSeconds(1));
        assertThat(releases.releaseOnce()).isFalse();
        assertThat(released).hasSize(1);
        assertThat(lines()).isEmpty();

        runtime.pass(Duration.ofSeconds(1));
        assertThat(releases.releaseOnce()).isTrue();
        assertThat(released).hasSize(1);
        assertThat(lines()).singleElement().satisfies(line -> assertThat(line)
                .startsWith("1 leases have run out, because no release of them had an answer: orders"));
    }

    @Test
    void aLeaseWithoutATraceIsReleasedOnlyAsLongAsTheLeasesGrantedSoFar() {
        ManualRuntime runtime = new ManualRuntime();
        Timing timing = timesOfServer();
        timing.held(Duration.ofSeconds(10));
        BackgroundReleases releases = closed(keys -> all(keys, new Release.Lost(LossReason.UNKNOWN)), timing, runtime);
        releases.add(key("orders"), LONG, UnderWay.ACQUIRE);

        runtime.pass(Duration.ofSeconds(9));
        releases.releaseOnce();
        runtime.pass(Duration.ofSeconds(1));
        releases.releaseOnce();
        releases.releaseOnce();

        assertThat(released).hasSize(2);
        assertThat(lines()).isEmpty();
    }

    @Test
    void aLeaseThatHadNoTraceIsStillReleasedIfLaterReleasesHaveNoAnswer() {
        ManualRuntime runtime = new ManualRuntime();
        BackgroundReleases releases = closed(
                keys -> all(
                        keys,
                        released.size() == 1
                                ? new Release.Lost(LossReason.UNKNOWN)
                                : new Release.Unknown(new RuntimeException("no answer"))),
                timesOfServer(),
                runtime);
        releases.add(key("orders"), LONG, UnderWay.ACQUIRE);
        releases.releaseOnce();

        runtime.pass(Duration.ofMinutes(1));
        releases.releaseOnce();
        releases.releaseOnce();

        assertThat(released).hasSize(3);
    }

    @Test
    void aLeaseThatIsOneTooManyStaysHeldAndTheFirstIsLogged() {
        BackgroundReleases releases = closed(
                keys -> all(keys, new Release.Unknown(new RuntimeException("no answer"))),
                timesOfServer(),
                new ManualRuntime());
        IntStream.range(0, Unreleased.MAX + 2).forEach(i -> releases.add(key("s" + i), LONG, UnderWay.ACQUIRE));
        assertThat(lines())
                .singleElement()
                .asString()
                .startsWith(Unreleased.MAX + " releases have no answer")
                .contains("until they run out: s" + Unreleased.MAX + ";");

        releases.releaseOnce();

        assertThat(released.get(0)).hasSize(ContractLimits.MAX_BATCH);
    }

    @Test
    void theFirstStreamsByNameAreNamed() {
        assertThat(BackgroundReleases.named(
                        IntStream.range(0, 22).mapToObj(i -> "s" + (31 - i)).toList()))
                .startsWith("s10, s11, ")
                .endsWith(", s29 and 2 more");
    }

    @Test
    void theReasonOfABreakIsOneLineInTheLog() {
        new Notices(List.of(), Runnable::run, ClientRuntime.JVM)
                .tellLoss(new LeaseLoss("orders", 7, LossReason.BROKEN, Optional.of("a\nb\u2028c\u2029d\u0007e")));
        assertThat(lines()).containsExactly("The lease of stream orders is lost, fencing token 7: BROKEN, a b c d e");
    }
}

package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The lengths of time of a client follow from its settings, or from the leases that it is granted. */
class TimingTest {

    private static final Duration ACQUIRE_TIMEOUT = Duration.ofSeconds(5);

    private static Timing of(Optional<Duration> ttl, Optional<Duration> heartbeat, Optional<Duration> request) {
        return new Timing(ttl, heartbeat, request, ACQUIRE_TIMEOUT);
    }

    private static Timing ofServer() {
        return of(Optional.empty(), Optional.empty(), Optional.empty());
    }

    private static Duration seconds(int seconds) {
        return Duration.ofSeconds(seconds);
    }

    @Test
    void allTimesFollowFromTheTtlThatIsSet() {
        Timing timing = of(Optional.of(seconds(12)), Optional.empty(), Optional.empty());
        assertThat(timing.held(seconds(12))).isFalse();
        timing.adapt(() -> Optional.of(seconds(12)));
        assertThat(timing.interval()).isEqualTo(seconds(4));
        assertThat(timing.requestTimeout()).isEqualTo(seconds(3));
        assertThat(timing.longestLease()).isEqualTo(seconds(12));
    }

    @Test
    void aLeaseWithATtlOfItsOwnMakesTheHeartbeatFasterWhileItIsHeld() {
        Timing timing = of(Optional.of(seconds(30)), Optional.empty(), Optional.empty());
        assertThat(timing.held(seconds(30))).isFalse();
        assertThat(timing.held(seconds(3))).isTrue();
        assertThat(timing.interval()).isEqualTo(seconds(1));
        assertThat(timing.requestTimeout()).isEqualTo(Duration.ofMillis(750));
        assertThat(timing.held(seconds(30))).isFalse();
        timing.adapt(() -> Optional.of(seconds(3)));
        assertThat(timing.interval()).isEqualTo(seconds(1));
        timing.adapt(() -> Optional.of(seconds(30)));
        assertThat(timing.interval()).isEqualTo(seconds(10));
        assertThat(timing.requestTimeout()).isEqualTo(seconds(5));
    }

    @Test
    void theTtlOfTheClientHoldsAgainWhenNoLeaseIsHeld() {
        Timing timing = of(Optional.of(seconds(30)), Optional.empty(), Optional.empty());
        timing.held(seconds(3));
        timing.adapt(Optional::empty);
        assertThat(timing.interval()).isEqualTo(seconds(10));
        assertThat(timing.longestLease()).isEqualTo(seconds(30));
    }

    @Test
    void aLongLeaseBesideTheTtlOfTheClientIsTheLongest() {
        Timing timing = of(Optional.of(seconds(30)), Optional.empty(), Optional.empty());
        timing.held(seconds(60));
        assertThat(timing.longestLease()).isEqualTo(seconds(60));
        assertThat(timing.interval()).isEqualTo(seconds(10));
    }

    @Test
    void anIntervalThatIsSetDoesNotLoseALeaseWithATtlOfItsOwn() {
        Timing timing = of(Optional.of(seconds(30)), Optional.of(seconds(9)), Optional.empty());
        timing.held(seconds(3));
        assertThat(timing.interval()).isEqualTo(seconds(1));
    }

    @Test
    void anAcquireOfAShortLeaseWaitsNoLongerThanTheLeaseAllows() {
        Timing timing = of(Optional.of(seconds(30)), Optional.empty(), Optional.empty());
        timing.asks(seconds(2));
        timing.asks(seconds(2));
        timing.asks(seconds(60));
        assertThat(timing.acquireTryTimeout(1)).isEqualTo(Duration.ofMillis(500));
        assertThat(timing.interval()).isEqualTo(seconds(10));
        timing.answered(seconds(2));
        assertThat(timing.acquireTryTimeout(1)).isEqualTo(Duration.ofMillis(500));
        timing.answered(seconds(2));
        timing.answered(seconds(60));
        assertThat(timing.acquireTryTimeout(1)).isEqualTo(seconds(5));
    }

    @Test
    void anAcquireOfAShortLeaseDoesNotShortenOtherRequests() {
        Timing timing = of(Optional.of(seconds(30)), Optional.empty(), Optional.empty());
        timing.asks(seconds(1));
        assertThat(timing.requestTimeout()).isEqualTo(seconds(5));
    }

    @Test
    void aRequestTimeoutThatIsSetHoldsForAnAcquireOfAShortLease() {
        Timing timing = of(Optional.of(seconds(30)), Optional.empty(), Optional.of(seconds(3)));
        timing.asks(seconds(1));
        assertThat(timing.acquireTryTimeout(1)).isEqualTo(seconds(3));
    }

    private static Duration tryTimeout(long acquireMillis, long requestMillis) {
        Optional<Duration> request = Optional.of(Duration.ofMillis(requestMillis));
        return new Timing(Optional.empty(), Optional.empty(), request, Duration.ofMillis(acquireMillis))
                .acquireTryTimeout(2);
    }

    @Test
    void oneTryOfAnAcquireAtSeveralServersGetsAPartOfItsTime() {
        assertThat(tryTimeout(6000, 5000)).isEqualTo(seconds(2));
        assertThat(tryTimeout(6000, 1000)).isEqualTo(seconds(1));
        // A share of less than a millisecond would be no time-out at all.
        assertThat(tryTimeout(2, 5000)).isEqualTo(Duration.ofMillis(100));
        assertThat(tryTimeout(2, 50)).isEqualTo(Duration.ofMillis(50));
        Timing least =
                new Timing(Optional.empty(), Optional.empty(), Optional.of(Duration.ofNanos(1)), Duration.ofMillis(2));
        assertThat(least.acquireTryTimeout(1)).isEqualTo(Duration.ofMillis(1));
        assertThat(least.acquireTryTimeout(2)).isEqualTo(Duration.ofMillis(1));
    }

    @Test
    void aLeaseWhoseGrantHadNoAnswerCanLastAsLongAsTheContractAllowsIfNoTtlIsSet() {
        LeaseTerms ofServer = new LeaseTerms(new Owner("test", Map.of()), Optional.empty(), true);
        assertThat(ofServer.longestPossible()).isEqualTo(ContractLimits.MAX_TTL);
        LeaseTerms own = ofServer.with(AcquireOptions.defaults().withTtl(seconds(2)));
        assertThat(own.longestPossible()).isEqualTo(seconds(2));
    }

    @Test
    void allTimesFollowFromTheFirstGrantIfNoTtlIsSet() {
        Timing timing = ofServer();
        assertThat(timing.ttl()).isEmpty();
        assertThat(timing.requestTimeout()).isEqualTo(seconds(5));
        assertThat(timing.held(seconds(120))).isFalse();
        assertThat(timing.interval()).isEqualTo(seconds(40));
        assertThat(timing.requestTimeout()).isEqualTo(seconds(5));
        assertThat(timing.longestLease()).isEqualTo(seconds(120));
    }

    @Test
    void aGrantThatIsShorterThanThoseBeforeMakesTheHeartbeatFaster() {
        Timing timing = ofServer();
        assertThat(timing.held(seconds(6))).isTrue();
        assertThat(timing.interval()).isEqualTo(seconds(2));
        assertThat(timing.held(seconds(6))).isFalse();
        assertThat(timing.held(seconds(60))).isFalse();
        assertThat(timing.interval()).isEqualTo(seconds(2));
        assertThat(timing.held(seconds(3))).isTrue();
        assertThat(timing.interval()).isEqualTo(seconds(1));
        assertThat(timing.requestTimeout()).isEqualTo(Duration.ofMillis(750));
        assertThat(timing.longestLease()).isEqualTo(seconds(60));
    }

    @Test
    void theHeartbeatIsSlowerAgainWhenTheShortLeasesHaveEnded() {
        Timing timing = ofServer();
        timing.held(seconds(3));
        timing.held(seconds(60));
        timing.adapt(() -> Optional.of(seconds(60)));
        assertThat(timing.interval()).isEqualTo(seconds(20));
        timing.adapt(Optional::empty);
        assertThat(timing.interval()).isEqualTo(seconds(20));
    }

    @Test
    void anIntervalThatIsSetHoldsUnlessEveryLeaseWouldBeLost() {
        Timing timing = of(Optional.empty(), Optional.of(seconds(9)), Optional.of(seconds(20)));
        timing.held(seconds(12));
        assertThat(timing.interval()).isEqualTo(seconds(9));
        timing.held(seconds(10));
        assertThat(timing.interval()).isEqualTo(seconds(10).dividedBy(3));
        assertThat(timing.requestTimeout()).isEqualTo(seconds(20));
    }
}

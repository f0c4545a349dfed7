package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
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

    private static LeaseCalls.Grant grant(int lengthSeconds) {
        return new LeaseCalls.Grant(1, seconds(lengthSeconds), seconds(1), Duration.ZERO);
    }

    private static Duration seconds(int seconds) {
        return Duration.ofSeconds(seconds);
    }

    @Test
    void allTimesFollowFromTheTtlThatIsSet() {
        Timing timing = of(Optional.of(seconds(12)), Optional.empty(), Optional.empty());
        assertThat(timing.held(seconds(60))).isFalse();
        timing.adapt(() -> Optional.of(seconds(60)));
        assertThat(timing.lengthOf(grant(60))).isEqualTo(seconds(12));
        assertThat(timing.interval()).isEqualTo(seconds(4));
        assertThat(timing.requestTimeout()).isEqualTo(seconds(3));
        assertThat(timing.longestLease()).isEqualTo(seconds(12));
        assertThat(timing.longestPossibleLease()).isEqualTo(seconds(12));
    }

    @Test
    void aLeaseWhoseGrantHadNoAnswerCanLastAsLongAsTheContractAllowsIfNoTtlIsSet() {
        Timing timing = ofServer();
        assertThat(timing.longestPossibleLease()).isEqualTo(ContractLimits.MAX_TTL);
        timing.held(seconds(6));
        assertThat(timing.longestPossibleLease()).isEqualTo(ContractLimits.MAX_TTL);
    }

    @Test
    void allTimesFollowFromTheFirstGrantIfNoTtlIsSet() {
        Timing timing = ofServer();
        assertThat(timing.ttl()).isEmpty();
        assertThat(timing.requestTimeout()).isEqualTo(seconds(5));
        assertThat(timing.lengthOf(grant(120))).isEqualTo(seconds(120));
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

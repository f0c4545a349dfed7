package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/**
 * Tests timelines: the outcomes at given seconds, and what becomes of the lease. It is safe until second 27 at first.
 */
class LeaseStateTest {

    private final LeaseState state = new LeaseState(at(27));

    @Test
    void itIsSafeUntilItsMomentAndNotAtIt() {
        assertThat(state.isSafe(at(0))).isTrue();
        assertThat(state.isSafe(at(27) - 1)).isTrue();
        assertThat(state.isSafe(at(27))).isFalse();
    }

    @Test
    void aConfirmedRenewalMovesTheMoment() {
        assertThat(state.feed(renewedUntil(37), at(10))).isEmpty();
        assertThat(state.isSafe(at(36))).isTrue();
        assertThat(state.feed(unknown(), at(37))).contains(LossReason.UNCONFIRMED);
    }

    @Test
    void silenceIsNotALossBeforeTheMoment() {
        for (int second = 1; second < 27; second++) {
            assertThat(state.feed(unknown(), at(second))).isEmpty();
        }
        assertThat(state.isSafe(at(26))).isTrue();
    }

    @Test
    void silenceIsALossAtTheMomentAndOnlyOnce() {
        assertThat(state.feed(unknown(), at(27))).contains(LossReason.UNCONFIRMED);
        assertThat(state.feed(unknown(), at(28))).isEmpty();
        assertThat(state.isOver()).isTrue();
    }

    @Test
    void aRenewalAfterSilenceSavesTheLease() {
        state.feed(unknown(), at(10));
        state.feed(unknown(), at(20));
        assertThat(state.feed(renewedUntil(53), at(26))).isEmpty();
        assertThat(state.isSafe(at(52))).isTrue();
    }

    @Test
    void aConfirmationAfterTheMomentComesTooLate() {
        // The process was suspended with the answer in its socket. The holder may have looked at the lease in between.
        assertThat(state.feed(renewedUntil(60), at(40))).contains(LossReason.UNCONFIRMED);
        assertThat(state.isSafe(at(41))).isFalse();
    }

    @Test
    void anAnswerThatWasOvertakenDoesNotMoveTheMomentBack() {
        state.feed(renewedUntil(47), at(20));
        state.feed(renewedUntil(37), at(21));
        assertThat(state.safeUntilNanos()).isEqualTo(at(47));
    }

    @Test
    void aReportedLossEndsTheLeaseAtOnce() {
        assertThat(state.feed(new BeatOutcome.Lost(LossReason.SUPERSEDED), at(1)))
                .contains(LossReason.SUPERSEDED);
        assertThat(state.isSafe(at(2))).isFalse();
    }

    @Test
    void aReportedLossAfterTheMomentHasTheBetterReason() {
        assertThat(state.feed(new BeatOutcome.Lost(LossReason.EXPIRED), at(31))).contains(LossReason.EXPIRED);
    }

    @Test
    void aLostLeaseStaysLost() {
        state.feed(new BeatOutcome.Lost(LossReason.BROKEN), at(1));
        assertThat(state.feed(renewedUntil(60), at(2))).isEmpty();
        assertThat(state.feed(new BeatOutcome.Lost(LossReason.EXPIRED), at(3))).isEmpty();
        assertThat(state.isSafe(at(4))).isFalse();
        assertThat(state.close()).isFalse();
    }

    @Test
    void aClosedLeaseIsNeverLost() {
        assertThat(state.close()).isTrue();
        assertThat(state.close()).isFalse();
        assertThat(state.feed(new BeatOutcome.Lost(LossReason.RELEASED), at(1))).isEmpty();
        assertThat(state.feed(unknown(), at(60))).isEmpty();
        assertThat(state.isSafe(at(1))).isFalse();
    }

    @Test
    void theClockMayWrapAround() {
        LeaseState wrapping = new LeaseState(Long.MAX_VALUE + 10);
        assertThat(wrapping.isSafe(Long.MAX_VALUE)).isTrue();
        assertThat(wrapping.isSafe(Long.MIN_VALUE)).isTrue();
        assertThat(wrapping.isSafe(Long.MIN_VALUE + 9)).isFalse();
    }

    private static BeatOutcome renewedUntil(int second) {
        return new BeatOutcome.Renewed(at(second));
    }

    private static BeatOutcome unknown() {
        return new BeatOutcome.Unknown();
    }

    private static long at(int second) {
        // The start of a monotonic clock means nothing, so this one starts anywhere.
        return 4711L + Duration.ofSeconds(second).toNanos();
    }
}

package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.client.LeaseLength.Sending;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Tests what answers count for whose order at the coordinator is unknown. */
class LeaseLengthTest {

    private static final Duration GRANTED = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofSeconds(5);
    private static final Duration LONG = Duration.ofSeconds(60);

    private final LeaseLength length = new LeaseLength(GRANTED);

    @Test
    void anAnswerCountsInFullIfNothingElseIsUnderWay() {
        Sending renewal = length.renews();
        assertThat(length.bounded(renewal, GRANTED)).isEqualTo(GRANTED);
        Sending extension = length.extend(LONG);
        assertThat(length.bounded(extension, LONG)).isEqualTo(LONG);
        length.extended(extension, LONG, true);
        assertThat(length.bounded(length.renews(), LONG)).isEqualTo(LONG);
        assertThat(length.shortest()).isEqualTo(LONG);
    }

    @Test
    void anAnswerSetsTheLengthIfNothingElseIsUnderWay() {
        Sending extension = length.extend(LONG);
        length.extended(extension, LONG, true);
        // A fail-over has lost the extension.
        length.confirmed(length.renews(), GRANTED);
        assertThat(length.shortest()).isEqualTo(GRANTED);
        length.confirmed(length.renews(), Duration.ofMillis(1));
        assertThat(length.shortest()).isEqualTo(ContractLimits.MIN_TTL);
        Sending renewal = length.renews();
        length.extended(length.extend(SHORT), SHORT, true);
        length.confirmed(renewal, GRANTED);
        assertThat(length.shortest()).isEqualTo(SHORT);
    }

    @Test
    void aRenewalThatAnExtensionOvertakesCountsForNoMoreThanTheExtension() {
        Sending renewal = length.renews();
        Sending extension = length.extend(SHORT);
        length.extended(extension, SHORT, true);
        // The coordinator may have renewed first, so that the lease ends earlier than this answer says.
        assertThat(length.bounded(renewal, GRANTED)).isEqualTo(SHORT);
        assertThat(length.bounded(length.renews(), SHORT)).isEqualTo(SHORT);
    }

    @Test
    void aRenewalThatBeginsDuringAnExtensionCountsForNoMoreThanTheExtension() {
        Sending extension = length.extend(SHORT);
        Sending renewal = length.renews();
        assertThat(length.shortest()).isEqualTo(SHORT);
        length.extended(extension, SHORT, true);
        assertThat(length.bounded(renewal, GRANTED)).isEqualTo(SHORT);
    }

    @Test
    void anExtensionWithoutAnAnswerLimitsAllThatFollows() {
        Sending extension = length.extend(SHORT);
        length.extended(extension, SHORT, false);
        // It can arrive at any later time, also after this renewal.
        assertThat(length.bounded(length.renews(), GRANTED)).isEqualTo(SHORT);
        assertThat(length.shortest()).isEqualTo(SHORT);
        Sending next = length.extend(LONG);
        assertThat(length.bounded(next, LONG)).isEqualTo(SHORT);
        length.extended(next, LONG, true);
        assertThat(length.bounded(length.renews(), LONG)).isEqualTo(SHORT);
        assertThat(length.longest()).isEqualTo(LONG);
    }

    @Test
    void ofTwoExtensionsAtTheSameTimeTheShorterCounts() {
        Sending one = length.extend(LONG);
        Sending other = length.extend(SHORT);
        length.extended(one, LONG, true);
        assertThat(length.bounded(one, LONG)).isEqualTo(SHORT);
        length.extended(other, SHORT, true);
        assertThat(length.bounded(other, SHORT)).isEqualTo(SHORT);
        assertThat(length.shortest()).isEqualTo(SHORT);
        assertThat(length.longest()).isEqualTo(LONG);
    }

    @Test
    void anExtensionWithoutAnAnswerThatAsksForMoreLimitsNothing() {
        Sending extension = length.extend(LONG);
        length.extended(extension, LONG, false);
        assertThat(length.bounded(length.renews(), GRANTED)).isEqualTo(GRANTED);
        assertThat(length.shortest()).isEqualTo(GRANTED);
        assertThat(length.longest()).isEqualTo(LONG);
    }
}

package io.streamlocks.coordinator.lock.waiting;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** When calls end. */
class DeadlinesTest {

    private final ManualTime time = new ManualTime();
    private final List<WaitingCall> ended = new ArrayList<>();

    private Deadlines deadlines(Consumer<WaitingCall> onTime) {
        return new Deadlines(time::nanoTime, time, onTime);
    }

    private WaitingCall call(int ms) {
        long now = time.nanoTime();
        return new WaitingCall("caller", now, now + Duration.ofMillis(ms).toNanos());
    }

    @Test
    void callsEndInTheOrderOfTheirTimesHoweverTheyWereAdded() {
        Deadlines deadlines = deadlines(ended::add);
        WaitingCall late = call(9_000);
        WaitingCall early = call(2_000);
        WaitingCall between = call(5_000);
        List.of(late, early, between).forEach(deadlines::add);
        time.pass(Duration.ofMillis(2_001));
        assertThat(ended).containsExactly(early);
        time.pass(Duration.ofMillis(3_000));
        assertThat(ended).containsExactly(early, between);
        time.pass(Duration.ofMillis(4_000));
        assertThat(ended).containsExactly(early, between, late);
        assertThat(deadlines.isEmpty()).isTrue();
    }

    @Test
    void aCallThatIsRemovedDoesNotEndAndTheOthersDo() {
        Deadlines deadlines = deadlines(ended::add);
        WaitingCall removed = call(1_000);
        WaitingCall stays = call(1_000);
        deadlines.add(removed);
        deadlines.add(stays);
        deadlines.remove(removed);
        time.pass(Duration.ofSeconds(2));
        assertThat(ended).containsExactly(stays);
    }

    @Test
    void oneTimerServesAllCalls() {
        Deadlines deadlines = deadlines(ended::add);
        for (int i = 0; i < 1_000; i++) {
            deadlines.add(call(5_000 + i));
        }
        assertThat(time.timers()).isEqualTo(1);
    }

    @Test
    void aCallWhoseEndFailsFailsAloneAndTheOthersEnd() {
        WaitingCall broken = call(1_000);
        Deadlines deadlines = deadlines(call -> {
            if (call == broken) {
                throw new StackOverflowError("It is broken");
            }
            ended.add(call);
        });
        WaitingCall same = new WaitingCall("caller", broken.arrivedNanos(), broken.untilNanos());
        WaitingCall later = call(3_000);
        List.of(broken, same, later).forEach(deadlines::add);
        time.pass(Duration.ofSeconds(4));
        assertThat(broken.outcomes()).isCompletedExceptionally();
        assertThat(ended).containsExactly(same, later);
    }
}

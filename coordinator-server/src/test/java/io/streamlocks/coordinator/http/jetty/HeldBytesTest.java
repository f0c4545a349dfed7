package io.streamlocks.coordinator.http.jetty;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HeldBytesTest {

    private final HeldBytes held = new HeldBytes(1000);

    @Test
    void aCallerHoldsThreeQuartersOfWhatTheOthersLeave() {
        assertThat(held.grow("a", 0, 400)).isTrue();
        assertThat(held.grow("a", 0, 350)).isTrue();
        assertThat(held.grow("a", 0, 1)).isFalse();
        // Others have left 250.
        assertThat(held.grow("b", 0, 100)).isTrue();
        assertThat(held.grow("b", 0, 80)).isTrue();
        assertThat(held.grow("b", 0, 10)).isFalse();
        held.giveBack("a", 350);
        assertThat(held.grow("b", 0, 10)).isTrue();
    }

    @Test
    void theOnlyOneOfACallerMayBeLargerAndGrow() {
        assertThat(held.grow("a", 0, 200)).isTrue();
        assertThat(held.grow("a", 200, 900)).isTrue();
        assertThat(held.grow("a", 0, 1)).isFalse();
        assertThat(held.grow("b", 0, 101)).isFalse();
        assertThat(held.grow("b", 0, 100)).isTrue();
        held.giveBack("a", 900);
        assertThat(held.grow("a", 0, 900)).isTrue();
    }

    @Test
    void allTogetherHoldNoMoreThanThereIs() {
        for (String caller : new String[] {"a", "b", "c", "d"}) {
            assertThat(held.grow(caller, 0, 250)).isTrue();
        }
        assertThat(held.grow("e", 0, 1)).isFalse();
        held.giveBack("a", 250);
        assertThat(held.grow("e", 0, 250)).isTrue();
    }
}

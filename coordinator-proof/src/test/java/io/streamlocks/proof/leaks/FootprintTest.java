package io.streamlocks.proof.leaks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FootprintTest {

    private static final Footprint BEFORE = new Footprint(50, 60, 30_000_000);

    @Test
    void aProcessThatSettlesHasNotGrown() {
        assertThat(new Footprint(55, 65, 33_000_000).growthSince(BEFORE)).isEmpty();
    }

    @Test
    void threadsAndFilesAndHeapThatGrowAreFound() {
        assertThat(new Footprint(250, 60, 30_000_000).growthSince(BEFORE))
                .containsExactly("the threads have grown from 50 to 250");
        assertThat(new Footprint(50, 260, 30_000_000).growthSince(BEFORE))
                .containsExactly("the open files have grown from 60 to 260");
        assertThat(new Footprint(50, 60, 60_000_000).growthSince(BEFORE))
                .containsExactly("the heap has grown from 30000000 to 60000000 bytes");
    }

    @Test
    void aProcessOfThisMachineIsMeasured() throws Exception {
        Footprint own = Footprint.of(ProcessHandle.current().pid());

        assertThat(own.threads()).isPositive();
        assertThat(own.files()).isPositive();
        assertThat(own.heapBytes()).isPositive();
    }
}

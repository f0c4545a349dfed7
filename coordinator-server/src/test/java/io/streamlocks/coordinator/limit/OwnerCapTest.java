package io.streamlocks.coordinator.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class OwnerCapTest {

    private static final String STREAM = "orders";

    private final Map<String, Long> storage = new HashMap<>();
    private Runnable duringCensus = () -> {};
    private final OwnerCap cap = new OwnerCap(2, () -> {
        Map<String, Long> counted = Map.copyOf(storage);
        duringCensus.run();
        return counted;
    });

    private UUID grant(String ownerId) {
        UUID leaseId = UUID.randomUUID();
        assertThat(cap.admit(ownerId, STREAM, leaseId)).isTrue();
        cap.granted(ownerId, STREAM, leaseId);
        storage.merge(ownerId, 1L, Long::sum);
        return leaseId;
    }

    private void release(String ownerId, UUID leaseId) {
        storage.merge(ownerId, -1L, Long::sum);
        cap.released(STREAM, leaseId);
    }

    private boolean isFull(String ownerId) {
        UUID leaseId = UUID.randomUUID();
        boolean admitted = cap.admit(ownerId, STREAM, leaseId);
        if (admitted) {
            cap.notGranted(ownerId);
        }
        return !admitted;
    }

    @Test
    void grantsAndReleasesOfThisServerCountAtOnce() {
        grant("a");
        UUID second = grant("a");
        assertThat(isFull("a")).isTrue();
        assertThat(isFull("b")).isFalse();
        release("a", second);
        assertThat(isFull("a")).isFalse();
    }

    @Test
    void anAdmittedRequestCountsUntilItIsRejected() {
        UUID first = UUID.randomUUID();
        assertThat(cap.admit("a", STREAM, first)).isTrue();
        assertThat(cap.admit("a", STREAM, UUID.randomUUID())).isTrue();
        assertThat(cap.admit("a", STREAM, UUID.randomUUID())).isFalse();
        cap.notGranted("a");
        assertThat(cap.admit("a", STREAM, UUID.randomUUID())).isTrue();
    }

    @Test
    void grantsOfOtherServersCountFromTheNextCensus() {
        storage.put("a", 2L);
        assertThat(isFull("a")).isFalse();
        cap.refresh();
        assertThat(isFull("a")).isTrue();
        storage.remove("a");
        cap.refresh();
        assertThat(isFull("a")).isFalse();
    }

    @Test
    void leasesInTheCensusDoNotCountTwice() {
        grant("a");
        cap.refresh();
        assertThat(isFull("a")).isFalse();
        grant("a");
        assertThat(isFull("a")).isTrue();
        cap.refresh();
        assertThat(isFull("a")).isTrue();
    }

    @Test
    void aLeaseThatTheCensusCountedMakesRoomWhenItIsReleased() {
        UUID first = grant("a");
        grant("a");
        cap.refresh();
        release("a", first);
        assertThat(isFull("a")).isFalse();
    }

    @Test
    void changesDuringACensusAreNotForgotten() {
        duringCensus = () -> grant("a");
        cap.refresh();
        duringCensus = () -> {};
        grant("a");
        assertThat(isFull("a")).isTrue();
    }

    @Test
    void aGrantThatTheCensusMissedIsNotForgotten() {
        UUID leaseId = UUID.randomUUID();
        assertThat(cap.admit("a", STREAM, leaseId)).isTrue();
        cap.refresh();
        assertThat(cap.admit("a", STREAM, UUID.randomUUID())).isTrue();
        assertThat(isFull("a")).isTrue();
        cap.granted("a", STREAM, leaseId);
        cap.notGranted("a");
        grant("a");
        assertThat(isFull("a")).isTrue();
    }

    @Test
    void aCensusThatFailsLeavesThePreviousOneInUse() {
        storage.put("a", 1L);
        cap.refresh();
        grant("a");
        duringCensus = () -> {
            throw new IllegalStateException("No storage");
        };
        assertThatThrownBy(cap::refresh).hasMessage("No storage");
        assertThat(isFull("a")).isTrue();
    }

    @Test
    void aLeaseCountsOnceHoweverOftenItIsRequested() {
        UUID leaseId = grant("a");
        grant("a");
        for (int i = 0; i < 3; i++) {
            assertThat(cap.admit("a", STREAM, leaseId)).isTrue();
            cap.granted("a", STREAM, leaseId);
        }
        release("a", leaseId);
        assertThat(isFull("a")).isFalse();
        grant("a");
        assertThat(isFull("a")).isTrue();
    }

    @Test
    void oneLeaseIdOnSeveralStreamsIsSeveralLeases() {
        UUID leaseId = UUID.randomUUID();
        for (String streamId : new String[] {"a", "b"}) {
            assertThat(cap.admit("worker", streamId, leaseId)).isTrue();
            cap.granted("worker", streamId, leaseId);
        }
        assertThat(cap.admit("worker", "c", leaseId)).isFalse();
        cap.released("a", leaseId);
        assertThat(cap.admit("worker", "c", leaseId)).isTrue();
    }
}

package io.streamlocks.client.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.client.HeldLease;
import io.streamlocks.client.StreamLockClient;
import io.streamlocks.client.TestServer;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests when the streams of a member are handed over, with leases whose streams have no session yet. */
@Timeout(30)
class HoldingsTest {

    private static final class Time extends SessionRuntime {
        private long nanos;

        @Override
        long nanoTime() {
            return nanos;
        }

        void pass(Duration time) {
            nanos += time.toNanos();
        }
    }

    private final MemoryLockManager storage = new MemoryLockManager(new MonotonicClock(), true);

    @AutoClose
    private final TestServer server = new TestServer(storage);

    @AutoClose
    private final StreamLockClient client =
            StreamLockClient.builder(server.uri()).ttl(Duration.ofSeconds(30)).build();

    private final Time time = new Time();
    private final StreamClaims<String> claims = new StreamClaims<>(100);
    // Nothing is awaited, so its task has nothing to do.
    private final AwaitedStreams awaited =
            new AwaitedStreams(client, claims::room, () -> Duration.ofSeconds(1), task -> {}, time);
    private final Holdings<String> holdings = new Holdings<>(client, claims, awaited, Duration.ofSeconds(5), time);

    private List<String> hold(int count) {
        List<HeldLease> leases = IntStream.range(0, count)
                .mapToObj(i -> client.tryAcquire("orders/" + i).orElseThrow())
                .toList();
        awaited.offer(leases, Duration.ofMinutes(1));
        return leases.stream().map(HeldLease::streamId).toList();
    }

    private long heldAtTheCoordinator() {
        return IntStream.range(0, 100)
                .filter(i -> storage.find("orders/" + i).isPresent())
                .count();
    }

    private long heldAfter(Duration passed) {
        time.pass(passed);
        holdings.keepTime();
        assertThat(holdings.streams()).hasSize((int) heldAtTheCoordinator());
        return heldAtTheCoordinator();
    }

    @Test
    void manyStreamsAreHandedOverAFewAtATimeWithinTheGivenTime() {
        List<String> streams = hold(14);
        holdings.handOver(streams, Duration.ofMillis(250));
        // The others are as good as handed over. Nobody may count on them.
        assertThat(holdings.waiting()).isEmpty();
        assertThat(heldAtTheCoordinator()).isEqualTo(11);
        assertThat(holdings.nanosToNext()).isEqualTo(50_000_000);
        assertThat(heldAfter(Duration.ofMillis(49))).isEqualTo(11);
        assertThat(heldAfter(Duration.ofMillis(1))).isEqualTo(8);
        assertThat(heldAfter(Duration.ofMillis(50))).isEqualTo(5);
        assertThat(heldAfter(Duration.ofMillis(50))).isEqualTo(2);
        assertThat(heldAfter(Duration.ofMillis(50))).isZero();
        assertThat(holdings.nanosToNext()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void aStepThatComesLateBeginsNoMoreThanAnother() {
        List<String> streams = hold(10);
        holdings.handOver(streams, Duration.ofMillis(250));
        assertThat(heldAfter(Duration.ofSeconds(5))).isEqualTo(6);
        assertThat(heldAfter(Duration.ofMillis(49))).isEqualTo(6);
        assertThat(heldAfter(Duration.ofMillis(1))).isEqualTo(4);
    }

    @Test
    void whatHasNotBegunIsForgottenWhenItIsDecidedAgain() {
        List<String> streams = hold(10);
        holdings.handOver(streams, Duration.ofMillis(250));
        holdings.forgetPlanned();
        assertThat(holdings.waiting()).hasSize(8);
        assertThat(heldAfter(Duration.ofSeconds(5))).isEqualTo(8);
        assertThat(holdings.nanosToNext()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void fewStreamsAreHandedOverOneAfterTheOther() {
        List<String> streams = hold(3);
        holdings.handOver(streams, Duration.ofSeconds(1));
        assertThat(heldAtTheCoordinator()).isEqualTo(2);
        assertThat(heldAfter(Duration.ofMillis(50))).isEqualTo(1);
        assertThat(heldAfter(Duration.ofMillis(50))).isZero();
    }

    @Test
    void allAreHandedOverAtOnceIfThereIsNoTimeForSteps() {
        List<String> streams = hold(5);
        holdings.handOver(streams.subList(0, 4), Duration.ofMillis(20));
        assertThat(heldAtTheCoordinator()).isEqualTo(1);
        assertThat(holdings.waiting()).containsOnlyKeys(streams.get(4));
    }

    @Test
    void aStreamThatIsNotHeldAnyMoreIsNotHandedOver() {
        List<String> streams = hold(2);
        holdings.handOver(streams, Duration.ofSeconds(1));
        HeldLease other = awaited.take(streams.get(1)).orElseThrow();
        time.pass(Duration.ofSeconds(1));
        holdings.keepTime();
        assertThat(heldAtTheCoordinator()).isEqualTo(1);
        assertThat(other.isSafe()).isTrue();
    }
}

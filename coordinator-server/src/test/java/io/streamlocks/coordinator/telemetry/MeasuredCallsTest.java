package io.streamlocks.coordinator.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.LockCalls;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import io.streamlocks.testkit.contract.ForwardingLocks;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** How acquires and releases that share a transaction are counted. */
class MeasuredCallsTest {

    private final LockManager memory = new MemoryLockManager(new MonotonicClock(), true);
    private final Telemetry telemetry = Telemetry.untraced();
    private final List<AcquireRequest> acquires =
            List.of(new AcquireRequest("orders", "alice", UUID.randomUUID(), Duration.ofSeconds(30)));
    private final List<ReleaseRequest> releases = List.of(new ReleaseRequest("payments", UUID.randomUUID()));

    @Test
    void aSharedTransactionIsAStatementOfEachKind() {
        telemetry.measured(memory).acquireAndRelease(acquires, releases);
        assertThat(statements("acquire")).isEqualTo(1);
        assertThat(statements("release")).isEqualTo(1);
        assertThat(value("streamlocks_acquires_total", Map.of("outcome", "granted")))
                .isEqualTo(1);
        assertThat(value("streamlocks_releases_total", Map.of("outcome", "lost")))
                .isEqualTo(1);
    }

    @Test
    void acquiresThatWereLeftUndecidedAreNotCounted() {
        LockManager alone = new Locks() {
            @Override
            public Outcomes acquireAndRelease(List<AcquireRequest> acquires, List<ReleaseRequest> releases) {
                return new Outcomes(List.of(new AcquireOutcome.Undecided()), release(releases));
            }
        };
        telemetry.measured(alone).acquireAndRelease(acquires, releases);
        assertThat(statements("acquire")).isZero();
        assertThat(statements("release")).isEqualTo(1);
    }

    @Test
    void aSharedTransactionThatFailsIsAFailedRelease() {
        LockManager away = new Locks() {
            @Override
            public Outcomes acquireAndRelease(List<AcquireRequest> acquires, List<ReleaseRequest> releases) {
                throw new StorageUnavailableException("away");
            }
        };
        LockCalls measured = telemetry.measured(away);
        assertThatThrownBy(() -> measured.acquireAndRelease(acquires, releases))
                .isInstanceOf(StorageUnavailableException.class);
        assertThat(value("streamlocks_statement_failures_total", Map.of("operation", "release")))
                .isEqualTo(1);
    }

    private abstract class Locks extends ForwardingLocks {
        @Override
        protected LockManager next() {
            return memory;
        }
    }

    private double statements(String operation) {
        return value("streamlocks_statement_seconds_count", Map.of("operation", operation));
    }

    private double value(String name, Map<String, String> labels) {
        return Scrape.of(new String(telemetry.scrape(), StandardCharsets.UTF_8)).value(name, labels);
    }
}

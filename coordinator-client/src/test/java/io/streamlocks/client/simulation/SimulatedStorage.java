package io.streamlocks.client.simulation;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.ForwardingLocks;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The storage behind all servers: the memory backend on a clock of its own, with statements that take time and fail before
 * or after their effect, which is at one instant. It outlives every server, as a database does.
 */
final class SimulatedStorage extends ForwardingLocks {

    private static final long FASTEST = TimeUnit.MILLISECONDS.toNanos(2);
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private final Scheduler scheduler;
    private final double rate;
    private final LeaseLedger ledger;
    private final MemoryLockManager locks;

    /** How much longer than usual a statement takes before and after its effect, each, at most. */
    long slowness;

    /** How likely a statement fails before its effect, and after it. */
    double failing;

    SimulatedStorage(Scheduler scheduler, double rate, LeaseLedger ledger) {
        this.scheduler = scheduler;
        this.rate = rate;
        this.ledger = ledger;
        this.locks = new MemoryLockManager(this::clock, false);
    }

    private Instant clock() {
        return START.plusNanos((long) (scheduler.now() * rate));
    }

    /** What its clock says, as exactly as it keeps time. */
    Instant now() {
        return clock().truncatedTo(ChronoUnit.MICROS);
    }

    @Override
    protected LockManager next() {
        return locks;
    }

    @Override
    public List<AcquireOutcome> acquire(List<AcquireRequest> requests) {
        return carryOut(() -> {
            List<AcquireOutcome> outcomes = locks.acquire(requests);
            for (int i = 0; i < requests.size(); i++) {
                ledger.acquired(requests.get(i), outcomes.get(i), now());
                tell(
                        outcomes.get(i),
                        requests.get(i).streamId(),
                        requests.get(i).ownerId());
            }
            return outcomes;
        });
    }

    @Override
    public List<RenewOutcome> renew(List<RenewRequest> requests) {
        return carryOut(() -> {
            List<RenewOutcome> outcomes = locks.renew(requests);
            for (int i = 0; i < requests.size(); i++) {
                ledger.renewed(requests.get(i), outcomes.get(i), now());
                tell(outcomes.get(i), requests.get(i).streamId());
            }
            return outcomes;
        });
    }

    @Override
    public List<ReleaseOutcome> release(List<ReleaseRequest> requests) {
        return carryOut(() -> {
            List<ReleaseOutcome> outcomes = locks.release(requests);
            for (int i = 0; i < requests.size(); i++) {
                ledger.released(requests.get(i), outcomes.get(i), now());
                tell(outcomes.get(i), requests.get(i).streamId());
            }
            return outcomes;
        });
    }

    private void tell(Object outcome, Object... details) {
        scheduler.trace().tell(scheduler.now(), "storage", outcome.getClass().getSimpleName(), details);
    }

    private <O> List<O> carryOut(Supplier<List<O>> effect) {
        SimulatedThread.current().block(scheduler.now() + part(FASTEST));
        pass();
        List<O> outcomes;
        try {
            outcomes = effect.get();
        } catch (AssertionError e) {
            // The server would take it for one more failure of the storage.
            scheduler.fail(e);
            throw e;
        }
        pass();
        return outcomes;
    }

    private void pass() {
        if (slowness > 0) {
            SimulatedThread.current().block(scheduler.now() + part(slowness));
        }
        if (scheduler.random().nextDouble() < failing) {
            throw new StorageUnavailableException("The storage fails, as told", null);
        }
    }

    private long part(long nanos) {
        return 1 + (long) (nanos * scheduler.random().nextDouble());
    }
}

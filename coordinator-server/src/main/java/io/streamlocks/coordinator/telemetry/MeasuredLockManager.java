package io.streamlocks.coordinator.telemetry;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.BlockedException;
import io.streamlocks.coordinator.lock.BreakOutcome;
import io.streamlocks.coordinator.lock.BreakRequest;
import io.streamlocks.coordinator.lock.Breaking;
import io.streamlocks.coordinator.lock.GrantPage;
import io.streamlocks.coordinator.lock.HistoryQuery;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.LockPage;
import io.streamlocks.coordinator.lock.LockQuery;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StreamHistoryQuery;
import io.streamlocks.coordinator.lock.group.Kind;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Counts what another one decides. What nobody waits for, as purging, is not meters. Thread-safe.
 *
 * @param locks decides
 * @param metrics counts
 */
record MeasuredLockManager(LockManager locks, LockMetrics metrics) implements LockManager {

    @Override
    public List<AcquireOutcome> acquire(List<AcquireRequest> requests) {
        List<AcquireOutcome> outcomes = measure(Kind.ACQUIRE, requests.size(), () -> locks.acquire(requests));
        int granted = 0;
        int held = 0;
        int used = 0;
        int delayed = 0;
        int blocked = 0;
        for (AcquireOutcome outcome : outcomes) {
            if (outcome instanceof AcquireOutcome.Granted) {
                granted++;
            } else if (outcome instanceof AcquireOutcome.Held) {
                held++;
            } else if (outcome instanceof AcquireOutcome.LeaseIdUsed) {
                used++;
            } else if (outcome instanceof AcquireOutcome.Delayed) {
                delayed++;
            } else if (outcome instanceof AcquireOutcome.Blocked) {
                blocked++;
            }
            // What is undecided comes again.
        }
        metrics.granted.increment(granted);
        metrics.held.increment(held);
        metrics.leaseIdUsed.increment(used);
        metrics.delayed.increment(delayed);
        metrics.acquiresBlocked.increment(blocked);
        return outcomes;
    }

    @Override
    public List<RenewOutcome> renew(List<RenewRequest> requests) {
        List<RenewOutcome> outcomes = measure(Kind.RENEW, requests.size(), () -> locks.renew(requests));
        int lost = 0;
        int blocked = 0;
        int undecided = 0;
        for (RenewOutcome outcome : outcomes) {
            if (outcome instanceof RenewOutcome.Lost loss) {
                metrics.lost(loss.reason());
                lost++;
            } else if (outcome instanceof RenewOutcome.Blocked) {
                blocked++;
            } else if (outcome instanceof RenewOutcome.Undecided) {
                // It comes again.
                undecided++;
            }
        }
        metrics.renewed.increment(outcomes.size() - lost - blocked - undecided);
        metrics.renewalsLost.increment(lost);
        metrics.renewalsBlocked.increment(blocked);
        return outcomes;
    }

    @Override
    public List<ReleaseOutcome> release(List<ReleaseRequest> requests) {
        List<ReleaseOutcome> outcomes = measure(Kind.RELEASE, requests.size(), () -> locks.release(requests));
        int lost = 0;
        int blocked = 0;
        int undecided = 0;
        for (ReleaseOutcome outcome : outcomes) {
            if (outcome instanceof ReleaseOutcome.Lost loss) {
                metrics.lost(loss.reason());
                lost++;
            } else if (outcome instanceof ReleaseOutcome.Blocked) {
                blocked++;
            } else if (outcome instanceof ReleaseOutcome.Undecided) {
                // It comes again.
                undecided++;
            }
        }
        metrics.released.increment(outcomes.size() - lost - blocked - undecided);
        metrics.releasesLost.increment(lost);
        metrics.releasesBlocked.increment(blocked);
        return outcomes;
    }

    @Override
    public List<BreakOutcome> breakLeases(List<BreakRequest> requests) {
        List<BreakOutcome> outcomes = measure(Kind.BREAK, requests.size(), () -> locks.breakLeases(requests));
        for (BreakOutcome outcome : outcomes) {
            if (outcome instanceof BreakOutcome.Broken) {
                metrics.broken.increment();
            } else if (outcome instanceof BreakOutcome.TokenChanged) {
                metrics.tokenChanged.increment();
            } else if (outcome instanceof BreakOutcome.NotLocked) {
                metrics.notLocked.increment();
            } else if (outcome instanceof BreakOutcome.Blocked) {
                metrics.breaksBlocked.increment();
            }
        }
        return outcomes;
    }

    /** Not a statement but a walk of many, so its time is no time of a statement. */
    @Override
    public int breakOwner(String ownerId, Breaking breaking) {
        try {
            int count = locks.breakOwner(ownerId, breaking);
            metrics.broken.increment(count);
            return count;
        } catch (BlockedException e) {
            metrics.broken.increment(e.ended());
            throw e;
        }
    }

    @Override
    public GrantPage history(StreamHistoryQuery query) {
        return measure(Kind.HISTORY, 1, () -> locks.history(query));
    }

    @Override
    public GrantPage history(HistoryQuery query) {
        return measure(Kind.HISTORY, 1, () -> locks.history(query));
    }

    @Override
    public int purgeHistory(Duration endedFor) {
        return locks.purgeHistory(endedFor);
    }

    @Override
    public Optional<Lock> find(String streamId) {
        return measure(Kind.FIND, 1, () -> locks.find(streamId));
    }

    @Override
    public LockPage list(LockQuery query) {
        return measure(Kind.LIST, 1, () -> locks.list(query));
    }

    @Override
    public Map<String, Long> liveLeases() {
        return locks.liveLeases();
    }

    @Override
    public int purge(Duration idleFor) {
        return locks.purge(idleFor);
    }

    @Override
    public void verifyWritable() {
        locks.verifyWritable();
    }

    private <T> T measure(Kind kind, int requests, Supplier<T> statement) {
        LockMetrics.Meters meters = metrics.begin(kind, requests);
        long began = System.nanoTime();
        try {
            return statement.get();
        } catch (BlockedException e) {
            // It has an answer.
            throw e;
        } catch (RuntimeException | Error e) {
            meters.failures().increment();
            throw e;
        } finally {
            meters.statement().record(System.nanoTime() - began, TimeUnit.NANOSECONDS);
        }
    }
}

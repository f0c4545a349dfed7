package io.streamlocks.client.simulation;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.testkit.contract.ForwardingLocks;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * The storage behind all servers: the memory backend on a clock of its own, as a database with transactions. It
 * outlives every server, as a database does. Statements take time, and fail before their write, after it, or with a
 * rollback.
 *
 * <p>The memory backend has the committed state. A statement locks the rows that are not locked, judges at that
 * instant, and commits later. No other statement can change those rows in between. So the memory backend carries the
 * statement out at its commit, by the clock of the judgement: the outcome and the new row are the same.
 */
final class SimulatedStorage extends ForwardingLocks {

    /** How a statement judges a row that another transaction has locked. */
    enum Judging {
        /** It does not judge: the outcome is that the row is blocked. */
        LOCKED_ROW,

        /** It judges whether a lease is over on the committed row, although a newer version may wait for its commit. */
        COMMITTED_ROW,

        /** It judges whether a lease may be renewed on the committed row, before it waits for the lock. */
        BEFORE_THE_LOCK
    }

    private static final long FASTEST = TimeUnit.MILLISECONDS.toNanos(2);
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private final Scheduler scheduler;
    private final double rate;
    private final LeaseLedger ledger;
    private final Judging judging;
    private final long patience;
    private final MemoryLockManager committed;
    private final Transactions transactions;

    /** The latest lease of each stream, as committed. */
    private final Map<String, UUID> latest = new HashMap<>();

    private final Kind<AcquireRequest, AcquireOutcome> acquire = new Kind<>(
            AcquireRequest::streamId,
            AcquireRequest::leaseId,
            this::acquire,
            new AcquireOutcome.Blocked(),
            new AcquireOutcome.Undecided());
    private final Kind<RenewRequest, RenewOutcome> renew = new Kind<>(
            RenewRequest::streamId,
            RenewRequest::leaseId,
            this::renew,
            new RenewOutcome.Blocked(),
            new RenewOutcome.Undecided());
    private final Kind<ReleaseRequest, ReleaseOutcome> release = new Kind<>(
            ReleaseRequest::streamId,
            ReleaseRequest::leaseId,
            this::release,
            new ReleaseOutcome.Blocked(),
            new ReleaseOutcome.Undecided());

    /** The time of the judgement of the statement that is being carried out; null if there is none. */
    private Instant judgedAt;

    /** The most that a statement takes longer than usual before its write and after its commit, each. */
    long slowness;

    /**
     * The probability that a statement fails before its write, rolls back, is given up before its commit, or fails
     * after it.
     */
    double failing;

    /**
     * @param patienceNanos how long a server waits for a commit
     */
    SimulatedStorage(Scheduler scheduler, double rate, LeaseLedger ledger, Judging judging, long patienceNanos) {
        this.scheduler = scheduler;
        this.rate = rate;
        this.ledger = ledger;
        this.judging = judging;
        this.patience = patienceNanos;
        this.committed = new MemoryLockManager(this::clock, false);
        this.transactions = new Transactions(scheduler);
    }

    private Instant clock() {
        return judgedAt == null ? START.plusNanos((long) (scheduler.now() * rate)) : judgedAt;
    }

    /** Returns the reading of its clock, in its resolution. */
    Instant now() {
        return clock().truncatedTo(ChronoUnit.MICROS);
    }

    Transactions transactions() {
        return transactions;
    }

    @Override
    protected LockManager next() {
        return committed;
    }

    @Override
    public List<AcquireOutcome> acquire(List<AcquireRequest> requests) {
        return decide(acquire, requests);
    }

    @Override
    public List<RenewOutcome> renew(List<RenewRequest> requests) {
        return decide(renew, requests);
    }

    @Override
    public List<ReleaseOutcome> release(List<ReleaseRequest> requests) {
        return decide(release, requests);
    }

    /** The differences between the kinds of requests. A request is carried out on the committed row. */
    private record Kind<Q, O>(
            Function<Q, String> streamId, Function<Q, UUID> leaseId, Function<Q, O> carryOut, O blocked, O undecided) {}

    private AcquireOutcome acquire(AcquireRequest request) {
        AcquireOutcome outcome = committed.acquire(List.of(request)).get(0);
        if (outcome instanceof AcquireOutcome.Granted) {
            latest.put(request.streamId(), request.leaseId());
        }
        ledger.acquired(request, outcome, now());
        tell(outcome, request.streamId(), request.ownerId());
        return outcome;
    }

    private RenewOutcome renew(RenewRequest request) {
        RenewOutcome outcome = committed.renew(List.of(request)).get(0);
        ledger.renewed(request, outcome, now());
        tell(outcome, request.streamId());
        return outcome;
    }

    private ReleaseOutcome release(ReleaseRequest request) {
        ReleaseOutcome outcome = committed.release(List.of(request)).get(0);
        ledger.released(request, outcome, now());
        tell(outcome, request.streamId());
        return outcome;
    }

    private void tell(Object outcome, Object... details) {
        scheduler.trace().tell(scheduler.now(), "storage", outcome.getClass().getSimpleName(), details);
    }

    /**
     * A transaction names a stream only once. A request that repeats the one before it for its stream shares the
     * outcome.
     */
    private <Q, O> List<O> decide(Kind<Q, O> kind, List<Q> requests) {
        SimulatedThread.current().block(scheduler.now() + part(FASTEST));
        pass();
        List<O> outcomes = new ArrayList<>(Collections.nCopies(requests.size(), null));
        long until = scheduler.now() + patience;
        for (Transactions.Transaction transaction : begin(kind, requests, outcomes)) {
            mayFail();
            if (!transaction.awaitCommit(until)) {
                throw new StorageUnavailableException("There was no commit");
            }
        }
        pass();
        Map<String, Integer> lastOfStream = new HashMap<>();
        for (int i = 0; i < requests.size(); i++) {
            Integer before = lastOfStream.put(kind.streamId.apply(requests.get(i)), i);
            if (before != null) {
                outcomes.set(i, requests.get(before).equals(requests.get(i)) ? outcomes.get(before) : kind.undecided);
            }
        }
        return outcomes;
    }

    /** This happens at one instant. */
    private <Q, O> List<Transactions.Transaction> begin(Kind<Q, O> kind, List<Q> requests, List<O> outcomes) {
        List<Transactions.Transaction> begun = new ArrayList<>();
        Map<String, Runnable> writes = new LinkedHashMap<>();
        Set<String> named = new HashSet<>();
        for (int i = 0; i < requests.size(); i++) {
            int position = i;
            Q request = requests.get(i);
            String streamId = kind.streamId.apply(request);
            if (!named.add(streamId)) {
                continue;
            }
            Runnable write = () -> outcomes.set(position, kind.carryOut.apply(request));
            if (isHeldByAnother(request) || isCalledOverUnlocked(kind, request)) {
                // This changes nothing.
                failOnError(write);
            } else if (!transactions.isLocked(streamId)) {
                writes.put(streamId, write);
            } else if (waitsAfterJudgement(kind, request)) {
                begun.add(transactions.writeAfterForeign(streamId, asOfNow(write)));
            } else {
                tell(kind.blocked, streamId);
                outcomes.set(i, kind.blocked);
            }
        }
        if (!writes.isEmpty()) {
            Runnable all = asOfNow(() -> writes.values().forEach(Runnable::run));
            begun.add(
                    transactions.write(writes.keySet(), all, scheduler.random().nextDouble() < failing));
        }
        return begun;
    }

    /** Runs each task at once, by the clock of that moment. */
    private Runnable asOfNow(Runnable action) {
        Instant now = clock();
        return () -> {
            judgedAt = now;
            try {
                action.run();
            } finally {
                judgedAt = null;
            }
        };
    }

    /** The server would treat it as one more failure of the storage, so this ends the simulation. */
    private void failOnError(Runnable action) {
        try {
            action.run();
        } catch (AssertionError e) {
            scheduler.fail(e);
            throw e;
        }
    }

    /** A poll for a held stream reads the committed row, and locks nothing. */
    private boolean isHeldByAnother(Object request) {
        return request instanceof AcquireRequest acquire
                && isCommittedLive(acquire.streamId())
                && !acquire.leaseId().equals(latest.get(acquire.streamId()))
                && committed.acquire(List.of(acquire)).get(0) instanceof AcquireOutcome.Held;
    }

    private <Q> boolean isCalledOverUnlocked(Kind<Q, ?> kind, Q request) {
        String streamId = kind.streamId.apply(request);
        return transactions.isLocked(streamId)
                && kind.leaseId.apply(request).equals(latest.get(streamId))
                && !isCommittedLive(streamId)
                && switch (judging) {
                    case LOCKED_ROW -> false;
                    case COMMITTED_ROW -> true;
                    case BEFORE_THE_LOCK -> !transactions.isWritten(streamId);
                };
    }

    private <Q> boolean waitsAfterJudgement(Kind<Q, ?> kind, Q request) {
        String streamId = kind.streamId.apply(request);
        return judging == Judging.BEFORE_THE_LOCK
                && kind == renew
                && transactions.isForeign(streamId)
                && kind.leaseId.apply(request).equals(latest.get(streamId))
                && isCommittedLive(streamId);
    }

    private boolean isCommittedLive(String streamId) {
        return committed.find(streamId).isPresent();
    }

    private void pass() {
        if (slowness > 0) {
            SimulatedThread.current().block(scheduler.now() + part(slowness));
        }
        mayFail();
    }

    private void mayFail() {
        if (scheduler.random().nextDouble() < failing) {
            throw new StorageUnavailableException("The storage fails, as told");
        }
    }

    private long part(long nanos) {
        return 1 + (long) (nanos * scheduler.random().nextDouble());
    }
}

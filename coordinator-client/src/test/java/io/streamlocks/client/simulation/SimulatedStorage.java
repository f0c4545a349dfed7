package io.streamlocks.client.simulation;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.AwaitedStream;
import io.streamlocks.coordinator.lock.HandOvers;
import io.streamlocks.coordinator.lock.LeaveRequest;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.testkit.contract.ForwardingLocks;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

    /** The rules of queues that it follows. */
    enum Queues {
        /** It follows all rules. */
        ALL,

        /** An acquire is granted a free stream although others wait for it. */
        ACQUIRE_OVERTAKES,

        /** The end of a call ends the call that has taken its place over. */
        LEAVE_ENDS_LATER_CALLS,

        /** A stream whose lease has ended without a release is not handed over. */
        NO_ADVANCE,

        /** A server looks only at the streams of reports that it receives. */
        REPORTS_ONLY,

        /** It follows all rules, and all reports of hand-overs are lost. */
        NO_REPORTS
    }

    /** Whether a fail-over can forget commits, as with an asynchronous standby. */
    enum Losses {
        /** It forgets none. */
        NONE,

        /** It forgets the latest ones. The new primary then raises the fencing tokens above all earlier ones. */
        TOKENS_RAISED,

        /** It forgets the latest ones. Tokens continue from what the new primary has. */
        TOKENS_NOT_RAISED
    }

    private static final long FASTEST = TimeUnit.MILLISECONDS.toNanos(2);
    private static final UUID NO_LEASE = new UUID(0, 0);
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private final Scheduler scheduler;
    private final double rate;
    private final LeaseLedger ledger;
    private final QueueLedger queueLedger = new QueueLedger();
    private final Judging judging;
    private final Queues queues;
    private final Losses losses;
    private final long patience;
    private final Commits commits = new Commits();
    private MemoryLockManager committed;
    private final Transactions transactions;

    /** The latest lease of each stream, as committed. */
    private final Map<String, UUID> latest = new HashMap<>();

    private final Kind<AcquireRequest, AcquireOutcome> acquire = new Kind<>(
            AcquireRequest::streamId,
            AcquireRequest::leaseId,
            this::acquire,
            new AcquireOutcome.Blocked(),
            Optional.of(new AcquireOutcome.Undecided()));
    private final Kind<RenewRequest, RenewOutcome> renew = new Kind<>(
            RenewRequest::streamId,
            RenewRequest::leaseId,
            this::renew,
            new RenewOutcome.Blocked(),
            Optional.of(new RenewOutcome.Undecided()));
    private final Kind<ReleaseRequest, ReleaseOutcome> release = new Kind<>(
            ReleaseRequest::streamId,
            ReleaseRequest::leaseId,
            this::release,
            new ReleaseOutcome.Blocked(),
            Optional.of(new ReleaseOutcome.Undecided()));

    // The statements on queues decide each request on its own, and know nothing of leases that are over.
    private final Kind<QueueRequest, Optional<AcquireOutcome>> queue = new Kind<>(
            QueueRequest::streamId,
            request -> NO_LEASE,
            this::queue,
            Optional.of(new AcquireOutcome.Blocked()),
            Optional.empty());
    private final Kind<LeaveRequest, Optional<AcquireOutcome>> leave = new Kind<>(
            LeaveRequest::streamId,
            request -> NO_LEASE,
            this::leave,
            Optional.of(new AcquireOutcome.Blocked()),
            Optional.empty());
    private final Kind<String, Boolean> advance =
            new Kind<>(streamId -> streamId, streamId -> NO_LEASE, this::advance, false, Optional.empty());

    /** The servers that have the calls that wait. */
    private final Map<UUID, Reports> servers = new HashMap<>();

    /** What was handed over by the request that is being carried out. */
    private final List<AwaitedStream> handedOver = new ArrayList<>();

    /** When each lease of a hand-over was granted. */
    private final Map<UUID, Long> handedOverAt = new HashMap<>();

    /** The time of the judgement of the statement that is being carried out; null if there is none. */
    private Instant judgedAt;

    /** The commit that a new primary repeats; null if it does not. */
    private Commits.Commit repeated;

    private int promotions;

    /** The most that a statement takes longer than usual before its write and after its commit, each. */
    long slowness;

    /**
     * The probability that a statement fails before its write, rolls back, is given up before its commit, or fails
     * after it.
     */
    double failing;

    /** The probability that the report of a hand-over is lost. */
    double losingReports;

    /** The most that a report is late, beyond the usual. */
    long lateReports;

    /** Whether servers know that reports do not arrive. */
    boolean knownToLoseReports;

    /**
     * @param patienceNanos how long a server waits for a commit
     */
    SimulatedStorage(
            Scheduler scheduler,
            double rate,
            LeaseLedger ledger,
            Judging judging,
            Queues queues,
            Losses losses,
            long patienceNanos) {
        this.scheduler = scheduler;
        this.rate = rate;
        this.ledger = ledger;
        this.judging = judging;
        this.queues = queues;
        this.losses = losses;
        this.patience = patienceNanos;
        this.committed = empty();
        this.transactions = new Transactions(scheduler);
    }

    private MemoryLockManager empty() {
        // The first token follows the clock, and must be the same when commits are repeated.
        judgedAt = START;
        MemoryLockManager created = new MemoryLockManager(this::clock, false);
        judgedAt = null;
        created.handOvers().listen(new HandOvers.Listener() {
            @Override
            public void handedOver(String streamId, long fencingToken) {
                handedOver.addAll(created.look(List.of(new AwaitedStream.Known(streamId, 0)), Duration.ZERO));
            }

            @Override
            public void reportsLost() {
                throw new AssertionError("The memory backend loses no report");
            }
        });
        return created;
    }

    /**
     * Promotes a standby that has not received the commits of the latest time. All transactions are rolled back.
     *
     * @param nanos the time
     */
    void promoteWithoutTheLatest(long nanos) {
        transactions.rollBack();
        int forgotten = commits.forgetSince(scheduler.now() - nanos);
        scheduler.trace().tell(scheduler.now(), "storage", "is promoted without commits:", forgotten);
        committed = empty();
        latest.clear();
        handedOverAt.clear();
        queueLedger.forget();
        ledger.forget();
        for (Commits.Commit commit : commits.all()) {
            repeated = commit;
            judgedAt = commit.judgedAt();
            commit.change().run();
        }
        repeated = null;
        judgedAt = null;
        ledger.promoted(now());
        promotions++;
        for (int i = 0; losses == Losses.TOKENS_RAISED && raise(i) <= ledger.highestToken(); i++) {
            // The grants that are forgotten had as many tokens.
        }
    }

    /** Draws a token, with a grant of a stream of its own, and returns it. */
    private long raise(int number) {
        String streamId = "promotion-" + promotions + "-" + number;
        AcquireRequest request =
                new AcquireRequest(streamId, "promotion", new UUID(promotions, number), Duration.ofSeconds(1));
        commit(() -> committed.acquire(List.of(request)));
        return committed.find(streamId).orElseThrow().fencingToken();
    }

    /** Carries a change out, so that a new primary can repeat it. */
    private void commit(Runnable change) {
        change.run();
        if (losses != Losses.NONE) {
            commits.add(clock(), scheduler.now(), change);
        }
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

    @Override
    public List<Optional<AcquireOutcome>> leave(List<LeaveRequest> requests) {
        return decide(leave, requests);
    }

    /** Takes places for calls that wait at a server. */
    List<Optional<AcquireOutcome>> queue(List<QueueRequest> requests, Reports server) {
        requests.forEach(request -> servers.put(request.callId(), server));
        return decide(queue, requests);
    }

    @Override
    public void advance(List<String> streamIds) {
        if (queues != Queues.NO_ADVANCE) {
            decide(advance, streamIds);
        }
    }

    /** This reads what is committed at one instant, and locks nothing. */
    @Override
    public List<AwaitedStream> look(List<AwaitedStream.Known> streams, Duration horizon) {
        SimulatedThread.current().block(scheduler.now() + part(FASTEST));
        pass();
        List<AwaitedStream> found = committed.look(streams, horizon);
        pass();
        return found;
    }

    @Override
    public List<QueueRequest> withoutPlace(List<QueueRequest> requests) {
        SimulatedThread.current().block(scheduler.now() + part(FASTEST));
        pass();
        List<QueueRequest> without = committed.withoutPlace(requests);
        pass();
        return without;
    }

    /**
     * The differences between the kinds of requests. A request is carried out on the committed row.
     *
     * @param undecided the outcome of another request for the same stream; empty if each is decided on its own
     */
    private record Kind<Q, O>(
            Function<Q, String> streamId,
            Function<Q, UUID> leaseId,
            Function<Q, O> carryOut,
            O blocked,
            Optional<O> undecided) {}

    private AcquireOutcome acquire(AcquireRequest request) {
        boolean known = ledger.isLive(request.streamId(), request.leaseId(), now());
        AcquireOutcome outcome = committed.acquire(List.of(request)).get(0);
        if (outcome instanceof AcquireOutcome.Awaited && queues == Queues.ACQUIRE_OVERTAKES) {
            outcome = overtake(request);
        }
        if (outcome instanceof AcquireOutcome.Granted) {
            latest.put(request.streamId(), request.leaseId());
        }
        ledger.acquired(request, outcome, now());
        if (outcome instanceof AcquireOutcome.Granted && !known) {
            queueLedger.granted(request.streamId(), request.leaseId(), now());
            // A lease id that the stream has forgotten may have been handed over long ago.
            handedOverAt.remove(request.leaseId());
        }
        compareQueue(request.streamId());
        tell(outcome, request.streamId(), request.ownerId(), brief(request.leaseId()));
        return outcome;
    }

    private RenewOutcome renew(RenewRequest request) {
        RenewOutcome outcome = committed.renew(List.of(request)).get(0);
        ledger.renewed(request, outcome, now());
        tell(outcome, request.streamId(), brief(request.leaseId()));
        return outcome;
    }

    private ReleaseOutcome release(ReleaseRequest request) {
        ReleaseOutcome outcome = committed.release(List.of(request)).get(0);
        boolean hadPlace =
                queueLedger.request(request.streamId(), request.leaseId()).isPresent();
        ledger.released(request, outcome, hadPlace, now());
        queueLedger.gone(request.streamId(), request.leaseId());
        tell(outcome, request.streamId(), brief(request.leaseId()));
        settleHandOvers(request.streamId());
        return outcome;
    }

    /** Grants a stream as if nobody waited for it. The places are gone after that. */
    private AcquireOutcome overtake(AcquireRequest request) {
        List<QueueRequest> waiting = queueLedger.alive(request.streamId(), now());
        QueueRequest first = waiting.get(0);
        // A place whose call does not wait is not granted the stream while the others are removed.
        committed.queue(List.of(new QueueRequest(first.request(), first.callId(), Duration.ZERO)));
        for (int i = waiting.size() - 1; i >= 0; i--) {
            committed.release(List.of(
                    new ReleaseRequest(request.streamId(), waiting.get(i).leaseId())));
        }
        return committed.acquire(List.of(request)).get(0);
    }

    private Optional<AcquireOutcome> queue(QueueRequest request) {
        boolean known = ledger.remembers(request.streamId(), request.leaseId());
        Optional<AcquireOutcome> outcome = committed.queue(List.of(request)).get(0);
        if (outcome.filter(AcquireOutcome.Blocked.class::isInstance).isEmpty() && !known) {
            queueLedger.taken(request, now());
        }
        tell(outcome, request.streamId(), request.request().ownerId(), brief(request.leaseId()));
        settleHandOvers(request.streamId());
        outcome.filter(found -> !(found instanceof AcquireOutcome.Blocked))
                .ifPresent(found -> ledger.found(request.streamId(), request.leaseId(), found, now()));
        return outcome;
    }

    private Optional<AcquireOutcome> leave(LeaveRequest request) {
        LeaveRequest ended = request;
        if (queues == Queues.LEAVE_ENDS_LATER_CALLS) {
            UUID latestCall = queueLedger
                    .request(request.streamId(), request.leaseId())
                    .map(QueueRequest::callId)
                    .orElse(request.callId());
            ended = new LeaveRequest(request.streamId(), request.leaseId(), latestCall, request.keepsPlace());
        }
        Optional<AcquireOutcome> outcome = committed.leave(List.of(ended)).get(0);
        queueLedger.left(request, now());
        tell(outcome, request.streamId(), brief(request.leaseId()), request.keepsPlace() ? "kept" : "removed");
        settleHandOvers(request.streamId());
        outcome.ifPresent(found -> ledger.found(request.streamId(), request.leaseId(), found, now()));
        return outcome;
    }

    private boolean advance(String streamId) {
        committed.advance(List.of(streamId));
        settleHandOvers(streamId);
        return true;
    }

    /** Checks the hand-overs of a request, reports them, and checks the queue that is left. */
    private void settleHandOvers(String streamId) {
        for (AwaitedStream state : handedOver) {
            UUID leaseId = state.lease().orElseThrow().leaseId();
            QueueRequest place = queueLedger
                    .request(streamId, leaseId)
                    .orElseThrow(() -> new AssertionError("Queue: a lease was handed over to nobody"));
            tell(state, streamId, place.request().ownerId(), brief(leaseId), state.fencingToken());
            latest.put(streamId, leaseId);
            handedOverAt.put(leaseId, repeated == null ? scheduler.now() : repeated.at());
            ledger.handedOver(place.request(), state.lease().get(), now());
            queueLedger.handedOver(streamId, leaseId, now());
            if (repeated == null) {
                servers.get(place.callId()).report(streamId, state.fencingToken());
            }
        }
        handedOver.clear();
        compareQueue(streamId);
    }

    private void compareQueue(String streamId) {
        queueLedger.compare(streamId, committed.reads().waiters(streamId), now());
    }

    /** Loses a place, as a fail-over of the database can. */
    void losePlace(String streamId) {
        List<QueueRequest> waiting = queueLedger.alive(streamId, now());
        if (!waiting.isEmpty() && !transactions.isLocked(streamId)) {
            UUID leaseId =
                    waiting.get(scheduler.random().nextInt(waiting.size())).leaseId();
            asOfNow(() -> commit(() -> {
                        committed.release(List.of(new ReleaseRequest(streamId, leaseId)));
                        queueLedger.gone(streamId, leaseId);
                        settleHandOvers(streamId);
                    }))
                    .run();
        }
    }

    boolean isReportLost() {
        return queues == Queues.NO_REPORTS || scheduler.random().nextDouble() < losingReports;
    }

    long reportDelay() {
        return lateReports > 0 ? part(lateReports) : 0;
    }

    boolean areReported() {
        return !knownToLoseReports;
    }

    boolean looksOnlyAtReports() {
        return queues == Queues.REPORTS_ONLY;
    }

    /** Returns whether a stream could be handed over: nobody holds it, and the first caller in its queue waits. */
    boolean isDue(String streamId) {
        return !isCommittedLive(streamId) && queueLedger.isFirstCalling(streamId, now());
    }

    /** Returns when a lease was handed over that is still live; empty if it was not, or has ended. */
    Optional<Long> handedOverAt(String streamId, UUID leaseId) {
        return Optional.ofNullable(handedOverAt.get(leaseId)).filter(at -> ledger.isLive(streamId, leaseId, now()));
    }

    /** Returns how many callers wait for a stream. */
    int waiting(String streamId) {
        return queueLedger.alive(streamId, now()).size();
    }

    /** Returns how often it has forgotten commits. */
    int promotions() {
        return promotions;
    }

    QueueLedger queueLedger() {
        return queueLedger;
    }

    private static String brief(UUID leaseId) {
        return leaseId.toString().substring(0, 4);
    }

    private void tell(Object outcome, Object... details) {
        if (repeated != null) {
            return;
        }
        scheduler.trace().tell(scheduler.now(), "storage", outcome.getClass().getSimpleName(), details);
    }

    private void tell(Optional<AcquireOutcome> outcome, Object... details) {
        tell(outcome.<Object>map(found -> found).orElse("waits"), details);
    }

    /**
     * A transaction on leases names a stream only once. A request that repeats the one before it for its stream shares
     * the outcome.
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
        if (kind.undecided.isEmpty()) {
            return outcomes;
        }
        Map<String, Integer> lastOfStream = new HashMap<>();
        for (int i = 0; i < requests.size(); i++) {
            Integer before = lastOfStream.put(kind.streamId.apply(requests.get(i)), i);
            if (before != null) {
                outcomes.set(
                        i, requests.get(before).equals(requests.get(i)) ? outcomes.get(before) : kind.undecided.get());
            }
        }
        return outcomes;
    }

    /** This happens at one instant. */
    private <Q, O> List<Transactions.Transaction> begin(Kind<Q, O> kind, List<Q> requests, List<O> outcomes) {
        List<Transactions.Transaction> begun = new ArrayList<>();
        Map<String, List<Runnable>> writes = new LinkedHashMap<>();
        Set<String> named = new HashSet<>();
        for (int i = 0; i < requests.size(); i++) {
            int position = i;
            Q request = requests.get(i);
            String streamId = kind.streamId.apply(request);
            if (!named.add(streamId) && kind.undecided.isPresent()) {
                continue;
            }
            Runnable read = () -> outcomes.set(position, kind.carryOut.apply(request));
            Runnable write = () -> commit(read);
            if (isHeldByAnother(request) || isCalledOverUnlocked(kind, request)) {
                // This changes nothing.
                failOnError(read);
            } else if (!transactions.isLocked(streamId)) {
                writes.computeIfAbsent(streamId, id -> new ArrayList<>()).add(write);
            } else if (waitsAfterJudgement(kind, request)) {
                begun.add(transactions.writeAfterForeign(streamId, asOfNow(write)));
            } else {
                tell(kind.blocked, streamId);
                outcomes.set(i, kind.blocked);
            }
        }
        if (!writes.isEmpty()) {
            Runnable all = asOfNow(() -> writes.values().forEach(ofStream -> ofStream.forEach(Runnable::run)));
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

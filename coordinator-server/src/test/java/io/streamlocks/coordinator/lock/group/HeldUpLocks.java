package io.streamlocks.coordinator.lock.group;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.BlockedException;
import io.streamlocks.coordinator.lock.Lock;
import io.streamlocks.coordinator.lock.LockManager;
import io.streamlocks.coordinator.lock.LockReads;
import io.streamlocks.coordinator.lock.QueueRequest;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import io.streamlocks.coordinator.lock.RenewOutcome;
import io.streamlocks.coordinator.lock.RenewRequest;
import io.streamlocks.coordinator.lock.StatementKind;
import io.streamlocks.coordinator.lock.memory.MemoryLockManager;
import io.streamlocks.coordinator.lock.memory.MonotonicClock;
import io.streamlocks.testkit.contract.ForwardingLocks;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.function.Supplier;

/** The memory backend, whose statements wait until the test lets them continue or fail. It records them. */
final class HeldUpLocks extends ForwardingLocks {

    private final LockManager locks = new MemoryLockManager(new MonotonicClock(), true);
    private final Semaphore permits = new Semaphore(0);

    /** The statements, such as {@code acquire [a, b]}, in the order in which they began. */
    final List<String> statements = new CopyOnWriteArrayList<>();

    /** The streams of the acquires and of the releases that shared a transaction, such as {@code [a, b] [c]}. */
    final List<String> together = new CopyOnWriteArrayList<>();

    /** Whether acquires that share a transaction are undecided. */
    volatile boolean acquiresHaveToWait;

    /** Whether an outcome of a shared transaction is missing, which is an error of the storage. */
    volatile boolean losesAnOutcome;

    /** The size of the largest statement so far. */
    volatile int largest;

    /** The number of statements that were under way at once, including reads. */
    volatile int mostAtOnce;

    /** Whether two changes of one stream were under way at once. */
    volatile boolean overlapped;

    /** The streams that another transaction has locked. */
    final Set<String> locked = ConcurrentHashMap.newKeySet();

    /** Whether only the first of several renewals of one stream in a statement is decided. */
    volatile boolean oneDecisionEach;

    private int underWay;
    private final Set<String> streamsUnderWay = new HashSet<>();

    /** The failure of the next statement that continues. */
    volatile RuntimeException failure;

    @Override
    protected LockManager next() {
        return locks;
    }

    void letGo(int count) {
        permits.release(count);
    }

    /** Lets all statements continue from now on. */
    void letAllGo() {
        permits.release(1_000_000);
    }

    @Override
    public List<AcquireOutcome> acquire(List<AcquireRequest> requests) {
        return statement(
                "acquire",
                requests,
                AcquireRequest::streamId,
                () -> unlessLocked(requests, AcquireRequest::streamId, locks::acquire, new AcquireOutcome.Blocked()));
    }

    @Override
    public List<RenewOutcome> renew(List<RenewRequest> requests) {
        return statement(
                "renew",
                requests,
                RenewRequest::streamId,
                () -> oneDecisionEach
                        ? firstOfEachStream(requests)
                        : unlessLocked(requests, RenewRequest::streamId, locks::renew, new RenewOutcome.Blocked()));
    }

    @Override
    public List<ReleaseOutcome> release(List<ReleaseRequest> requests) {
        return statement(
                "release",
                requests,
                ReleaseRequest::streamId,
                () -> unlessLocked(requests, ReleaseRequest::streamId, locks::release, new ReleaseOutcome.Blocked()));
    }

    @Override
    public Outcomes acquireAndRelease(List<AcquireRequest> acquires, List<ReleaseRequest> releases) {
        together.add(acquires.stream().map(AcquireRequest::streamId).toList() + " "
                + releases.stream().map(ReleaseRequest::streamId).toList());
        if (acquiresHaveToWait) {
            return new Outcomes(
                    Collections.nCopies(acquires.size(), new AcquireOutcome.Undecided()), release(releases));
        }
        Outcomes outcomes = super.acquireAndRelease(acquires, releases);
        return losesAnOutcome ? new Outcomes(outcomes.acquired(), List.of()) : outcomes;
    }

    @Override
    public List<Optional<AcquireOutcome>> queue(List<QueueRequest> requests) {
        return statement("queue", requests, QueueRequest::streamId, () -> locks.queue(requests));
    }

    @Override
    public Optional<Lock> find(String streamId) {
        return statement("find", List.of(streamId), Function.identity(), () -> {
            if (locked.contains(streamId)) {
                throw new BlockedException("It is locked", 0);
            }
            return locks.find(streamId);
        });
    }

    @Override
    public <T> T read(StatementKind kind, Function<LockReads, T> read) {
        return statement(kind.word(), List.of(), Function.identity(), () -> locks.read(kind, read));
    }

    @Override
    public void verifyWritable() {
        statement("verify", List.of(), Function.identity(), () -> null);
    }

    private <Q, O> List<O> unlessLocked(
            List<Q> requests, Function<Q, String> streamId, Function<List<Q>, List<O>> change, O blocked) {
        return requests.stream()
                .map(request -> locked.contains(streamId.apply(request))
                        ? blocked
                        : change.apply(List.of(request)).get(0))
                .toList();
    }

    private List<RenewOutcome> firstOfEachStream(List<RenewRequest> requests) {
        Set<String> decided = new HashSet<>();
        return requests.stream()
                .map(request -> {
                    if (locked.contains(request.streamId())) {
                        return new RenewOutcome.Blocked();
                    }
                    return decided.add(request.streamId())
                            ? locks.renew(List.of(request)).get(0)
                            : new RenewOutcome.Undecided();
                })
                .toList();
    }

    private synchronized void note(String what, List<String> streamIds) {
        statements.add(what + " " + streamIds);
        largest = Math.max(largest, streamIds.size());
        underWay++;
        mostAtOnce = Math.max(mostAtOnce, underWay);
        overlapped |= isChange(what) && streamIds.stream().anyMatch(streamsUnderWay::contains);
        if (isChange(what)) {
            streamsUnderWay.addAll(streamIds);
        }
    }

    private synchronized void noteEnd(String what, List<String> streamIds) {
        underWay--;
        if (isChange(what)) {
            streamIds.forEach(streamsUnderWay::remove);
        }
    }

    private static boolean isChange(String what) {
        return what.equals("acquire") || what.equals("release") || what.equals("queue");
    }

    private <Q, T> T statement(String what, List<Q> requests, Function<Q, String> streamId, Supplier<T> statement) {
        List<String> streamIds = requests.stream().map(streamId).toList();
        note(what, streamIds);
        try {
            permits.acquireUninterruptibly();
            RuntimeException toThrow = failure;
            if (toThrow != null) {
                failure = null;
                throw toThrow;
            }
            return statement.get();
        } finally {
            noteEnd(what, streamIds);
        }
    }
}

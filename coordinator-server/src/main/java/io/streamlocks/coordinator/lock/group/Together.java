package io.streamlocks.coordinator.lock.group;

import io.streamlocks.coordinator.lock.AcquireOutcome;
import io.streamlocks.coordinator.lock.AcquireRequest;
import io.streamlocks.coordinator.lock.LockCalls;
import io.streamlocks.coordinator.lock.ReleaseOutcome;
import io.streamlocks.coordinator.lock.ReleaseRequest;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * The two operations that may share a transaction. Workers that make a call per acquire and a call per release then
 * share commits, although each of their statements is small. This class is thread-safe.
 *
 * <p>Calls with many requests do not share one. A client that combines the calls of its workers sends its next acquires
 * while its releases are carried out. If both were carried out at once, the client and the storage would wait for each
 * other in turn.
 *
 * @param acquire acquires
 * @param release releases
 * @param statement carries both out
 */
record Together(
        Operation<AcquireRequest, AcquireOutcome> acquire,
        Operation<ReleaseRequest, ReleaseOutcome> release,
        BiFunction<List<AcquireRequest>, List<ReleaseRequest>, LockCalls.Outcomes> statement) {

    /**
     * The most requests of one kind. With few requests, the commit takes most of the time, so a shared one saves more
     * than it delays. With many, the storage had better work for one kind while the server responds to the other.
     */
    static final int MOST = 8;

    /**
     * Returns whether a request may be in a shared transaction. A request that was tried before may wait for something,
     * and should not delay others.
     */
    static boolean allows(Part<?, ?> part) {
        return part.call().size() == 1 && part.tries() == 0;
    }

    /** Returns the operation that may share the transaction of a statement; empty if none may. */
    Optional<Operation<?, ?>> companionOf(Statement<?, ?> statement) {
        if (statement.size() > MOST || !statement.hasOnly(Together::allows)) {
            return Optional.empty();
        }
        if (statement.does(acquire)) {
            return Optional.of(release);
        }
        return statement.does(release) ? Optional.of(acquire) : Optional.empty();
    }

    /** Carries out two statements. It does not throw: an error fails the calls of both. */
    void execute(Statement<?, ?> one, Statement<?, ?> other, Backlog backlog) {
        var acquires = (one.does(acquire) ? one : other).as(acquire);
        var releases = (one.does(acquire) ? other : one).as(release);
        try {
            LockCalls.Outcomes outcomes = statement.apply(acquires.requests(), releases.requests());
            acquires.succeed(outcomes.acquired(), backlog);
            releases.succeed(outcomes.released(), backlog);
        } catch (Throwable e) {
            acquires.fail(e, backlog);
            releases.fail(e, backlog);
        }
    }
}

package io.streamlocks.shedlock;

import io.streamlocks.client.CoordinatorUnavailableException;
import io.streamlocks.client.HeldLease;
import io.streamlocks.client.LeaseLostException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import net.javacrumbs.shedlock.core.AbstractSimpleLock;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.SimpleLock;
import org.jspecify.annotations.Nullable;

/**
 * A lock of {@link CoordinatorLockProvider}, with its fencing token. A job finds its lock with {@link #active()}. Code
 * that calls the provider itself casts the lock that it gets.
 *
 * <p>A lock is <em>safe</em> for {@code lockAtMostFor} less a tenth, on the monotonic clock of this process. Nothing
 * may be done in its name after that. A process can also be suspended between the look at its lock and a write. So hand
 * the token to the resource with each write, and let the resource refuse a token lower than one it has seen.
 *
 * <p>This class is thread-safe, except that one lock must not be unlocked and extended by two threads at the same time.
 */
public final class CoordinatorLock extends AbstractSimpleLock {

    /** The locks that this thread has taken, the latest first. Those of other threads may have ended since. */
    private static final ThreadLocal<@Nullable Deque<CoordinatorLock>> ACTIVE = new ThreadLocal<>();

    private final JobLease job;
    private final long atLeastUntilNanos;

    private CoordinatorLock(LockConfiguration configuration, JobLease job, long sinceNanos) {
        super(configuration);
        this.job = job;
        this.atLeastUntilNanos = sinceNanos + configuration.getLockAtLeastFor().toNanos();
    }

    /** Begins a lock of this thread. */
    static CoordinatorLock begin(LockConfiguration configuration, HeldLease lease, long calledNanos) {
        JobLease job = new JobLease(lease, configuration.getName());
        job.lastsFor(configuration.getLockAtMostFor(), calledNanos);
        CoordinatorLock lock = new CoordinatorLock(configuration, job, calledNanos);
        Deque<CoordinatorLock> locks = activeLocks();
        // The thread of a job whose extension has failed never unlocks that lock.
        locks.removeIf(earlier -> earlier.job.isOver());
        locks.push(lock);
        ACTIVE.set(locks);
        return lock;
    }

    /** Returns the locks of this thread that have not ended. */
    private static Deque<CoordinatorLock> activeLocks() {
        Deque<CoordinatorLock> locks = ACTIVE.get();
        if (locks == null) {
            return new ArrayDeque<>();
        }
        // A lock may have been unlocked on another thread.
        locks.removeIf(lock -> lock.job.isUnlocked());
        return locks;
    }

    /**
     * Returns the lock under which the calling thread runs its job: the latest one that this thread has taken from a
     * {@link CoordinatorLockProvider} and that is not unlocked. The lock may be over nevertheless.
     *
     * @throws IllegalStateException if there is none, for example because the job has handed its work to another thread
     */
    public static CoordinatorLock active() {
        CoordinatorLock lock = activeLocks().peek();
        if (lock == null) {
            throw new IllegalStateException("This thread runs no job under a lock of CoordinatorLockProvider");
        }
        return lock;
    }

    /** Returns the fencing token, from 1 to 2^53 - 1. It rises with every grant of the lock. An extension keeps it. */
    public long fencingToken() {
        return job.lease().fencingToken();
    }

    /** Returns whether the lock is safe at this moment. It is not safe any more once it is lost or unlocked. */
    public boolean isSafe() {
        return job.isSafe();
    }

    /**
     * Returns if the lock {@linkplain #isSafe() is safe}. Call this before each effect of the job.
     *
     * @throws LeaseLostException if it is not
     * @throws IllegalStateException if it is unlocked
     */
    public void requireSafe() {
        job.requireSafe();
    }

    /**
     * Unlocks. This never throws because the coordinator is away: the client repeats the release in the background, and
     * at worst the lock lasts for {@code lockAtMostFor}.
     */
    @Override
    protected void doUnlock() {
        job.unlock(atLeastUntilNanos);
        if (activeLocks().isEmpty()) {
            ACTIVE.remove();
        }
    }

    /**
     * Extends the lock.
     *
     * @return the lock with the new times; empty if the lock is over. It is over for its holder when it is not safe any
     *     more
     * @throws CoordinatorUnavailableException if there was no usable answer; this lock then stays valid
     */
    @Override
    protected Optional<SimpleLock> doExtend(LockConfiguration configuration) {
        long calledNanos = System.nanoTime();
        Duration atMostFor = configuration.getLockAtMostFor();
        if (!job.extend(JobLease.length(configuration), atMostFor, calledNanos)) {
            return Optional.empty();
        }
        return Optional.of(new CoordinatorLock(configuration, job, calledNanos));
    }
}

package io.streamlocks.shedlock;

import io.streamlocks.client.HeldLease;
import io.streamlocks.client.LeaseLoss;
import io.streamlocks.client.LeaseLostException;
import io.streamlocks.client.LossReason;
import io.streamlocks.client.StreamLockException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import net.javacrumbs.shedlock.core.LockConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lease of a job, with the times of ShedLock, which may be shorter than a lease can be.
 *
 * <p>The lease is in use from the lock to the unlock, and until it is shortened or released after that. So a client
 * that closes does not release it too early.
 *
 * <p>This class is thread-safe. Its calls are made under its monitor, so that a lock that has ended is released when
 * another call finds that out.
 */
final class JobLease {

    /** The shortest lease. */
    private static final Duration SHORTEST = Duration.ofSeconds(1);

    /** The longest lease. */
    private static final Duration LONGEST = Duration.ofHours(24);

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private static final Logger LOG = LoggerFactory.getLogger(JobLease.class);

    private final HeldLease lease;
    private final String name;
    private final HeldLease.Use use;

    // Both are guarded by this.
    private long endNanos;
    private boolean ended;

    private volatile boolean unlocked;

    /** Whether an extension has found that the lock is over. It is not unlocked after that. */
    private volatile boolean over;

    JobLease(HeldLease lease, String name) {
        this.lease = lease;
        this.name = name;
        this.use = lease.use();
    }

    /**
     * Returns the length of the lease for a lock.
     *
     * @throws IllegalArgumentException if the lock shall last for longer than a lease can
     */
    static Duration length(LockConfiguration configuration) {
        Duration atMostFor = configuration.getLockAtMostFor();
        if (atMostFor.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("lockAtMostFor of the lock " + configuration.getName()
                    + " must be at most 24 h, but is " + atMostFor
                    + "; a job that takes longer extends its lock, as KeepAliveLockProvider does");
        }
        return atMostFor.compareTo(SHORTEST) < 0 ? SHORTEST : atMostFor;
    }

    HeldLease lease() {
        return lease;
    }

    boolean isUnlocked() {
        return unlocked;
    }

    boolean isOver() {
        return unlocked || over;
    }

    /** Sets how long the lock lasts, since a time. */
    synchronized void lastsFor(Duration atMostFor, long sinceNanos) {
        endNanos = sinceNanos + atMostFor.toNanos();
        if (atMostFor.compareTo(SHORTEST) < 0) {
            after(nanosUntil(endNanos), this::endInTime);
        }
    }

    private static long nanosUntil(long momentNanos) {
        return momentNanos - System.nanoTime();
    }

    /** Runs a task on a thread of its own. No pool limits how many coordinator calls may hang. */
    private static void after(long nanos, Runnable task) {
        CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS, JobLease::start)
                .execute(task);
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "stream-lock-shedlock");
        thread.setDaemon(true);
        thread.start();
    }

    private synchronized void endInTime() {
        // An extension may have moved the end.
        if (!unlocked && !ended && nanosUntil(endNanos) <= 0) {
            LOG.warn("The lock {} is over, because lockAtMostFor has passed, and its job continues", name);
            end();
        }
    }

    /** Releases the lease. This blocks for one call. */
    private synchronized void end() {
        ended = true;
        use.close();
        lease.close();
    }

    boolean isSafe() {
        return !unlocked && lease.isSafe();
    }

    void requireSafe() {
        if (unlocked) {
            throw new IllegalStateException("The lock " + name + " is unlocked");
        }
        lease.requireSafe();
    }

    /**
     * Extends the lease.
     *
     * @return whether it lasts
     */
    synchronized boolean extend(Duration length, Duration atMostFor, long calledNanos) {
        if (unlocked || ended) {
            over = true;
            return false;
        }
        if (nanosUntil(endNanos) <= 0) {
            end();
            over = true;
            return false;
        }
        try {
            lease.extend(length);
        } catch (LeaseLostException e) {
            // ShedLock makes no other call of this lock.
            if (isUnconfirmed(e)) {
                // The extension may have arrived. Without a release, nobody would have the lock for all that time.
                end();
            } else {
                leave();
            }
            over = true;
            return false;
        }
        lastsFor(atMostFor, calledNanos);
        return true;
    }

    /** Ends the job, and lets others have the lock at this time, or now if it has passed. */
    synchronized void unlock(long atLeastUntilNanos) {
        unlocked = true;
        if (!ended) {
            keepUntil(atLeastUntilNanos);
        }
    }

    private synchronized void keepUntil(long untilNanos) {
        long left = nanosUntil(untilNanos);
        if (left <= 0) {
            end();
            return;
        }
        try {
            // Even if this process dies now, the lock does not last for lockAtMostFor.
            lease.extend(length(left));
            if (left >= SHORTEST.toNanos()) {
                leave();
                return;
            }
        } catch (LeaseLostException e) {
            if (!isUnconfirmed(e)) {
                // Either others may have the lock already, or the client is closing and must not release it.
                leave();
                return;
            }
        } catch (StreamLockException e) {
            LOG.warn(
                    "The lock {} is not shortened to lockAtLeastFor, trying again for {} ms: {}",
                    name,
                    TimeUnit.NANOSECONDS.toMillis(left),
                    e.toString());
        }
        after(Math.min(left, RETRY_AFTER.toNanos()), () -> keepUntil(untilNanos));
    }

    /** Returns whether the lease is lost only because no answer came in time. */
    private static boolean isUnconfirmed(LeaseLostException e) {
        return e.loss()
                .map(LeaseLoss::reason)
                .filter(LossReason.UNCONFIRMED::equals)
                .isPresent();
    }

    /** Returns the length of a lease that does not end too early. It has whole milliseconds. */
    private static Duration length(long nanos) {
        Duration length = Duration.ofMillis(TimeUnit.NANOSECONDS.toMillis(nanos) + 1);
        return length.compareTo(SHORTEST) < 0 ? SHORTEST : length;
    }

    /** Lets the lease run out. */
    private void leave() {
        ended = true;
        lease.leaveToRunOut();
        use.close();
    }
}

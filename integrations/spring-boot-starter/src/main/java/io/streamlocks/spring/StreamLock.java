package io.streamlocks.spring;

import io.streamlocks.client.HeldLease;
import io.streamlocks.client.Waiter;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/** A lock of {@link StreamLockRegistry}. It has no state of its own. This class is thread-safe. */
final class StreamLock implements Lock {

    private static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE);

    private final StreamLockRegistry registry;
    private final String streamId;

    /** Locks the local lock of this process. */
    private interface Local<X extends Exception> {
        /** Returns whether it is locked. */
        boolean lock(LocalLock local) throws X;
    }

    /** Acquires the lease of the stream. */
    private interface Remote<X extends Exception> {
        /** Returns empty if the lock is to be given up. */
        Optional<HeldLease> acquire() throws X;
    }

    StreamLock(StreamLockRegistry registry, String streamId) {
        this.registry = registry;
        this.streamId = streamId;
    }

    private <X extends Exception> boolean lock(Local<X> local, Remote<X> remote) throws X {
        LocalLock entered = registry.enter(streamId);
        boolean locked = false;
        boolean done = false;
        try {
            locked = local.lock(entered);
            done = locked && (isLockedAgain(entered) || isGranted(entered, remote.acquire()));
        } finally {
            if (!done) {
                if (locked) {
                    entered.unlock();
                }
                registry.leave(streamId);
            }
        }
        return done;
    }

    /** A leader of Spring Integration locks its lock again and again to learn whether it is lost. */
    private static boolean isLockedAgain(LocalLock local) {
        if (local.getHoldCount() == 1) {
            return false;
        }
        local.requireSafe();
        return true;
    }

    private static boolean isGranted(LocalLock local, Optional<HeldLease> lease) {
        lease.ifPresent(local::keep);
        return lease.isPresent();
    }

    @Override
    public void lock() {
        lock(
                local -> {
                    local.lock();
                    return true;
                },
                this::acquireUninterruptibly);
    }

    /** An interruption ends a wait of the client, but not the place in the queue, which the waiter keeps. */
    private Optional<HeldLease> acquireUninterruptibly() {
        boolean interrupted = false;
        try (Waiter waiter = registry.client().newWaiter()) {
            while (true) {
                interrupted |= Thread.interrupted();
                List<HeldLease> granted = waiter.await(List.of(streamId), FOR_EVER);
                if (!granted.isEmpty()) {
                    return Optional.of(granted.get(0));
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void lockInterruptibly() throws InterruptedException {
        lock(
                local -> {
                    local.lockInterruptibly();
                    return true;
                },
                () -> acquireInterruptibly(FOR_EVER));
    }

    @Override
    public boolean tryLock() {
        return lock(LocalLock::tryLock, () -> registry.client().tryAcquire(streamId));
    }

    @Override
    public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
        long began = System.nanoTime();
        long atMost = unit.toNanos(Math.max(0, time));
        return lock(
                local -> local.tryLock(atMost, TimeUnit.NANOSECONDS),
                // The wait for other threads of this process counts as well.
                () -> acquireInterruptibly(Duration.ofNanos(Math.max(0, atMost - (System.nanoTime() - began)))));
    }

    private Optional<HeldLease> acquireInterruptibly(Duration atMost) throws InterruptedException {
        Optional<HeldLease> lease = registry.client().acquire(streamId, atMost);
        if (lease.isEmpty() && Thread.interrupted()) {
            throw new InterruptedException();
        }
        return lease;
    }

    @Override
    public void unlock() {
        LocalLock local = registry.held(streamId);
        try {
            if (local.getHoldCount() == 1) {
                local.release();
            }
        } finally {
            local.unlock();
            registry.leave(streamId);
        }
    }

    @Override
    public Condition newCondition() {
        throw new UnsupportedOperationException("A lease has no conditions");
    }

    @Override
    public String toString() {
        return "StreamLock[" + streamId + "]";
    }
}

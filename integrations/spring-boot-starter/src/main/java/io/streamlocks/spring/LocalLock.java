package io.streamlocks.spring;

import io.streamlocks.client.HeldLease;
import java.util.ConcurrentModificationException;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The lock of one stream among the threads of this process, in the order of their arrival. The thread that holds it
 * also has the lease, or is about to acquire it.
 */
final class LocalLock extends ReentrantLock {

    private static final long serialVersionUID = 1L;

    /** The locks and waits under way, each until its unlock or its end. It is guarded by the map of the registry. */
    int users;

    // The thread that holds this lock reads and writes both.
    private transient @Nullable HeldLease lease;
    private transient HeldLease.@Nullable Use use;

    LocalLock() {
        super(true);
    }

    /** Returns the lease, if the calling thread holds it. */
    Optional<HeldLease> lease() {
        return isHeldByCurrentThread() ? Optional.ofNullable(lease) : Optional.empty();
    }

    /**
     * Keeps a lease that was granted.
     *
     * @throws io.streamlocks.client.LeaseLostException if it is over already
     */
    void keep(HeldLease granted) {
        // A client that is closed meanwhile waits for the work under the lock, and releases the lease after it.
        HeldLease.Use begun = granted.use();
        boolean safe = false;
        try {
            granted.requireSafe();
            safe = true;
        } finally {
            if (!safe) {
                begun.close();
            }
        }
        lease = granted;
        use = begun;
    }

    /**
     * Returns if the lease of the thread that holds this lock is safe.
     *
     * @throws io.streamlocks.client.LeaseLostException if it is not
     */
    void requireSafe() {
        lease().ifPresent(HeldLease::requireSafe);
    }

    /**
     * Releases the lease.
     *
     * @throws ConcurrentModificationException if the lease was lost while the lock was held
     */
    void release() {
        HeldLease held = lease;
        HeldLease.Use ending = use;
        lease = null;
        use = null;
        if (held == null || ending == null) {
            return;
        }
        try {
            held.close();
        } finally {
            ending.close();
        }
        held.loss().ifPresent(loss -> {
            throw new ConcurrentModificationException("The lock of stream " + loss.streamId()
                    + " was lost before it was unlocked, so another process may have held it: " + loss.reason());
        });
    }
}

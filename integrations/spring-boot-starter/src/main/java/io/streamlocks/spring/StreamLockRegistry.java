package io.streamlocks.spring;

import io.streamlocks.client.HeldLease;
import io.streamlocks.client.StreamLockClient;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.Lock;
import org.springframework.integration.support.locks.LockRegistry;

/**
 * Locks of Spring Integration, each of which holds the lease of a stream. The client renews the leases, so a lock has
 * no time after which it ends by itself while its process lives.
 *
 * <p>A lock belongs to a thread, as a {@link java.util.concurrent.locks.ReentrantLock} does, and its thread may lock it
 * several times. In one process, threads that want the same key wait for each other in this registry. Only the first of
 * them waits at the coordinator, for the other processes.
 *
 * <p>A lease can be lost while its lock is held, and another process can then have it. {@link Lock#unlock()} then
 * throws a {@link java.util.ConcurrentModificationException}, after it has unlocked the lock for the threads of this
 * process. A thread that locks the lost lock again gets a {@link io.streamlocks.client.LeaseLostException}. A resource
 * that must be safe before that checks the fencing token of the {@linkplain #lease lease}.
 *
 * <p>The registry remembers a key only while a thread holds its lock or waits for it, so there is nothing to expire.
 * This class is thread-safe.
 */
public final class StreamLockRegistry implements LockRegistry {

    private final StreamLockClient client;
    private final String prefix;

    /** The streams whose lock a thread holds or waits for. */
    private final ConcurrentMap<String, LocalLock> inUse = new ConcurrentHashMap<>();

    /**
     * @param client acquires and renews the leases; the caller closes it
     * @param prefix the beginning of all stream ids, such as {@code billing/locks/}; may be empty
     */
    public StreamLockRegistry(StreamLockClient client, String prefix) {
        this.client = Objects.requireNonNull(client, "client");
        this.prefix = Objects.requireNonNull(prefix, "prefix");
    }

    /**
     * Returns the lock of a key. This makes no call. The locks of one key are interchangeable.
     *
     * <p>A lock throws the exceptions of the client: {@link io.streamlocks.client.CoordinatorUnavailableException} if
     * the coordinator gives no usable answer in the time of {@code tryLock}, {@link
     * io.streamlocks.client.CoordinatorRefusedException} if it refuses the stream or the token, and an {@link
     * IllegalStateException} if the client is closed. During an outage, {@code lock()} and {@code lockInterruptibly()}
     * wait for the coordinator.
     *
     * @param lockKey the key, whose text follows the prefix in the id of the stream: together 1 to 255 printable
     *     characters
     */
    @Override
    public Lock obtain(Object lockKey) {
        return new StreamLock(this, streamId(lockKey));
    }

    /**
     * Returns the lease behind a lock, with its fencing token, if the calling thread holds the lock. Do not close the
     * lease.
     *
     * @param lockKey the key of the lock
     */
    public Optional<HeldLease> lease(Object lockKey) {
        return Optional.ofNullable(inUse.get(streamId(lockKey))).flatMap(LocalLock::lease);
    }

    private String streamId(Object lockKey) {
        return prefix + Objects.requireNonNull(lockKey, "lockKey");
    }

    StreamLockClient client() {
        return client;
    }

    /** Returns the local lock of a stream to a thread that is going to lock it, and that calls {@link #leave} later. */
    LocalLock enter(String streamId) {
        return inUse.compute(streamId, (id, local) -> {
            LocalLock entered = local == null ? new LocalLock() : local;
            entered.users++;
            return entered;
        });
    }

    /** Forgets the local lock of a stream if no thread holds it or waits for it any more. */
    void leave(String streamId) {
        inUse.computeIfPresent(streamId, (id, local) -> --local.users == 0 ? null : local);
    }

    /** Returns the local lock of a stream, which the calling thread must hold. */
    LocalLock held(String streamId) {
        LocalLock local = inUse.get(streamId);
        if (local == null || !local.isHeldByCurrentThread()) {
            throw new IllegalMonitorStateException("This thread does not hold the lock of stream " + streamId);
        }
        return local;
    }

    /** Returns how many streams this remembers. */
    int size() {
        return inUse.size();
    }
}

package io.streamlocks.coordinator.lock.group;

import io.streamlocks.coordinator.lock.OverloadedException;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Counts the requests that wait for the storage, bounds how long they wait, and remembers why they cannot be carried
 * out. This class is thread-safe.
 */
final class Backlog {

    /**
     * How long a call may wait. With the longest time of a statement, it bounds the time of a call while the storage is
     * down.
     */
    static final int MAX_WAIT_MS = 750;

    /**
     * How long a call waits for its blocked requests if it has others. It is shorter than the time-out of any client.
     */
    static final int MAX_BLOCKED_MS = 100;

    /** The storage carries out about this many requests in the time that a call may wait, in the best case. */
    static final int MAX_REQUESTS = 100_000;

    private final LongSupplier nanoTime;
    private final AtomicInteger requests = new AtomicInteger();

    /** The number of requests by caller; a caller without any is not in it. */
    private final ConcurrentHashMap<String, Integer> ofCaller = new ConcurrentHashMap<>();

    /** The failure of the statement that ended last; null if it succeeded. */
    private volatile @Nullable StorageUnavailableException outage;

    Backlog(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    long nanoTime() {
        return nanoTime.getAsLong();
    }

    /**
     * Counts requests that are going to wait, unless too many of their caller wait already. A caller may have three
     * quarters of the room that the others leave, so that a new caller finds room.
     *
     * @return whether they were counted
     */
    boolean add(String caller, int count) {
        int all = requests.addAndGet(count);
        int own = ofCaller.merge(caller, count, Integer::sum);
        if (own <= (MAX_REQUESTS - (all - own)) / 4 * 3) {
            return true;
        }
        remove(caller, count);
        return false;
    }

    /** Counts requests that wait again, however many wait already. */
    void addAgain(String caller, int count) {
        requests.addAndGet(count);
        ofCaller.merge(caller, count, Integer::sum);
    }

    /** Subtracts requests that no longer wait, for whatever reason. */
    void remove(String caller, int count) {
        requests.addAndGet(-count);
        ofCaller.computeIfPresent(caller, (same, own) -> own == count ? null : (Integer) (own - count));
    }

    boolean hasWaitedTooLong(long askedNanos) {
        return isOlderThan(MAX_WAIT_MS, askedNanos);
    }

    boolean isOlderThan(int ms, long nanos) {
        return nanoTime() - nanos > TimeUnit.MILLISECONDS.toNanos(ms);
    }

    /** Records that a statement succeeded. */
    void succeeded() {
        // A write, even of the same value, would take the cache line from the other threads.
        if (outage != null) {
            outage = null;
        }
    }

    /** Records that a statement failed. */
    void failed(Throwable cause) {
        if (cause instanceof StorageUnavailableException unavailable) {
            outage = unavailable;
        }
    }

    /**
     * Returns the error of a call that cannot wait, or no longer: the outage if the storage is down, otherwise an
     * overload.
     */
    RuntimeException refusal(String overload) {
        RuntimeException cause = outage;
        return cause == null ? new OverloadedException(overload) : cause;
    }

    /** Returns the error of a call that has waited for too long. */
    RuntimeException tooLate() {
        return refusal("Requests have waited for over " + MAX_WAIT_MS + " ms");
    }
}

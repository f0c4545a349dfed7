package io.streamlocks.coordinator.lock.group;

import io.streamlocks.coordinator.lock.OverloadedException;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/** How much waits for the storage, for how long, and why. Thread-safe. */
final class Backlog {

    /** With the longest that a statement may take, how soon a call is answered while the storage is away. */
    static final int MAX_WAIT_MS = 750;

    /** How long a call waits for those of its requests that are blocked, if it has others: less than any client's time-out. */
    static final int MAX_BLOCKED_MS = 100;

    /** About what the storage decides in the time that a call may wait, in the best case. */
    static final int MAX_REQUESTS = 100_000;

    private final LongSupplier nanoTime;
    private final AtomicInteger requests = new AtomicInteger();

    /** How many of the requests each caller has; callers without any are not in it. */
    private final ConcurrentHashMap<String, Integer> ofCaller = new ConcurrentHashMap<>();

    /** What the statement that ended last met; null if it went well. */
    private volatile StorageUnavailableException outage;

    Backlog(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    long nanoTime() {
        return nanoTime.getAsLong();
    }

    /**
     * Counts requests that are going to wait; false, and not counted, if too many of their caller do already. A caller may
     * have three quarters of what the others leave, so that whoever comes finds room.
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

    /** Counts requests that wait once more, however many wait already. */
    void addAgain(String caller, int count) {
        requests.addAndGet(count);
        ofCaller.merge(caller, count, Integer::sum);
    }

    /** Requests wait no more, for whatever reason. */
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

    /** A statement went well. */
    void succeeded() {
        // Read first: a write, even of the same value, takes the line from the other threads.
        if (outage != null) {
            outage = null;
        }
    }

    /** A statement failed. */
    void failed(Throwable cause) {
        if (cause instanceof StorageUnavailableException unavailable) {
            outage = unavailable;
        }
    }

    /** What to tell who has waited for too long, or cannot wait: the truth, if it is that the storage is away. */
    RuntimeException refusal(String overload) {
        RuntimeException cause = outage;
        return cause == null ? new OverloadedException(overload) : cause;
    }

    RuntimeException tooLate() {
        return refusal("Requests have waited for over " + MAX_WAIT_MS + " ms");
    }
}

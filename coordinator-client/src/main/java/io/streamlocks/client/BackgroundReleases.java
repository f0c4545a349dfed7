package io.streamlocks.client;

import io.streamlocks.client.LeaseCalls.LeaseKey;
import io.streamlocks.client.LeaseCalls.Release;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Releases what may be live for the coordinator while nobody holds it here, again and again, until it must have run out. On
 * a thread of its own, since a release may hang for as long as a request may, and renewals must not wait for it.
 */
final class BackgroundReleases implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(BackgroundReleases.class);

    private final LeaseCalls calls;
    private final Duration ttl;
    private final Pace pace;
    private final ClientRuntime runtime;

    /** The leases to be released, and when they have run out anyway. */
    private final Map<LeaseKey, Long> unreleased = new ConcurrentHashMap<>();

    /** There is something new. */
    private volatile boolean woken;

    private volatile boolean closed;
    private final Thread thread;

    BackgroundReleases(LeaseCalls calls, Duration ttl, Pace pace, ClientRuntime runtime) {
        this.calls = calls;
        this.ttl = ttl;
        this.pace = pace;
        this.runtime = runtime;
        thread = runtime.newThread("stream-lock-release", this::releaseUntilClosed);
        thread.start();
    }

    /** Releases from now on what may have been granted. */
    void add(LeaseKey key) {
        unreleased.put(key, runtime.nanoTime() + ttl.toNanos());
        woken = true;
        runtime.unpark(thread);
    }

    private void releaseUntilClosed() {
        int failures = 0;
        long wakeNanos = runtime.nanoTime();
        while (!closed) {
            try {
                awaitTurn(wakeNanos, failures == 0);
                if (closed) {
                    return;
                }
                failures = releaseOnce() ? 0 : failures + 1;
            } catch (Throwable e) {
                LeaseKeeper.surviving("release", e);
                failures++;
            }
            wakeNanos = runtime.nanoTime() + (failures == 0 ? pace.nextNanos() : pace.retryNanos(failures));
        }
    }

    /** Waits for the time to try again; if it may be woken, also for something new. */
    private void awaitTurn(long untilNanos, boolean wakeable) {
        long left = untilNanos - runtime.nanoTime();
        while (left > 0 && !closed && !(woken && wakeable)) {
            runtime.parkOwn(this, left);
            left = untilNanos - runtime.nanoTime();
        }
        // Before what is to be released is looked at, so that none is passed over.
        woken = false;
    }

    /** Tries to release all. Returns whether all had an answer. */
    boolean releaseOnce() {
        long now = runtime.nanoTime();
        boolean answered = true;
        unreleased.values().removeIf(until -> now - until >= 0);
        for (List<LeaseKey> chunk : LeaseCalls.chunks(unreleased.keySet(), key -> key)) {
            try {
                // Not together with those of other threads, which may hang: then this would have to wait for room.
                List<Release> results = calls.releaseAll(chunk);
                for (int i = 0; i < chunk.size(); i++) {
                    if (results.get(i) instanceof Release.Unknown) {
                        answered = false;
                    } else if (!hasNoTrace(results.get(i))) {
                        unreleased.remove(chunk.get(i));
                    }
                }
            } catch (RuntimeException e) {
                LOG.debug("{} leases are still to be released: {}", chunk.size(), e.toString());
                return false;
            }
        }
        return answered;
    }

    /** Then the acquire may still be under way, and be granted after this. */
    private static boolean hasNoTrace(Release release) {
        return release instanceof Release.Lost lost && lost.reason() == LossReason.UNKNOWN;
    }

    /** Ends the thread. */
    @Override
    public void close() {
        closed = true;
        runtime.unpark(thread);
    }
}

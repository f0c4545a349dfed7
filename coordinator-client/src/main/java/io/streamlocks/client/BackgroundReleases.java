package io.streamlocks.client;

import io.streamlocks.client.LeaseCalls.LeaseKey;
import io.streamlocks.client.LeaseCalls.Release;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
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

    /** So many streams a line of the log names. */
    private static final int NAMED = 20;

    private final Map<LeaseKey, Unreleased> unreleased = new ConcurrentHashMap<>();

    /** What went wrong last. */
    private volatile RuntimeException failure;

    /** There is something new. */
    private volatile boolean woken;

    private volatile boolean closed;
    private final Thread thread;

    /** What is known of a lease that is to be released. */
    private static final class Unreleased {
        /** When it has run out anyway. */
        private final long untilNanos;

        /** Whether the coordinator has answered that it knows no such lease. */
        private volatile boolean hasNoTrace;

        Unreleased(long untilNanos) {
            this.untilNanos = untilNanos;
        }
    }

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
        unreleased.put(key, new Unreleased(runtime.nanoTime() + ttl.toNanos()));
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
        forgetWhatRanOut();
        boolean answered = true;
        for (List<LeaseKey> chunk : LeaseCalls.chunks(unreleased.keySet(), key -> key)) {
            try {
                // Not together with those of other threads, which may hang: then this would have to wait for room.
                List<Release> results = calls.releaseAll(chunk);
                for (int i = 0; i < chunk.size(); i++) {
                    answered &= take(chunk.get(i), results.get(i));
                }
            } catch (RuntimeException e) {
                LOG.debug("{} leases are still to be released: {}", chunk.size(), e.toString());
                failure = e;
                return false;
            }
        }
        return answered;
    }

    /** Returns whether this is an answer. */
    private boolean take(LeaseKey key, Release result) {
        if (result instanceof Release.Unknown unknown) {
            failure = unknown.cause();
            return false;
        }
        if (!(result instanceof Release.Lost lost) || lost.reason() != LossReason.UNKNOWN) {
            unreleased.remove(key);
            return true;
        }
        // The acquire may still be under way, and be granted after this.
        Unreleased known = unreleased.get(key);
        if (known != null) {
            known.hasNoTrace = true;
        }
        return true;
    }

    private void forgetWhatRanOut() {
        long now = runtime.nanoTime();
        List<String> unanswered = new ArrayList<>();
        unreleased.forEach((key, known) -> {
            if (now - known.untilNanos >= 0 && unreleased.remove(key, known) && !known.hasNoTrace) {
                unanswered.add(key.streamId());
            }
        });
        if (!unanswered.isEmpty()) {
            LOG.warn(
                    "{} leases have run out, since no release of them had an answer: {}; the last failure: {}",
                    unanswered.size(),
                    named(unanswered),
                    String.valueOf(failure));
        }
    }

    /**
     * Releases what is left, on this thread: with pauses until all have an answer, for that long and once more at its end.
     * Logs what stays held then. An interruption does not end it.
     */
    void releaseAtLast(Duration atMost) {
        long untilNanos = runtime.nanoTime() + atMost.toNanos();
        boolean interrupted = false;
        for (int failures = 1; !releaseOnce(); failures++) {
            long now = runtime.nanoTime();
            if (untilNanos - now <= 0) {
                logWhatStaysHeld(now);
                break;
            }
            interrupted |= pause(now + Math.min(pace.retryNanos(failures), untilNanos - now));
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns whether the thread was interrupted meanwhile, which it is no more: its next call would fail. */
    private boolean pause(long untilNanos) {
        boolean interrupted = false;
        for (long left = untilNanos - runtime.nanoTime(); left > 0; left = untilNanos - runtime.nanoTime()) {
            runtime.park(this, left);
            interrupted |= Thread.interrupted();
        }
        return interrupted;
    }

    private void logWhatStaysHeld(long now) {
        List<String> streams = new ArrayList<>();
        long longest = 0;
        for (Map.Entry<LeaseKey, Unreleased> entry : unreleased.entrySet()) {
            if (!entry.getValue().hasNoTrace) {
                streams.add(entry.getKey().streamId());
                longest = Math.max(longest, entry.getValue().untilNanos - now);
            }
        }
        if (streams.isEmpty()) {
            return;
        }
        LOG.warn(
                "{} leases stay held for up to {} ms, until they run out, since no release of them had an answer: {};"
                        + " the last failure: {}",
                streams.size(),
                Duration.ofNanos(longest).toMillis(),
                named(streams),
                String.valueOf(failure));
    }

    /** Streams for a line of the log, which ends somewhere. */
    static String named(Collection<String> streams) {
        String some = streams.stream().limit(NAMED).collect(Collectors.joining(", "));
        return streams.size() <= NAMED ? some : some + " and " + (streams.size() - NAMED) + " more";
    }

    /** Ends the thread. */
    @Override
    public void close() {
        closed = true;
        runtime.unpark(thread);
    }
}

package io.streamlocks.client;

import io.streamlocks.client.LeaseCalls.LeaseKey;
import io.streamlocks.client.LeaseCalls.Release;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
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

    /** Nobody looks at what is left any more. */
    private volatile boolean over;

    private final Thread thread;

    /** The outcome of one round of releases. */
    private enum Round {
        /** All had an answer. */
        ANSWERED,
        /** Some were refused, and another try would be, too. All others had an answer. */
        REFUSED,
        UNANSWERED
    }

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

    /** Releases from now on what may have been granted; after {@link #releaseAtLast} it logs that this stays held. */
    void add(LeaseKey key) {
        long now = runtime.nanoTime();
        unreleased.put(key, new Unreleased(now + ttl.toNanos()));
        if (over) {
            logWhatStaysHeld(now);
            return;
        }
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
        return releaseRound() == Round.ANSWERED;
    }

    private Round releaseRound() {
        forgetWhatRanOut();
        Round round = Round.ANSWERED;
        for (List<LeaseKey> chunk : LeaseCalls.chunks(unreleased.keySet(), key -> key)) {
            try {
                // Not together with those of other threads, which may hang: then this would have to wait for room.
                List<Release> results = calls.releaseAll(chunk);
                for (int i = 0; i < chunk.size(); i++) {
                    round = worse(round, take(chunk.get(i), results.get(i)));
                }
            } catch (RuntimeException e) {
                LOG.debug("{} leases are still to be released: {}", chunk.size(), e.toString());
                round = worse(round, failed(e));
                // The others would have to wait as long; a refusal, which comes at once, may be of this call alone.
                if (round == Round.UNANSWERED) {
                    return round;
                }
            }
        }
        return round;
    }

    private static Round worse(Round one, Round other) {
        return one.compareTo(other) > 0 ? one : other;
    }

    private Round failed(RuntimeException cause) {
        failure = cause;
        return cause instanceof CoordinatorRefusedException ? Round.REFUSED : Round.UNANSWERED;
    }

    private Round take(LeaseKey key, Release result) {
        if (result instanceof Release.Unknown unknown) {
            return failed(unknown.cause());
        }
        if (!(result instanceof Release.Lost lost) || lost.reason() != LossReason.UNKNOWN) {
            unreleased.remove(key);
            return Round.ANSWERED;
        }
        // The acquire may still be under way, and be granted after this.
        Unreleased known = unreleased.get(key);
        if (known != null) {
            known.hasNoTrace = true;
        }
        return Round.ANSWERED;
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
     * Releases what is left, on this thread: with pauses until all have an answer and no other thread has a release under
     * way, for that long and once more at its end. Ends at once if all that is left is refused. Logs what stays held then,
     * as {@link #add} does from then on. An interruption does not end it.
     *
     * @param othersRelease whether other threads have releases under way, which come here if they fail
     */
    void releaseAtLast(Duration atMost, BooleanSupplier othersRelease) {
        long untilNanos = runtime.nanoTime() + atMost.toNanos();
        boolean interrupted = false;
        for (int failures = 1; ; failures++) {
            // Asked before what is left is looked at: what fails in between would be seen by neither.
            boolean alone = !othersRelease.getAsBoolean();
            Round round = releaseRound();
            long now = runtime.nanoTime();
            if ((alone && round != Round.UNANSWERED) || untilNanos - now <= 0) {
                break;
            }
            interrupted |= pause(
                    now + Math.min(pace.retryNanos(failures), untilNanos - now),
                    () -> !alone && !othersRelease.getAsBoolean());
        }
        over = true;
        logWhatStaysHeld(runtime.nanoTime());
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns whether the thread was interrupted meanwhile. It is not interrupted then, as its next call would fail. */
    private boolean pause(long untilNanos, BooleanSupplier endsBefore) {
        boolean interrupted = false;
        long left = untilNanos - runtime.nanoTime();
        while (left > 0 && !endsBefore.getAsBoolean()) {
            runtime.park(this, left);
            interrupted |= Thread.interrupted();
            left = untilNanos - runtime.nanoTime();
        }
        return interrupted;
    }

    /** If two threads do this, each logs what it removes. */
    private void logWhatStaysHeld(long now) {
        List<String> streams = new ArrayList<>();
        long longest = 0;
        for (Map.Entry<LeaseKey, Unreleased> entry : unreleased.entrySet()) {
            if (unreleased.remove(entry.getKey(), entry.getValue()) && !entry.getValue().hasNoTrace) {
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
        String some = streams.stream().sorted().limit(NAMED).collect(Collectors.joining(", "));
        return streams.size() <= NAMED ? some : some + " and " + (streams.size() - NAMED) + " more";
    }

    /** Whether {@link #releaseAtLast} has ended. */
    boolean isOver() {
        return over;
    }

    /** Ends the thread. */
    @Override
    public void close() {
        closed = true;
        runtime.unpark(thread);
    }
}

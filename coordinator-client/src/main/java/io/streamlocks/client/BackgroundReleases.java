package io.streamlocks.client;

import io.streamlocks.client.LeaseCalls.LeaseKey;
import io.streamlocks.client.LeaseCalls.Release;
import io.streamlocks.client.Unreleased.UnderWay;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Releases leases that this client does not hold and that may be live for the coordinator. It repeats each release
 * until it has an answer after which nothing can be granted, or until the lease must have run out. It has a thread of
 * its own, because a release can hang for as long as a request may, and renewals must not wait for it.
 */
final class BackgroundReleases implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(BackgroundReleases.class);

    /** A line of the log names so many streams. */
    private static final int NAMED = 20;

    private final LeaseCalls calls;
    private final Timing timing;
    private final Pace pace;
    private final ClientRuntime runtime;

    private final Unreleased unreleased;

    /** The latest failure; null while there is none. */
    private volatile @Nullable RuntimeException failure;

    /** Whether a lease was added since the thread last looked. */
    private volatile boolean woken;

    private volatile boolean closed;

    /** Whether the latest lease was not kept, because there were too many. */
    private final AtomicBoolean full = new AtomicBoolean();

    /** Whether no thread looks at the leases that are left any more. */
    private volatile boolean over;

    private final Thread thread;

    /** The outcome of one round of releases. */
    private enum Round {
        /** All had an answer. */
        ANSWERED,
        /** Some were refused, and would be refused again. All others had an answer. */
        REFUSED,
        /** For some, the coordinator has no lease, but a call that it may grant may be on its way. */
        EARLY,
        UNANSWERED
    }

    BackgroundReleases(LeaseCalls calls, Timing timing, ClientRuntime runtime) {
        this.calls = calls;
        this.timing = timing;
        this.pace = new Pace(timing, runtime);
        this.runtime = runtime;
        this.unreleased = new Unreleased(timing, runtime);
        thread = runtime.newThread("stream-lock-release", this::releaseUntilClosed);
        thread.start();
    }

    /**
     * Releases from now on a lease that may be live. After {@link #releaseAtLast} this only logs that the lease stays
     * held. If {@link Unreleased#MAX} leases are left already, this lease stays held. The log names only the first such
     * lease.
     *
     * @param length how long the lease can last
     * @param underWay the call of the lease that may still be under way
     */
    void add(LeaseKey key, Duration length, UnderWay underWay) {
        if (!unreleased.add(key, length, underWay)) {
            if (full.compareAndSet(false, true)) {
                LOG.warn(
                        "{} releases have no answer, so this lease and those after it stay held until they run out: {};"
                                + " the last failure: {}",
                        Unreleased.MAX,
                        key.streamId(),
                        String.valueOf(failure));
            }
            return;
        }
        full.set(false);
        if (over) {
            logWhatStaysHeld();
            return;
        }
        woken = true;
        runtime.unpark(thread);
    }

    private void releaseUntilClosed() {
        int failures = 0;
        boolean wakeable = true;
        long wakeNanos = runtime.nanoTime();
        while (!closed) {
            try {
                boolean wasWoken = awaitTurn(wakeNanos, wakeable);
                if (wasWoken && wakeable) {
                    // The calls of the new leases arrive within moments, however often earlier ones had no trace.
                    failures = 0;
                }
                if (closed) {
                    return;
                }
                Round round = releaseRound();
                failures = round == Round.ANSWERED ? 0 : failures + 1;
                wakeable = round == Round.ANSWERED || round == Round.EARLY;
            } catch (Throwable e) {
                Notices.surviving("release", e);
                failures++;
                wakeable = false;
            }
            wakeNanos = runtime.nanoTime() + (failures == 0 ? pace.nextNanos() : pace.retryNanos(failures));
        }
    }

    /**
     * Waits for the time of the next round. A lease that is added ends the wait, if the last round did not fail.
     *
     * @return whether a lease was added
     */
    private boolean awaitTurn(long untilNanos, boolean wakeable) {
        long left = untilNanos - runtime.nanoTime();
        while (left > 0 && !closed && !(woken && wakeable)) {
            runtime.parkOwn(this, left);
            left = untilNanos - runtime.nanoTime();
        }
        // The flag is cleared before the round looks at the leases, so that the round passes over none.
        boolean wasWoken = woken;
        woken = false;
        return wasWoken;
    }

    /** Tries to release all. Returns whether all had an answer. */
    boolean releaseOnce() {
        return releaseRound() == Round.ANSWERED;
    }

    private Round releaseRound() {
        forgetWhatRanOut();
        Round round = Round.ANSWERED;
        for (List<LeaseKey> chunk : LeaseCalls.chunks(unreleased.keys(), key -> key)) {
            try {
                // These do not share requests with other threads, whose requests may hang and leave no room.
                List<Release> results = calls.releaseAll(chunk);
                for (int i = 0; i < chunk.size(); i++) {
                    round = worse(round, take(chunk.get(i), results.get(i)));
                }
            } catch (RuntimeException e) {
                LOG.debug("{} leases are still to be released: {}", chunk.size(), e.toString());
                round = worse(round, failed(e));
                // Without an answer the next chunk would have to wait as long. A refusal comes at once, and the next
                // chunk may not be refused.
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
        return result.match(new Release.Cases<>() {
            @Override
            public Round released() {
                return unreleased.released(key) ? Round.EARLY : Round.ANSWERED;
            }

            @Override
            public Round lost(Release.Lost lost) {
                return unreleased.lost(key, lost.reason()) ? Round.EARLY : Round.ANSWERED;
            }

            @Override
            public Round unknown(Release.Unknown unknown) {
                return failed(unknown.cause());
            }
        });
    }

    private void forgetWhatRanOut() {
        List<String> unanswered = unreleased.removeWhatRanOut();
        if (!unanswered.isEmpty()) {
            LOG.warn(
                    "{} leases have run out, because no release of them had an answer: {}; the last failure: {}",
                    unanswered.size(),
                    named(unanswered),
                    String.valueOf(failure));
        }
    }

    /**
     * Releases the leases that are left, on this thread. This repeats the releases with pauses until all have an answer
     * and no other thread has a release under way, for the given time and once more at its end. It ends at once if all
     * leases that are left are refused, or have ended and were added some seconds ago. Then it logs which leases
     * stay held, as {@link #add} does from then on. An interruption does not end it.
     *
     * @param othersRelease whether other threads have releases under way, whose failures arrive here
     */
    void releaseAtLast(Duration atMost, BooleanSupplier othersRelease) {
        long untilNanos = runtime.nanoTime() + atMost.toNanos();
        boolean interrupted = false;
        for (int failures = 1; ; failures++) {
            // This must come before the look at the leases. In the other order, a release that fails in between would
            // be seen by neither.
            boolean alone = !othersRelease.getAsBoolean();
            Round round = releaseRound();
            long now = runtime.nanoTime();
            if ((alone && round.compareTo(Round.EARLY) < 0) || untilNanos - now <= 0) {
                break;
            }
            interrupted |= pause(
                    now + Math.min(pace.retryNanos(failures), untilNanos - now),
                    () -> !alone && !othersRelease.getAsBoolean());
        }
        over = true;
        logWhatStaysHeld();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns whether the thread was interrupted meanwhile. This clears the interruption: the next call would fail. */
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

    private void logWhatStaysHeld() {
        Unreleased.Held held = unreleased.removeAll();
        List<String> streams = held.streams();
        if (streams.isEmpty()) {
            return;
        }
        LOG.warn(
                "{} leases stay held for up to {} ms, until they run out, because no release of them had an answer: {};"
                        + " the last failure: {}",
                streams.size(),
                held.atMost().toMillis(),
                named(streams),
                String.valueOf(failure));
    }

    /** Returns streams for a line of the log, which has a limited length. */
    static String named(Collection<String> streams) {
        String some = streams.stream().sorted().limit(NAMED).collect(Collectors.joining(", "));
        return streams.size() <= NAMED ? some : some + " and " + (streams.size() - NAMED) + " more";
    }

    /** Returns whether {@link #releaseAtLast} has ended. */
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

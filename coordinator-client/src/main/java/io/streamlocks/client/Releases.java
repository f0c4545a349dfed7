package io.streamlocks.client;

import io.streamlocks.client.LeaseCalls.LeaseKey;
import io.streamlocks.client.LeaseCalls.Release;
import io.streamlocks.client.Unreleased.UnderWay;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Releases leases on the threads that close them. A release without an answer goes to the {@linkplain
 * BackgroundReleases background}, which repeats it.
 *
 * <p>The thread that closes the client must know whether other threads have releases under way, because their failures
 * arrive in the background late. So each call counts itself before it ends its leases, and stops counting itself only
 * after its failures have arrived in the background. The closing thread therefore either finds a lease live and ends it
 * by itself, or sees the call, or sees its failures.
 *
 * <p>This class is thread-safe.
 */
final class Releases {

    private static final Logger LOG = LoggerFactory.getLogger(Releases.class);

    private static final Duration CUT_OFF_LOOK = Duration.ofMillis(10);

    private final LeaseCalls calls;
    private final BackgroundReleases background;
    private final Notices notices;
    private final ClientRuntime runtime;

    /** The threads that release, with one entry for each call of {@link #release} that is under way. */
    private final Map<Object, Thread> releasing = new ConcurrentHashMap<>();

    Releases(LeaseCalls calls, BackgroundReleases background, Notices notices, ClientRuntime runtime) {
        this.calls = calls;
        this.background = background;
        this.notices = notices;
        this.runtime = runtime;
    }

    /**
     * Ends leases and releases them, in as few calls as possible.
     *
     * @param ending ends the leases, and returns those to release; it runs when this call counts as under way
     * @param atEnd runs when this call does not count as under way any more, whatever came of it
     */
    void release(Supplier<List<HeldLease>> ending, Runnable atEnd) {
        Object underWay = new Object();
        releasing.put(underWay, Thread.currentThread());
        try {
            releaseCounted(ending.get());
        } finally {
            releasing.remove(underWay);
            atEnd.run();
        }
    }

    /** Returns whether other threads release. The calling thread does not count: a listener may close the client. */
    boolean othersRelease() {
        Thread self = Thread.currentThread();
        return releasing.values().stream().anyMatch(thread -> thread != self);
    }

    /** Waits until the releases of other threads, whose calls were cut off, are over. Their log is complete then. */
    void awaitOthers(Duration atMost) {
        long untilNanos = runtime.nanoTime() + atMost.toNanos();
        boolean interrupted = Thread.interrupted();
        for (long left = atMost.toNanos(); left > 0 && othersRelease(); left = untilNanos - runtime.nanoTime()) {
            runtime.park(this, Math.min(left, CUT_OFF_LOOK.toNanos()));
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void releaseCounted(List<HeldLease> closedLeases) {
        RuntimeException failure = null;
        for (List<HeldLease> chunk : LeaseCalls.chunks(closedLeases, HeldLease::key)) {
            // The other calls would take as long as the one without an answer, so their leases go to the background.
            if (failure == null) {
                try {
                    releaseChunk(chunk);
                    continue;
                } catch (RuntimeException e) {
                    failure = e;
                    warnOfUnknown(chunk, e);
                }
            }
            RuntimeException cause = failure;
            chunk.forEach(lease -> releaseUnknown(lease, cause));
        }
    }

    private void releaseChunk(List<HeldLease> chunk) {
        List<Release> results = calls.release(chunk.stream().map(HeldLease::key).toList());
        List<HeldLease> unknown = new ArrayList<>();
        Optional<RuntimeException> failure = Optional.empty();
        for (int i = 0; i < chunk.size(); i++) {
            Optional<RuntimeException> cause = take(chunk.get(i), results.get(i));
            if (cause.isPresent()) {
                unknown.add(chunk.get(i));
                failure = cause;
            }
        }
        failure.ifPresent(cause -> warnOfUnknown(unknown, cause));
    }

    /** Takes in the outcome of a release. Returns the cause if it is unknown. */
    private Optional<RuntimeException> take(HeldLease lease, Release result) {
        return result.match(new Release.Cases<>() {
            @Override
            public Optional<RuntimeException> released() {
                notices.tell(to -> to.released(lease.streamId()));
                return Optional.empty();
            }

            @Override
            public Optional<RuntimeException> lost(Release.Lost lost) {
                lease.life().lostBeforeRelease(lost.reason());
                return Optional.empty();
            }

            @Override
            public Optional<RuntimeException> unknown(Release.Unknown unknown) {
                releaseUnknown(lease, unknown.cause());
                return Optional.of(unknown.cause());
            }
        });
    }

    private void warnOfUnknown(List<HeldLease> leases, RuntimeException cause) {
        LOG.warn(
                "It is unknown whether {} leases are released, {}: {}: {}",
                leases.size(),
                background.isOver() ? "and the client is closed" : "trying again",
                streams(leases),
                cause.toString());
    }

    /** Returns the streams of leases for a line of the log. */
    static String streams(List<HeldLease> leases) {
        return BackgroundReleases.named(leases.stream().map(HeldLease::streamId).toList());
    }

    private void releaseUnknown(HeldLease lease, RuntimeException cause) {
        background.add(lease.key(), lease.life().longestLength(), UnderWay.ACQUIRE);
        notices.tell(to -> to.releaseUnknown(lease.streamId(), cause));
    }

    /**
     * Releases in the background a lease that may have been granted, until it must have run out.
     *
     * @param longest how long the lease can last
     * @param underWay the call of the lease that may still be under way
     */
    void releaseLater(LeaseKey key, Duration longest, UnderWay underWay) {
        background.add(key, longest, underWay);
    }
}

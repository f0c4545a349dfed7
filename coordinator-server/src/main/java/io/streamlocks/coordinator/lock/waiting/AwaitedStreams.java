package io.streamlocks.coordinator.lock.waiting;

import io.streamlocks.coordinator.lock.AwaitedStream;
import io.streamlocks.coordinator.lock.HandOvers;
import io.streamlocks.coordinator.lock.LockCalls;
import io.streamlocks.coordinator.lock.group.Delay;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongSupplier;

/**
 * The streams that callers of this server wait for. One task at a time looks at those that may have changed: because the
 * storage reported a hand-over, because a lease ends, or because a second has passed. It asks the storage to hand over
 * those that are free. This class is thread-safe, and no method blocks but that task.
 */
final class AwaitedStreams implements HandOvers.Listener {

    /** How often all streams are looked at while the storage reports hand-overs. Reports can be lost. */
    static final int LOOK_MS = 1_000;

    /** How often all streams are looked at while the storage reports no hand-overs. */
    static final int POLL_MS = 250;

    /** Leases that end earlier get a timer. This is above the time to the next look, which may be late. */
    static final Duration HORIZON = Duration.ofMillis(1_250);

    /** The streams of one look. A statement has a time limit, and each stream takes some time. */
    private static final int MOST_LOOKED_AT = 5_000;

    /** The streams that one statement hands over. Leases that were renewed together also end together. */
    private static final int MOST_ADVANCED = 500;

    /** A search for lost places takes place with each so many looks at all streams. */
    private static final int LOOKS_PER_SEARCH = 5;

    private final LockCalls storage;
    private final HandOvers handOvers;
    private final WaitObserver observer;
    private final Findings findings;
    private final PlaceSearch search;
    private final Executor looker;
    private final Delay delay;
    private final LongSupplier nanoTime;

    // This object guards the following.
    private final WaitsByStream streams = new WaitsByStream();
    private Set<String> signalled = new HashSet<>();
    private boolean looksAtAll;
    private int looksUntilSearch = LOOKS_PER_SEARCH;
    private boolean isLooking;
    private boolean isTicking;

    /**
     * @param looker runs the task that looks; one at a time
     * @param delay runs the timers
     */
    AwaitedStreams(
            LockCalls storage,
            HandOvers handOvers,
            WaitObserver observer,
            Findings findings,
            Executor looker,
            Delay delay,
            LongSupplier nanoTime) {
        this.storage = storage;
        this.handOvers = handOvers;
        this.observer = observer;
        this.findings = findings;
        this.search = new PlaceSearch(storage, observer, findings);
        this.looker = looker;
        this.delay = delay;
        this.nanoTime = nanoTime;
    }

    /** Adds requests that are about to take places. A hand-over to them can be reported from then on. */
    void add(Collection<Wait> waits) {
        boolean startsTicking;
        synchronized (this) {
            waits.forEach(streams::add);
            startsTicking = !isTicking;
            isTicking = true;
        }
        if (startsTicking) {
            delay.run(this::tick, intervalMs());
        }
    }

    /** Records that a request has taken its place, and looks at its stream, whose lease may end soon. */
    void confirm(Wait wait) {
        synchronized (this) {
            if (!streams.confirm(wait)) {
                return;
            }
            signalled.add(wait.streamId());
        }
        startLooking();
    }

    synchronized void remove(Collection<Wait> waits) {
        waits.forEach(streams::remove);
    }

    synchronized boolean isEmpty() {
        return streams.isEmpty();
    }

    @Override
    public void handedOver(String streamId, long fencingToken) {
        synchronized (this) {
            if (!streams.isNew(streamId, fencingToken)) {
                return;
            }
            signalled.add(streamId);
        }
        startLooking();
    }

    @Override
    public synchronized boolean isAwaited(String streamId) {
        return streams.streamIds().contains(streamId);
    }

    @Override
    public void found(List<AwaitedStream> states, Duration ago) {
        try {
            // A stream that is free is seen by the next tick.
            apply(states, nanoTime.getAsLong() - ago.toNanos());
        } catch (RuntimeException e) {
            // The release has succeeded. The next tick looks again.
            observer.failed("take in the grants of a release", e);
        }
    }

    @Override
    public void reportsLost() {
        synchronized (this) {
            looksAtAll = true;
        }
        startLooking();
    }

    private int intervalMs() {
        return handOvers.areReported() ? LOOK_MS : POLL_MS;
    }

    private void tick() {
        synchronized (this) {
            if (streams.isEmpty()) {
                isTicking = false;
                return;
            }
            looksAtAll = true;
            looksUntilSearch--;
        }
        startLooking();
        delay.run(this::tick, intervalMs());
    }

    private void startLooking() {
        synchronized (this) {
            if (isLooking || streams.isEmpty()) {
                return;
            }
            isLooking = true;
        }
        try {
            looker.execute(this::runLooks);
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            // The next tick tries again.
            synchronized (this) {
                isLooking = false;
            }
        }
    }

    private void runLooks() {
        boolean ends = false;
        try {
            lookUntilNothingIsLeft();
            ends = true;
        } finally {
            if (!ends) {
                // An error ends this task. The next tick starts another one.
                synchronized (this) {
                    isLooking = false;
                }
            }
        }
    }

    private void lookUntilNothingIsLeft() {
        while (true) {
            List<AwaitedStream.Known> next;
            boolean searches;
            synchronized (this) {
                next = streams.known(looksAtAll ? streams.streamIds() : signalled);
                signalled = new HashSet<>();
                looksAtAll = false;
                searches = looksUntilSearch <= 0;
                if (searches) {
                    looksUntilSearch = LOOKS_PER_SEARCH;
                }
                if (next.isEmpty()) {
                    isLooking = false;
                    return;
                }
            }
            try {
                look(next);
                if (searches) {
                    searchPlaces();
                }
            } catch (RuntimeException e) {
                // The next tick looks again.
                observer.failed("look at the streams that callers wait for", e);
            }
        }
    }

    private void look(List<AwaitedStream.Known> known) {
        for (int from = 0; from < known.size(); from += MOST_LOOKED_AT) {
            List<String> free = find(known.subList(from, Math.min(known.size(), from + MOST_LOOKED_AT)));
            for (int next = 0; next < free.size(); next += MOST_ADVANCED) {
                advance(free.subList(next, Math.min(free.size(), next + MOST_ADVANCED)));
            }
        }
    }

    private List<String> find(List<AwaitedStream.Known> known) {
        long askedNanos = nanoTime.getAsLong();
        return known.isEmpty() ? List.of() : apply(storage.look(known, HORIZON), askedNanos);
    }

    private void advance(List<String> free) {
        storage.advance(free);
        List<AwaitedStream.Known> advanced;
        synchronized (this) {
            advanced = streams.known(free);
        }
        // A stream that is still free waits for its first caller, or is locked. The next tick sees it.
        find(advanced);
    }

    /** Acts on what was found, and returns the streams that are free. */
    private List<String> apply(List<AwaitedStream> found, long askedNanos) {
        List<String> free = new ArrayList<>();
        for (AwaitedStream state : found) {
            WaitsByStream.Seen seen;
            synchronized (this) {
                seen = streams.see(state, HORIZON);
            }
            if (seen.isFree()) {
                free.add(state.streamId());
            }
            state.lease().ifPresent(lease -> seen.granted().forEach(wait -> findings.granted(wait, lease, askedNanos)));
            if (seen.needsTimer()) {
                // Rounded up, so that the lease has ended when the timer runs.
                delay.run(() -> timer(state.streamId()), state.grantableIn().toMillis() + 1);
            }
        }
        return free;
    }

    private void timer(String streamId) {
        synchronized (this) {
            if (!streams.timerHasRun(streamId)) {
                return;
            }
            signalled.add(streamId);
        }
        startLooking();
    }

    private void searchPlaces() {
        List<Wait> confirmed;
        synchronized (this) {
            confirmed = streams.confirmed();
        }
        search.find(confirmed);
    }
}

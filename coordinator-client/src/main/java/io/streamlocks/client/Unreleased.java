package io.streamlocks.client;

import io.streamlocks.client.LeaseCalls.LeaseKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * The leases that are to be released, until each has an answer after which nothing can be granted, or must have run
 * out. This class is thread-safe.
 */
final class Unreleased {

    /**
     * The most leases that are kept. A client without a ttl may keep a lease for a day while it has no answer, and
     * could run out of memory. Several threads that add at the same time may exceed this by one each.
     */
    static final int MAX = 100_000;

    /** An acquire that was cut off arrives within this time as a rule, if it arrives at all. */
    private static final Duration ON_ITS_WAY = Duration.ofSeconds(2);

    /** Which call of a lease may still be under way when the lease is to be released. */
    enum UnderWay {
        NOTHING,

        /**
         * A call that may be granted after a release that found no trace of it. A release that found its lease ends the
         * matter, because the coordinator grants no lease id twice.
         */
        ACQUIRE,

        /**
         * A call that continues in the place of an earlier one. A release may find and remove only that place, and the
         * call may be granted after it.
         */
        REPEATED_WAIT
    }

    private final Timing timing;
    private final ClientRuntime runtime;
    private final Map<LeaseKey, Entry> entries = new ConcurrentHashMap<>();

    /** A lease that is to be released. */
    private static final class Entry {
        private final long addedNanos;
        private final Duration length;

        private final UnderWay underWay;

        /** Whether the coordinator has answered that it has no lease, or none any more. */
        private volatile boolean hasNoLease;

        Entry(long addedNanos, Duration length, UnderWay underWay) {
            this.addedNanos = addedNanos;
            this.length = length;
            this.underWay = underWay;
        }
    }

    /**
     * Leases that stay held.
     *
     * @param streams their streams
     * @param atMost how long the last of them stays held
     */
    record Held(List<String> streams, Duration atMost) {}

    Unreleased(Timing timing, ClientRuntime runtime) {
        this.timing = timing;
        this.runtime = runtime;
    }

    /**
     * Adds a lease that may be live.
     *
     * @param length how long the lease can last
     * @param underWay the call of the lease that may still be under way
     * @return whether it was added; false if there are {@link #MAX} leases already
     */
    boolean add(LeaseKey key, Duration length, UnderWay underWay) {
        if (entries.size() >= MAX && !entries.containsKey(key)) {
            return false;
        }
        entries.put(key, new Entry(runtime.nanoTime(), length, underWay));
        return true;
    }

    Set<LeaseKey> keys() {
        return entries.keySet();
    }

    /**
     * Removes a lease that was released. One whose place may be all that the release found stays for a while.
     *
     * @return whether its call may well be on its way: the lease stays and was added a moment ago
     */
    boolean released(LeaseKey key) {
        return ended(key, underWay -> underWay == UnderWay.REPEATED_WAIT);
    }

    /**
     * Removes a lease that has ended. A lease without a trace stays for a while.
     *
     * @return whether its acquire may well be on its way: the lease has no trace and was added a moment ago
     */
    boolean lost(LeaseKey key, LossReason reason) {
        return ended(key, underWay -> underWay != UnderWay.NOTHING && reason == LossReason.UNKNOWN);
    }

    private boolean ended(LeaseKey key, Predicate<UnderWay> mayBeGrantedLater) {
        Entry kept = entries.computeIfPresent(key, (same, known) -> {
            // The call may be granted after this, so the release is repeated for a while.
            known.hasNoLease = mayBeGrantedLater.test(known.underWay);
            long repeatedNanos = runtime.nanoTime() - known.addedNanos;
            return known.hasNoLease && repeatedNanos < timing.longestLease().toNanos() ? known : null;
        });
        return kept != null && runtime.nanoTime() - kept.addedNanos < ON_ITS_WAY.toNanos();
    }

    /** Removes the leases that have run out by now, and returns the streams of those that had no answer. */
    List<String> removeWhatRanOut() {
        long now = runtime.nanoTime();
        List<String> unanswered = new ArrayList<>();
        entries.forEach((key, known) -> {
            if (now - untilNanos(known) >= 0 && entries.remove(key, known) && !known.hasNoLease) {
                unanswered.add(key.streamId());
            }
        });
        return unanswered;
    }

    /**
     * Removes all leases, and returns those that may be live. If two threads do this at the same time, each returns the
     * leases that it removes.
     */
    Held removeAll() {
        long now = runtime.nanoTime();
        List<String> streams = new ArrayList<>();
        long longest = 0;
        for (Map.Entry<LeaseKey, Entry> entry : entries.entrySet()) {
            if (entries.remove(entry.getKey(), entry.getValue()) && !entry.getValue().hasNoLease) {
                streams.add(entry.getKey().streamId());
                longest = Math.max(longest, untilNanos(entry.getValue()) - now);
            }
        }
        return new Held(streams, Duration.ofNanos(longest));
    }

    /** Returns when a lease has run out by itself, if it was granted before it was added. */
    private long untilNanos(Entry known) {
        return known.addedNanos + known.length.toNanos();
    }
}

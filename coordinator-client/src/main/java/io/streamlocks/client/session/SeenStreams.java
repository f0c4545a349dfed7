package io.streamlocks.client.session;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The streams for which a member of a group has had events lately, and everything that it knows about them. This class
 * makes no calls and has no clock. It is not thread-safe.
 */
final class SeenStreams {

    /** For how many heartbeats a stream counts as having work after its latest event. */
    private static final int BEATS_OF_WORK = 2;

    /** After so many heartbeats with events, a member tries a stream beyond its share if it knows no holder. */
    private static final int BEATS_LEFT_ALONE = 2;

    /** After so many, it looks whether the holder that it knows still has the stream. */
    private static final int BEATS_UNTIL_HOLDER_IS_OLD = 10;

    /** A hand-over takes no longer than so many heartbeats as a rule. */
    private static final int BEATS_EXPECTED = 5;

    /** For so many heartbeats, a member does not take back what it has handed over, if the group is the same. */
    private static final int BEATS_HANDED_OVER = 10;

    private final LongSupplier heartbeatNanos;
    private final Map<String, Seen> streams = new HashMap<>();

    /** A stream, and what is known about it. */
    final class Seen {
        private final String streamId;
        private final int mixedHash;
        private boolean hasWork;
        private long workUntilNanos;

        /** Since when it has had events, and was not known to be held. */
        private long aloneSinceNanos;

        private boolean wasTried;
        private long triedNanos;

        @Nullable
        private String holder;

        /** How many streams too many its holder had when the member began to wait for it; 0 if it does not. */
        private int expectedOfExcess;

        private long expectedUntilNanos;

        private boolean wasHandedOver;
        private long handedOverNanos;

        private Seen(String streamId, long nowNanos) {
            this.streamId = streamId;
            this.mixedHash = MemberShares.mixedHash(streamId);
            this.aloneSinceNanos = nowNanos;
        }

        String streamId() {
            return streamId;
        }

        int mixedHash() {
            return mixedHash;
        }

        /** Records that the member waits for it, because its holder has so many streams too many. */
        void expect(int ofExcess, long nowNanos) {
            expectedOfExcess = ofExcess;
            expectedUntilNanos = nowNanos + BEATS_EXPECTED * heartbeatNanos.getAsLong();
        }

        int expectedOfExcess() {
            return expectedOfExcess;
        }

        /** Returns whether the holder should hand it over, and has had little time for that. */
        boolean isExpected(long nowNanos) {
            return expectedOfExcess > 0 && expectedUntilNanos - nowNanos > 0;
        }

        /** Returns when it was tried; 0 if it never was. */
        long triedNanos() {
            return triedNanos;
        }

        /** Returns who held it at the latest try; empty if that is not known. */
        Optional<String> holder() {
            return Optional.ofNullable(holder);
        }

        /** Returns whether it may be tried now: once per heartbeat, and beyond the share only if it was left alone. */
        boolean isDue(boolean isWithinShare, long nowNanos) {
            if (wasTried && nowNanos - triedNanos < heartbeatNanos.getAsLong()) {
                return false;
            }
            int beats = holder == null ? BEATS_LEFT_ALONE : BEATS_UNTIL_HOLDER_IS_OLD;
            return isWithinShare || nowNanos - aloneSinceNanos > beats * heartbeatNanos.getAsLong();
        }

        private boolean hasWork(long nowNanos) {
            return hasWork && workUntilNanos - nowNanos >= 0;
        }

        private boolean isHandedOver(long nowNanos) {
            return wasHandedOver && nowNanos - handedOverNanos < BEATS_HANDED_OVER * heartbeatNanos.getAsLong();
        }
    }

    /** @param heartbeatNanos returns the time between two reports, which follows the length of leases */
    SeenStreams(LongSupplier heartbeatNanos) {
        this.heartbeatNanos = heartbeatNanos;
    }

    /**
     * Records that streams have events.
     *
     * @param time how long they count as having work; two heartbeats at least
     */
    void sawEvents(Collection<String> streamIds, Duration time, long nowNanos) {
        long untilNanos = nowNanos + Math.max(time.toNanos(), BEATS_OF_WORK * heartbeatNanos.getAsLong());
        for (String streamId : streamIds) {
            Seen one = streams.computeIfAbsent(streamId, id -> new Seen(id, nowNanos));
            if (!one.hasWork(nowNanos)) {
                one.aloneSinceNanos = nowNanos;
                // Its holder may have released it, because it had no events.
                one.holder = null;
            }
            one.hasWork = true;
            one.workUntilNanos = untilNanos;
        }
    }

    /** Returns a length of time in heartbeats. */
    double beats(long nanos) {
        return (double) nanos / heartbeatNanos.getAsLong();
    }

    /** Returns whether one of these streams is to be tried now. */
    boolean isAnyDue(Collection<String> streamIds, Set<String> held, boolean isWithinShare, long nowNanos) {
        return streamIds.stream()
                .filter(streamId -> !held.contains(streamId))
                .map(streams::get)
                .anyMatch(one -> one != null && !one.isHandedOver(nowNanos) && one.isDue(isWithinShare, nowNanos));
    }

    /** Records that the member hands a stream over. */
    void handedOver(String streamId, long nowNanos) {
        // The hand-over is no event. The stream may have had none lately.
        Seen one = streams.computeIfAbsent(streamId, id -> new Seen(id, nowNanos));
        one.wasHandedOver = true;
        one.handedOverNanos = nowNanos;
        one.holder = null;
        one.aloneSinceNanos = nowNanos;
    }

    /** Records that the group has changed, so that the member may take back what it has handed over. */
    void groupHasChanged() {
        streams.values().forEach(one -> one.wasHandedOver = false);
    }

    /**
     * Records that a stream was tried and not granted.
     *
     * @param holder who holds it; empty if that is not known
     */
    void wasHeld(String streamId, Optional<String> holder, long nowNanos) {
        Seen one = streams.get(streamId);
        if (one != null) {
            one.wasTried = true;
            one.triedNanos = nowNanos;
            if (!holder.equals(one.holder())) {
                one.expectedOfExcess = 0;
            }
            one.holder = holder.orElse(null);
            one.aloneSinceNanos = holder.isPresent() ? nowNanos : one.aloneSinceNanos;
            one.wasHandedOver = false;
        }
    }

    /** Records that a stream was tried. Its holder is the one that was known before. */
    void wasTried(String streamId, long nowNanos) {
        Seen one = streams.get(streamId);
        if (one != null) {
            one.wasTried = true;
            one.triedNanos = nowNanos;
        }
    }

    /** Records that the member holds a stream, and does not hand it over. */
    void isHeld(String streamId) {
        Seen one = streams.get(streamId);
        if (one != null) {
            one.wasTried = false;
            one.expectedOfExcess = 0;
            one.holder = null;
            one.wasHandedOver = false;
        }
    }

    /** Returns the number of streams that the member holds or has work for, and forgets the others. */
    int wanted(Set<String> held, long nowNanos) {
        streams.values().removeIf(one -> !one.hasWork(nowNanos) && !one.isHandedOver(nowNanos));
        int wanted = held.size();
        for (Seen one : streams.values()) {
            if (held.contains(one.streamId)) {
                one.aloneSinceNanos = nowNanos;
            } else if (one.hasWork(nowNanos)) {
                wanted++;
            }
        }
        return wanted;
    }

    /** Returns the streams that the member has work for, does not hold, and has not handed over lately. */
    List<Seen> toAcquire(Set<String> held, long nowNanos) {
        return streams.values().stream()
                .filter(one -> !held.contains(one.streamId) && one.hasWork(nowNanos) && !one.isHandedOver(nowNanos))
                .toList();
    }
}

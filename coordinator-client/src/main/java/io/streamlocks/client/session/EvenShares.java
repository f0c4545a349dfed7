package io.streamlocks.client.session;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides which streams a member of a group tries to acquire, which it waits for, and which it hands over. The
 * coordinator tells each member its share. Everything else is decided here, so that there is no leader, and no
 * assignment that members have to agree on.
 *
 * <ul>
 *   <li>A member below its share tries the streams that it has events for. It waits for those that others hold, for no
 *       more streams than it lacks, and first for those whose holders are above their shares: from each such holder for
 *       its part of what the holder has too many. The members that lack streams divide the streams among them by a hash,
 *       so that two rarely wait for the same one.
 *   <li>A member at its share or above tries a few streams, and only if it has had events for them and has not learned
 *       during ten heartbeats that they are held. So no stream is left alone because of a wrong count.
 *   <li>A member above its share hands over as many streams as it has too many, once two heartbeats in a row have
 *       returned the same members and the same share. Otherwise workers that join together would move streams twice. It
 *       hands over streams that others wait for. If it is still above its share two heartbeats later, and other members
 *       lack streams, it also hands over streams that nobody waits for.
 * </ul>
 *
 * <p>This class makes no calls and has no clock. It is not thread-safe.
 */
final class EvenShares {

    /** The most streams of one request. */
    static final int MOST_TRIED = 1000;

    /** For how many heartbeats a stream counts as having work after its latest event. */
    private static final int BEATS_OF_WORK = 2;

    /** After so many heartbeats with events, a member tries a stream beyond its share. */
    private static final int BEATS_LEFT_ALONE = 10;

    /** A member that is beyond its share tries this part of its share at a time. */
    private static final int PART_BEYOND_SHARE = 20;

    /** A member does not take back a stream that it has handed over for so many heartbeats, if the group is the same. */
    private static final int BEATS_HANDED_OVER = 10;

    /** A member that is above its share for more heartbeats also hands over streams that nobody waits for. */
    private static final int BEATS_UNTIL_UNAWAITED = 2;

    private final long heartbeatNanos;
    private final Random random;

    /** The streams that have had events lately. */
    private final Map<String, Seen> seen = new HashMap<>();

    private Standing standing = new Standing(0, 0, 0, 0, 0);
    private int beatsAbove;

    /** How many streams too many each owner holds that is above its share. */
    private Map<String, Integer> above = Map.of();

    /** The position of this member among those that lack streams, and their number. */
    private int lackingIndex;

    private int lackingMembers = 1;

    /**
     * What the coordinator tells a member.
     *
     * @param members the number of live members
     * @param held the number of leases that all of them hold
     * @param wanted the number of streams that they share
     * @param share how many streams this member should hold
     * @param missing how many leases all members together lack to their shares
     */
    record Standing(int members, int held, int wanted, int share, int missing) {}

    /** A stream that has had events lately. */
    private static final class Seen {
        long lastEventNanos;

        /** Since when it has had events, and was not known to be held. */
        long aloneSinceNanos;

        boolean wasTried;
        long triedNanos;

        /** Who held it at the latest try; null if that is not known. */
        @Nullable
        String holder;

        boolean wasHandedOver;
        long handedOverNanos;

        Seen(long nowNanos) {
            this.lastEventNanos = nowNanos;
            this.aloneSinceNanos = nowNanos;
        }
    }

    /**
     * @param heartbeat the time between two reports
     * @param random chooses among equals, so that members do not all choose the same
     */
    EvenShares(Duration heartbeat, Random random) {
        this.heartbeatNanos = heartbeat.toNanos();
        this.random = random;
    }

    /** Takes note of streams that have events. */
    void sawEvents(Collection<String> streamIds, long nowNanos) {
        for (String streamId : streamIds) {
            Seen one = seen.computeIfAbsent(streamId, id -> new Seen(nowNanos));
            if (!hasWork(one, nowNanos)) {
                one.aloneSinceNanos = nowNanos;
            }
            one.lastEventNanos = nowNanos;
        }
    }

    /** Returns the number of streams that the member holds or has work for, and forgets the others. */
    int wanted(Set<String> held, long nowNanos) {
        seen.values().removeIf(one -> !hasWork(one, nowNanos) && !isExcluded(one, nowNanos));
        held.stream().map(seen::get).filter(Objects::nonNull).forEach(one -> one.aloneSinceNanos = nowNanos);
        int others = (int) seen.entrySet().stream()
                .filter(one -> !held.contains(one.getKey()) && hasWork(one.getValue(), nowNanos))
                .count();
        return held.size() + others;
    }

    private boolean hasWork(Seen one, long nowNanos) {
        return nowNanos - one.lastEventNanos <= BEATS_OF_WORK * heartbeatNanos;
    }

    /** Returns whether the group shares fewer streams than this member wants. A report changes that. */
    boolean knowsMoreThanTheGroup(int wanted) {
        return wanted > standing.wanted();
    }

    /** Returns how many streams the member lacks to its share. */
    int lacks(int held) {
        return Math.max(0, standing.share() - held);
    }

    /**
     * Takes in what the coordinator told the member, and returns the streams to hand over.
     *
     * @param told what it told
     * @param waiting how many others wait for each stream that this member holds and is not handing over
     */
    List<String> heartbeat(Standing told, Map<String, Integer> waiting) {
        boolean isSame = told.members() == standing.members() && told.share() == standing.share();
        standing = told;
        if (!isSame) {
            seen.values().forEach(one -> one.wasHandedOver = false);
        }
        int excess = waiting.size() - told.share();
        beatsAbove = excess > 0 && isSame ? beatsAbove + 1 : 0;
        if (excess <= 0 || !isSame) {
            return List.of();
        }
        List<String> awaited = new ArrayList<>();
        List<String> others = new ArrayList<>();
        waiting.forEach((streamId, waiters) -> (waiters > 0 ? awaited : others).add(streamId));
        Collections.shuffle(awaited, random);
        List<String> chosen = new ArrayList<>(awaited.subList(0, Math.min(excess, awaited.size())));
        if (beatsAbove > BEATS_UNTIL_UNAWAITED) {
            Collections.shuffle(others, random);
            int more = Math.min(told.missing() - chosen.size(), excess - chosen.size());
            chosen.addAll(others.subList(0, Math.max(0, Math.min(more, others.size()))));
        }
        return chosen;
    }

    /** Returns whether the member should ask who is above and below its share: it lacks streams that others have. */
    boolean needsMembers(int held) {
        return lacks(held) > 0 && standing.members() > 1;
    }

    /**
     * Takes in who is above and below its share.
     *
     * @param excess how many streams too many each owner holds that is above its share
     * @param lacking the owners that lack streams, in an order that is the same for all
     * @param own this member
     */
    void members(Map<String, Integer> excess, List<String> lacking, String own) {
        above = Map.copyOf(excess);
        lackingIndex = Math.max(0, lacking.indexOf(own));
        lackingMembers = Math.max(1, lacking.size());
    }

    /** Takes note that the member hands a stream over. */
    void handedOver(String streamId, long nowNanos) {
        // It may have had no events lately, and has none by this.
        Seen one = seen.computeIfAbsent(streamId, id -> new Seen(nowNanos - (BEATS_OF_WORK + 1) * heartbeatNanos));
        one.wasHandedOver = true;
        one.handedOverNanos = nowNanos;
        one.holder = null;
        one.aloneSinceNanos = nowNanos;
    }

    private boolean isExcluded(Seen one, long nowNanos) {
        return one.wasHandedOver && nowNanos - one.handedOverNanos < BEATS_HANDED_OVER * heartbeatNanos;
    }

    /**
     * Returns streams to try now, with one request. The caller reports what became of each, and then asks again.
     *
     * @param held the streams that it holds
     * @param room how many more it can hold
     */
    List<String> toTry(Set<String> held, int room, long nowNanos) {
        int lacks = Math.min(room, lacks(held.size()));
        // If some streams are free, a larger request would be granted more of them than the member lacks.
        boolean areAllHeld = standing.held() >= standing.wanted();
        int withinShare = areAllHeld ? MOST_TRIED : lacks;
        int beyondShare = Math.max(1, standing.share() / PART_BEYOND_SHARE);
        int most = Math.min(room, Math.min(MOST_TRIED, lacks > 0 ? withinShare : beyondShare));
        return seen.entrySet().stream()
                .filter(one -> !held.contains(one.getKey())
                        && hasWork(one.getValue(), nowNanos)
                        && !isExcluded(one.getValue(), nowNanos)
                        && isDue(one.getValue(), lacks, nowNanos))
                // Those that are not known to be held come first.
                .sorted(Comparator.comparing(one -> one.getValue().holder != null))
                .limit(most)
                .map(Map.Entry::getKey)
                .toList();
    }

    private boolean isDue(Seen one, int lacks, long nowNanos) {
        if (one.wasTried && nowNanos - one.triedNanos < heartbeatNanos) {
            return false;
        }
        return lacks > 0 || nowNanos - one.aloneSinceNanos > BEATS_LEFT_ALONE * heartbeatNanos;
    }

    /**
     * Takes note that a stream was tried and not granted.
     *
     * @param holder who holds it; empty if that is not known
     */
    void wasHeld(String streamId, Optional<String> holder, long nowNanos) {
        Seen one = seen.get(streamId);
        if (one != null) {
            one.wasTried = true;
            one.triedNanos = nowNanos;
            one.holder = holder.orElse(null);
            one.aloneSinceNanos = holder.isPresent() ? nowNanos : one.aloneSinceNanos;
            one.wasHandedOver = false;
        }
    }

    /** Takes note that a stream was granted. */
    void wasGranted(String streamId) {
        Seen one = seen.get(streamId);
        if (one != null) {
            one.wasTried = false;
            one.holder = null;
            one.wasHandedOver = false;
        }
    }

    /**
     * Returns the streams to wait for: no more than the member lacks, and its present places if they are as good as
     * others.
     *
     * @param places the streams that it waits for
     * @param held the streams that it holds
     */
    List<String> toAwait(Set<String> places, Set<String> held, int room, long nowNanos) {
        int most = Math.min(room, lacks(held.size()));
        if (most == 0) {
            return List.of();
        }
        List<Map.Entry<String, Seen>> candidates = new ArrayList<>();
        for (Map.Entry<String, Seen> entry : seen.entrySet()) {
            Seen one = entry.getValue();
            if (one.holder != null
                    && !held.contains(entry.getKey())
                    && hasWork(one, nowNanos)
                    && !isExcluded(one, nowNanos)) {
                candidates.add(entry);
            }
        }
        Collections.shuffle(candidates, random);
        candidates.sort(Comparator.comparingInt(one -> rank(one.getKey(), one.getValue(), places)));
        // Those that hold too many give up all of that together, if each that lacks streams waits for its part of it.
        Map<String, Integer> quotas = new HashMap<>();
        above.forEach((owner, excess) -> quotas.put(owner, (excess + lackingMembers - 1) / lackingMembers));
        List<String> chosen = new ArrayList<>();
        List<String> others = new ArrayList<>();
        for (Map.Entry<String, Seen> one : candidates) {
            String holder = String.valueOf(one.getValue().holder);
            int quota = quotas.getOrDefault(holder, 0);
            (quota > 0 ? chosen : others).add(one.getKey());
            quotas.put(holder, quota - 1);
        }
        chosen.addAll(others);
        return List.copyOf(chosen.subList(0, Math.min(most, chosen.size())));
    }

    /** Returns a lower number for a stream that is better to wait for. */
    private int rank(String streamId, Seen one, Set<String> places) {
        int other = places.contains(streamId) ? 0 : 1;
        if (one.holder == null || !above.containsKey(one.holder)) {
            return 4 + other;
        }
        // Two waiters of one stream would both get it only if it moved twice.
        boolean isOwnPart = Math.floorMod(mixed(streamId.hashCode()), lackingMembers) == lackingIndex;
        return (isOwnPart ? 0 : 2) + other;
    }

    /** The hash codes of ids that are numbered differ in their last bits only. */
    private static int mixed(int hash) {
        int mixed = hash * 0x9E3779B9;
        return mixed ^ (mixed >>> 16);
    }
}

package io.streamlocks.client.session;

import io.streamlocks.client.session.SeenStreams.Seen;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Decides which streams a member of a group tries to acquire, which it waits for, and which it hands over. The
 * coordinator tells each member its share. Everything else is decided here, so that there is no leader, and no
 * assignment that members have to agree on.
 *
 * <ul>
 *   <li>A member below its share tries the streams that it has events for. It waits for those that others hold, for no
 *       more streams than it lacks, and first for those whose holders are above their shares: from each such holder for
 *       its part of what the holder has too many. The members that lack streams divide the streams among them by a
 *       hash, so that two rarely wait for the same one.
 *   <li>A member at its share or above tries a few streams, and only if it has had events for them and has not learned
 *       during ten heartbeats that they are held. So no stream is left alone because of a wrong count.
 *   <li>A member above its share hands over as many streams as it has too many, once two heartbeats in a row have
 *       returned the same number of members and the same share. Otherwise workers that join together would move streams
 *       twice. It hands over streams that others wait for. If it is still above its share two heartbeats later, and
 *       other members lack streams, it also hands over streams that nobody waits for.
 * </ul>
 *
 * <p>This class makes no calls and has no clock. It is not thread-safe.
 */
final class EvenShares {

    /** The most streams of one request. */
    private static final int MOST_TRIED = 1000;

    /** A member that is beyond its share tries this part of its share at a time. */
    private static final int PART_BEYOND_SHARE = 20;

    /** A member that is above its share for more heartbeats also hands over streams that nobody waits for. */
    private static final int BEATS_UNTIL_UNAWAITED = 2;

    private final SeenStreams seen;
    private final Random random;
    private Standing standing = new Standing(0, 0, 0, 0, 0);
    private int beatsAbove;

    /** How many streams too many each owner holds that is above its share. */
    private Map<String, Integer> above = Map.of();

    /** The position of this member among those that lack streams, and their number. */
    private int lackingIndex;

    private int lackingMembers = 1;

    /**
     * The response to a report.
     *
     * @param members the number of live members
     * @param held the number of leases that all of them hold
     * @param wanted the number of streams that they share
     * @param share how many streams this member should hold
     * @param missing how many leases all members together lack to their shares
     */
    record Standing(int members, int held, int wanted, int share, int missing) {}

    /**
     * @param seen the streams that have events; the caller records what becomes of them
     * @param random chooses among equals, so that members do not all choose the same
     */
    EvenShares(SeenStreams seen, Random random) {
        this.seen = seen;
        this.random = random;
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
     * Takes in the response to the report of a heartbeat, and returns the streams to hand over.
     *
     * @param told the response
     * @param waiting how many others wait for each stream that this member holds and is not handing over
     */
    List<String> heartbeat(Standing told, Map<String, Integer> waiting) {
        boolean isSame = told.members() == standing.members() && told.share() == standing.share();
        standing = told;
        if (!isSame) {
            seen.groupHasChanged();
        }
        int excess = waiting.size() - told.share();
        beatsAbove = excess > 0 && isSame ? beatsAbove + 1 : 0;
        if (beatsAbove == 0) {
            return List.of();
        }
        List<String> awaited = new ArrayList<>();
        List<String> others = new ArrayList<>();
        waiting.forEach((streamId, waiters) -> (waiters > 0 ? awaited : others).add(streamId));
        Collections.shuffle(awaited, random);
        List<String> chosen = new ArrayList<>(first(excess, awaited));
        if (beatsAbove > BEATS_UNTIL_UNAWAITED) {
            Collections.shuffle(others, random);
            chosen.addAll(first(Math.min(told.missing(), excess) - chosen.size(), others));
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

    /**
     * Returns streams to try now, with one request. The caller records what became of each, and then asks again.
     *
     * @param held the streams that it holds
     * @param room how many more it can hold
     */
    List<String> toTry(Set<String> held, int room, long nowNanos) {
        int lacks = lacks(held.size());
        // If some streams are free, a larger request would be granted more of them than the member lacks.
        boolean areAllHeld = standing.held() >= standing.wanted();
        int withinShare = areAllHeld ? MOST_TRIED : lacks;
        int beyondShare = Math.max(1, standing.share() / PART_BEYOND_SHARE);
        return seen.toAcquire(held, nowNanos).stream()
                .filter(one -> one.isDue(lacks > 0, nowNanos))
                // Those that are not known to be held come first.
                .sorted(Comparator.comparing(one -> one.holder().isPresent()))
                .limit(Math.min(room, Math.min(MOST_TRIED, lacks > 0 ? withinShare : beyondShare)))
                .map(Seen::streamId)
                .toList();
    }

    /**
     * Returns the streams to wait for: no more than the member lacks, and its present places if they are as good as
     * others.
     *
     * @param places the streams that it waits for
     * @param held the streams that it holds
     * @param room how many more it can hold
     */
    List<String> toAwait(Set<String> places, Set<String> held, int room, long nowNanos) {
        int most = Math.min(room, lacks(held.size()));
        if (most == 0) {
            return List.of();
        }
        List<Seen> candidates = seen.toAcquire(held, nowNanos).stream()
                .filter(one -> one.holder().isPresent())
                .collect(Collectors.toCollection(ArrayList::new));
        Collections.shuffle(candidates, random);
        candidates.sort(Comparator.comparingInt(one -> rank(one, places)));
        // Those that hold too many give up all of that together, if each that lacks streams waits for its part of it.
        Map<String, Integer> quotas = new HashMap<>();
        above.forEach((owner, excess) -> quotas.put(owner, (excess + lackingMembers - 1) / lackingMembers));
        List<String> chosen = new ArrayList<>();
        List<String> others = new ArrayList<>();
        for (Seen one : candidates) {
            int quota = quotas.merge(one.holder().orElseThrow(), -1, Integer::sum);
            (quota >= 0 ? chosen : others).add(one.streamId());
        }
        chosen.addAll(others);
        return first(most, chosen);
    }

    /** Returns a lower number for a stream that is better to wait for. */
    private int rank(Seen one, Set<String> places) {
        int other = places.contains(one.streamId()) ? 0 : 1;
        Optional<String> excessive = one.holder().filter(above::containsKey);
        if (excessive.isEmpty()) {
            return 4 + other;
        }
        // Two waiters of one stream would both get it only if it moved twice.
        boolean isOwnPart = Math.floorMod(mixed(one.streamId().hashCode()), lackingMembers) == lackingIndex;
        return (isOwnPart ? 0 : 2) + other;
    }

    /** The hash codes of ids that are numbered differ in their last bits only. */
    private static int mixed(int hash) {
        int mixed = hash * 0x9E3779B9;
        return mixed ^ (mixed >>> 16);
    }

    private static List<String> first(int most, List<String> all) {
        return all.subList(0, Math.max(0, Math.min(most, all.size())));
    }
}

package io.streamlocks.client.session;

import io.streamlocks.client.GroupMember;
import io.streamlocks.client.GroupMember.Standing;
import io.streamlocks.client.session.SeenStreams.Seen;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Decides which streams a member of a group tries to acquire, which it waits for, and which it hands over. The
 * coordinator tells each member its share. Everything else is decided here, so that there is no leader, and no
 * assignment that members have to agree on.
 *
 * <ul>
 *   <li>A member below its share tries the streams that it has events for. It waits for those that others hold, for no
 *       more streams than it lacks, and first for those whose holders are above their shares. The members that lack
 *       streams divide those among them, so that two rarely wait for the same one: each computes the same list of the
 *       streams that should move, and takes its own part of the list.
 *   <li>A member at its share or above tries a few streams, and only if it has had events for them and has not learned
 *       during ten heartbeats that they are held. So no stream is left alone because of a wrong count.
 *   <li>A member above its share hands over as many streams as it has too many, once the number of members and its share
 *       have been the same for a heartbeat. Otherwise workers that join together would move streams twice. It hands over
 *       streams that others wait for. If it is still above its share two heartbeats later, and other members lack
 *       streams, it also hands over streams that nobody waits for.
 * </ul>
 *
 * <p>This class makes no calls and has no clock. It is not thread-safe.
 */
final class EvenShares {

    /** The most streams of one request. */
    private static final int MOST_TRIED = 1000;

    /**
     * A member beyond its share tries this part of its share per heartbeat. When a worker has stopped, its streams are
     * free until the shares of the others have risen, and this is less than what its share will rise by.
     */
    private static final int PART_BEYOND_SHARE = 4;

    /** The group is settled if the next report of the member finds nothing changed. Heartbeats have a jitter. */
    private static final double SETTLED_BEATS = 0.8;

    /** A member that is above its share for so long also hands over streams that nobody waits for. */
    private static final double UNAWAITED_BEATS = 2.8;

    /** After so many heartbeats, all members know that the group has changed, and have what they lacked. */
    private static final int BEATS_TO_LEARN = 4;

    private final SeenStreams seen;
    private final Random random;
    private Standing standing = new Standing(0, 0, 0, 0, 0);

    /** Since when the group has had as many members. */
    private long membersSinceNanos;

    /** Since when the share has also been the same. */
    private long sameSinceNanos;

    /** Since when the member has also been above its share. */
    private long aboveSinceNanos;

    private boolean hasTriedBeyondShare;
    private long triedBeyondShareNanos;

    /** How many streams too many each owner holds that is above its share, in the same order for all members. */
    private SortedMap<String, Integer> excess = new TreeMap<>();

    /** How many streams the members lack that come before this one, that this one lacks, and that all of them lack. */
    private int lackedBefore;

    private int lackedHere;
    private int lackedByAll;

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
     * Takes in the response to a report, and returns the streams to hand over.
     *
     * @param told the response
     * @param waiting how many others wait for each stream that this member holds and is not handing over
     */
    List<String> heartbeat(Standing told, Map<String, Integer> waiting, long nowNanos) {
        if (told.members() != standing.members()) {
            membersSinceNanos = nowNanos;
        }
        boolean isSame = told.members() == standing.members() && told.share() == standing.share();
        standing = told;
        int tooMany = waiting.size() - told.share();
        if (!isSame) {
            seen.groupHasChanged();
            sameSinceNanos = nowNanos;
        }
        if (!isSame || tooMany <= 0) {
            aboveSinceNanos = nowNanos;
        }
        if (tooMany <= 0 || seen.beats(nowNanos - sameSinceNanos) < SETTLED_BEATS) {
            return List.of();
        }
        List<String> awaited = new ArrayList<>();
        List<String> others = new ArrayList<>();
        waiting.forEach((streamId, waiters) -> (waiters > 0 ? awaited : others).add(streamId));
        Collections.shuffle(awaited, random);
        List<String> chosen = new ArrayList<>(first(tooMany, awaited));
        if (seen.beats(nowNanos - aboveSinceNanos) >= UNAWAITED_BEATS) {
            Collections.shuffle(others, random);
            chosen.addAll(first(Math.min(told.missing(), tooMany) - chosen.size(), others));
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
     * @param members all members, in an order that is the same for all
     * @param own this member
     */
    void members(List<GroupMember.Share> members, String own) {
        excess = new TreeMap<>();
        lackedBefore = 0;
        lackedHere = 0;
        lackedByAll = 0;
        for (GroupMember.Share one : members) {
            int lacked = one.share() - one.held();
            if (lacked < 0) {
                excess.put(one.ownerId(), -lacked);
            } else if (one.ownerId().equals(own)) {
                lackedBefore = lackedByAll;
                lackedHere = lacked;
            }
            lackedByAll += Math.max(0, lacked);
        }
    }

    /**
     * Returns streams to try now, with one request. The caller records what became of each, and then asks again.
     *
     * @param held the streams that it holds
     * @param room how many more it can hold
     */
    List<String> toTry(Set<String> held, int room, long nowNanos) {
        int lacks = lacks(held.size());
        int most = lacks > 0 ? mostWithinShare(lacks) : mostBeyondShare(nowNanos);
        List<String> chosen = seen.toAcquire(held, nowNanos).stream()
                .filter(one -> one.isDue(lacks > 0, nowNanos))
                // Those that are not known to be held come first.
                .sorted(Comparator.comparing(one -> one.holder().isPresent()))
                .limit(Math.min(room, Math.min(MOST_TRIED, most)))
                .map(Seen::streamId)
                .toList();
        if (lacks == 0 && !chosen.isEmpty()) {
            hasTriedBeyondShare = true;
            triedBeyondShareNanos = nowNanos;
        }
        return chosen;
    }

    /** While the members learn that one has ended, its streams are free, and not left alone. */
    private int mostBeyondShare(long nowNanos) {
        boolean mayTry = seen.beats(nowNanos - membersSinceNanos) >= BEATS_TO_LEARN
                && (!hasTriedBeyondShare || seen.beats(nowNanos - triedBeyondShareNanos) >= 1);
        return mayTry ? Math.max(1, standing.share() / PART_BEYOND_SHARE) : 0;
    }

    /** If some streams are free, a larger request would be granted more of them than the member lacks. */
    private int mostWithinShare(int lacks) {
        return standing.held() >= standing.wanted() ? MOST_TRIED : lacks;
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
        Set<String> chosen = new LinkedHashSet<>(first(most, ownPart(candidates)));
        Collections.shuffle(candidates, random);
        candidates.sort(Comparator.comparingInt(one -> rank(one, places)));
        candidates.stream()
                .map(Seen::streamId)
                .filter(streamId -> !chosen.contains(streamId))
                .limit(most - chosen.size())
                .toList()
                .forEach(chosen::add);
        return List.copyOf(chosen);
    }

    /** Returns the streams that should come to this member, if all that lack streams know the same. */
    private List<String> ownPart(List<Seen> candidates) {
        Map<String, List<String>> byHolder = candidates.stream()
                .collect(Collectors.groupingBy(
                        one -> one.holder().orElseThrow(), Collectors.mapping(Seen::streamId, Collectors.toList())));
        List<String> moving = new ArrayList<>();
        excess.forEach((holder, tooMany) -> {
            List<String> streams = byHolder.getOrDefault(holder, new ArrayList<>());
            streams.sort(Comparator.<String>comparingInt(streamId -> mixed(streamId.hashCode()))
                    .thenComparing(Comparator.naturalOrder()));
            moving.addAll(first(tooMany, streams));
        });
        // If the members lack more than there is to move, each gets its part of it.
        long all = Math.max(lackedByAll, moving.size());
        int from = (int) (moving.size() * (long) lackedBefore / Math.max(1, all));
        int to = (int) (moving.size() * (long) (lackedBefore + lackedHere) / Math.max(1, all));
        return all == 0 ? List.of() : moving.subList(from, Math.max(from, to));
    }

    /** Returns a lower number for a stream that is better to wait for. */
    private int rank(Seen one, Set<String> places) {
        return (one.holder().filter(excess::containsKey).isPresent() ? 0 : 2)
                + (places.contains(one.streamId()) ? 0 : 1);
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

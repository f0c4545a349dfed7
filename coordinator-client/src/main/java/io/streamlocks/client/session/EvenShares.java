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
 *       streams that should move, and takes its own part of the list. Once hand-overs have begun, it keeps its
 *       places at holders that are above their shares.
 *   <li>A member at its share or above tries a few streams, and only if it has had events for them for two heartbeats
 *       and does not know a holder, or learned of the holder ten heartbeats ago. So no stream is left alone because of
 *       a wrong count.
 *   <li>A member above its share hands over the streams above it, once the number of members has been the same for a
 *       heartbeat. Otherwise workers that join together would move streams twice. It hands over streams that others
 *       wait for. If it is still above its share two heartbeats later, and other members lack streams, it also hands
 *       over streams that nobody waits for.
 * </ul>
 *
 * <p>This class makes no calls and has no clock. It is not thread-safe.
 */
final class EvenShares {

    /** The most streams of one request. */
    private static final int MOST_TRIED = 1000;

    /**
     * A member beyond its share tries this part of its share per heartbeat, and holds no more than that beyond it. When
     * a worker has stopped, its streams are free until the shares of the others have risen, and this is less than what
     * its share will rise by.
     */
    private static final int PART_BEYOND_SHARE = 4;

    /** The group is settled if the next report of the member finds nothing changed. Heartbeats have a jitter. */
    private static final double SETTLED_BEATS = 0.8;

    /** A member below its share reports again after this time if others have just joined or left. */
    private static final double BEATS_TO_LOOK_AGAIN = 0.4;

    /** A member that is above its share for so long also hands over streams that nobody waits for. */
    private static final double UNAWAITED_BEATS = 2.8;

    /** After so many heartbeats, all members know that the group has changed, and have what they lacked. */
    private static final int BEATS_TO_LEARN = 4;

    private final SeenStreams seen;
    private final Random random;
    private Standing standing = new Standing(0, 0, 0, 0, 0);
    private long toldNanos;

    /** Since when the group has had as many members. */
    private long sameSinceNanos;

    /** Since when the member has also been above its share. */
    private long aboveSinceNanos;

    private boolean hasTriedBeyondShare;
    private long triedBeyondShareNanos;
    private MemberShares members = new MemberShares();

    /** Whether the part of this member has not been computed since the last look at the members. */
    private boolean hasNewPart;

    /** The most that the members were above their shares since others joined or left. */
    private int mostExcess;

    /**
     * @param seen the streams that have events; the caller records what becomes of them
     * @param random chooses among equals, so that members do not all choose the same
     */
    EvenShares(SeenStreams seen, Random random) {
        this.seen = seen;
        this.random = random;
    }

    /**
     * Returns whether an early report is of use. At its share, a member may want more streams than the group knows.
     * Below its share, it may not know members that have joined after it, and holders hand over after a heartbeat.
     */
    boolean shouldReport(int held, int wanted, long nowNanos) {
        return lacks(held) == 0
                ? wanted > standing.wanted()
                : seen.beats(nowNanos - sameSinceNanos) < 1 && seen.beats(nowNanos - toldNanos) >= BEATS_TO_LOOK_AGAIN;
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
        boolean isSame = told.members() == standing.members();
        // The number of streams may change all the time, and the share with it.
        int tooMany = waiting.size() - Math.max(told.share(), isSame ? standing.share() : 0);
        standing = told;
        toldNanos = nowNanos;
        if (lacks(waiting.size()) == 0) {
            // It does not look at the others any more, and what it knows of them becomes old.
            members = members.settled();
            mostExcess = 0;
        }
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

    /** Returns whether the member should ask who is above and below its share: others may have what it lacks. */
    boolean needsMembers(int held) {
        return lacks(held) > 0 && standing.members() > 1;
    }

    /**
     * Takes in who is above and below its share.
     *
     * @param all all members, in an order that is the same for all
     * @param own this member
     */
    void members(List<GroupMember.Share> all, String own) {
        MemberShares shown = new MemberShares(all, own);
        int before = shown.hasSameMembers(members) ? mostExcess : 0;
        mostExcess = Math.max(before, shown.totalExcess());
        members = shown;
        hasNewPart = true;
    }

    /**
     * Begins to try streams: orders those that are due. A member at its share tries only those that were left alone.
     *
     * @param held the streams that it holds
     */
    Tries begin(Set<String> held, long nowNanos) {
        boolean isWithinShare = lacks(held.size()) > 0;
        if (!isWithinShare && mostBeyondShare(held.size(), nowNanos) == 0) {
            return new Tries(false, List.of(), List.of());
        }
        List<String> maybeFree = new ArrayList<>();
        List<String> ofOthers = new ArrayList<>();
        seen.toAcquire(held, nowNanos).stream()
                .filter(one -> one.isDue(isWithinShare, nowNanos))
                .sorted(Comparator.comparingLong(Seen::triedNanos)
                        .thenComparingInt(one -> members.positionFromOwnPart(one.mixedHash())))
                .forEach(one -> (isHeld(one) ? ofOthers : maybeFree).add(one.streamId()));
        // In any other order, the streams of a worker that has ended could follow each other.
        Collections.shuffle(ofOthers, random);
        return new Tries(isWithinShare, maybeFree, ofOthers);
    }

    /**
     * Returns streams to try now, with one request. The caller records what became of each, and then asks again.
     *
     * @param tries what it has begun with
     * @param held the streams that it holds
     * @param room how many more it can hold
     */
    List<String> next(Tries tries, Set<String> held, int room, long nowNanos) {
        int most = Math.min(room, MOST_TRIED);
        if (tries.isWithinShare()) {
            int lacks = lacks(held.size());
            return lacks > 0 ? withinShare(tries, lacks, most) : List.of();
        }
        int beyond = Math.min(most, mostBeyondShare(held.size(), nowNanos));
        List<String> chosen = tries.next(beyond, beyond, beyond);
        if (!chosen.isEmpty()) {
            hasTriedBeyondShare = true;
            triedBeyondShareNanos = nowNanos;
        }
        return chosen;
    }

    /** If many streams are free, a request could be granted more of them than the member lacks. */
    private List<String> withinShare(Tries tries, int lacks, int most) {
        int free = standing.wanted() - standing.held();
        if (free <= lacks) {
            return tries.next(most, most, most);
        }
        int maybeFree = Math.min(lacks, tries.maybeFreeLeft());
        // If the free streams are spread over all, this is granted a quarter of what the member lacks.
        long ofOthers = (long) (lacks - maybeFree) * standing.wanted() / (4L * free);
        return tries.next(maybeFree, maybeFree == 0 ? Math.max(1, ofOthers) : ofOthers, most);
    }

    /**
     * Returns how many streams to try beyond the share: none while the members learn that one of them has ended, within
     * a heartbeat of the last try, and if the member is already that far beyond its share.
     */
    private int mostBeyondShare(int held, long nowNanos) {
        boolean mayTry = seen.beats(nowNanos - sameSinceNanos) >= BEATS_TO_LEARN
                && (!hasTriedBeyondShare || seen.beats(nowNanos - triedBeyondShareNanos) >= 1);
        return mayTry ? Math.max(0, Math.max(1, standing.share() / PART_BEYOND_SHARE) - (held - standing.share())) : 0;
    }

    /** Returns whether another member holds a stream, as far as is known. */
    private boolean isHeld(Seen one) {
        return one.holder().filter(members::isMember).isPresent();
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
        Set<String> chosen = new LinkedHashSet<>();
        List<Seen> present = candidates.stream()
                .filter(one -> places.contains(one.streamId()))
                .toList();
        present.stream().filter(one -> isBeingHandedOver(one, nowNanos)).forEach(one -> chosen.add(one.streamId()));
        // The members read the counts at different times. While streams move, they would compute different lists.
        if (members.totalExcess() < mostExcess) {
            present.stream()
                    .filter(one -> members.excessOf(holder(one)) > 0)
                    .forEach(one -> chosen.add(one.streamId()));
        }
        // A part that is computed again without what this member has been granted of it would be another one.
        if (hasNewPart && !candidates.isEmpty()) {
            chosen.addAll(members.ownPart(candidates.stream()
                    .collect(Collectors.groupingBy(
                            EvenShares::holder, Collectors.mapping(Seen::streamId, Collectors.toList())))));
            hasNewPart = false;
        }
        if (chosen.size() < most) {
            Collections.shuffle(candidates, random);
            candidates.sort(Comparator.comparingInt(one -> rank(one, places)));
            candidates.forEach(one -> chosen.add(one.streamId()));
        }
        Set<String> streams = new LinkedHashSet<>(first(most, List.copyOf(chosen)));
        candidates.stream()
                .filter(one -> streams.contains(one.streamId()) && !isBeingHandedOver(one, nowNanos))
                .forEach(one -> one.expect(members.excessOf(holder(one)), nowNanos));
        return List.copyOf(streams);
    }

    private static String holder(Seen one) {
        return one.holder().orElseThrow();
    }

    /** A holder that begins to hand streams over reports that at once, and releases them a little later. */
    private boolean isBeingHandedOver(Seen one, long nowNanos) {
        return one.isExpected(nowNanos) && one.expectedOfExcess() > members.excessOf(holder(one));
    }

    /** Returns a lower number for a stream that is better to wait for. */
    private int rank(Seen one, Set<String> places) {
        return (members.excessOf(holder(one)) > 0 ? 0 : 2) + (places.contains(one.streamId()) ? 0 : 1);
    }

    private static List<String> first(int most, List<String> all) {
        return all.subList(0, Math.max(0, Math.min(most, all.size())));
    }
}

package io.streamlocks.client.session;

import io.streamlocks.client.GroupMember;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Who is above and who is below its share, as one member of a group sees it. From that, each member that lacks streams
 * computes its part of those that should move. All of them compute the same list, so two rarely want the same stream.
 */
final class MemberShares {

    private final Set<String> members;

    /** How many streams too many each owner holds that is above its share, in the same order for all members. */
    private final SortedMap<String, Integer> excess = new TreeMap<>();

    /** The total that the members before this one lack, what this one lacks, and the total of all. */
    private long lackedBefore;

    private long lackedHere;
    private long lackedByAll;

    /** Where the part of this member begins in an order of all streams. */
    private final int ownStart;

    /** It knows no members. */
    MemberShares() {
        this(new HashSet<>());
    }

    private MemberShares(Set<String> members) {
        this.members = members;
        this.ownStart = 0;
    }

    /**
     * @param all all members, in an order that is the same for all
     * @param own this member
     */
    MemberShares(List<GroupMember.Share> all, String own) {
        members = new HashSet<>();
        for (GroupMember.Share one : all) {
            members.add(one.ownerId());
            int lacked = one.share() - one.held();
            if (lacked < 0) {
                excess.put(one.ownerId(), -lacked);
            } else if (one.ownerId().equals(own)) {
                lackedBefore = lackedByAll;
                lackedHere = lacked;
            }
            lackedByAll += Math.max(0, lacked);
        }
        ownStart = (int) ((lackedBefore << 32) / Math.max(1, lackedByAll));
    }

    /** Returns the same members, none of them above or below its share. */
    MemberShares settled() {
        return new MemberShares(members);
    }

    /** Returns whether both know the same members. */
    boolean hasSameMembers(MemberShares other) {
        return members.equals(other.members);
    }

    /** Returns how many streams too many all members hold together. */
    int totalExcess() {
        return excess.values().stream().mapToInt(Integer::intValue).sum();
    }

    boolean isMember(String ownerId) {
        return members.contains(ownerId);
    }

    /** Returns how many streams too many an owner holds. */
    int excessOf(String ownerId) {
        return excess.getOrDefault(ownerId, 0);
    }

    /**
     * Returns the streams that should come to this member, if all that lack streams know the same.
     *
     * @param byHolder streams by their holders
     */
    List<String> ownPart(Map<String, List<String>> byHolder) {
        List<String> moving = new ArrayList<>();
        excess.forEach((holder, tooMany) -> byHolder.getOrDefault(holder, List.of()).stream()
                .sorted(Comparator.<String>comparingInt(MemberShares::mixedHash)
                        .thenComparing(Comparator.naturalOrder()))
                .limit(tooMany)
                .forEach(moving::add));
        // If the members lack more than there is to move, each gets its part of it.
        long all = Math.max(1, Math.max(lackedByAll, moving.size()));
        int from = (int) (moving.size() * lackedBefore / all);
        int to = (int) (moving.size() * (lackedBefore + lackedHere) / all);
        return moving.subList(from, to);
    }

    /**
     * Returns the position of a stream in an order of all streams. It is the same order for all members, but those that
     * lack streams begin at different places of it.
     */
    int positionFromOwnPart(int mixedHash) {
        return mixedHash - ownStart + Integer.MIN_VALUE;
    }

    /** The hash codes of ids that are numbered differ in their last bits only. */
    static int mixedHash(String streamId) {
        int mixed = streamId.hashCode() * 0x9E3779B9;
        return mixed ^ (mixed >>> 16);
    }
}

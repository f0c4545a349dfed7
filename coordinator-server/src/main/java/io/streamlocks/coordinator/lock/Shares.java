package io.streamlocks.coordinator.lock;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Divides the streams of a group evenly among its members. This is a pure function of their reports, so all servers
 * that see the same reports compute the same shares.
 *
 * <p>All members read the same source, so the streams to share are the most that any of them has work for, or those
 * that are held, if that number is larger. A member whose capacity is below an even share is filled, and the rest is
 * divided among the others. Each of those gets the same number of streams. What remains, one stream each, goes to those
 * that hold the most, so that no stream moves for a remainder.
 */
final class Shares {

    /** Those that hold the most come first. The ids make the order of equal members the same everywhere. */
    private static final Comparator<Member> MOST_HELD =
            Comparator.comparingInt(Member::held).reversed().thenComparing(Member::ownerId);

    private Shares() {}

    /** Returns the number of leases that all members hold. It is bounded like the number of streams of one member. */
    static int held(List<Member> members) {
        return (int) Math.min(
                Limits.MAX_GROUP_STREAMS,
                members.stream().mapToLong(Member::held).sum());
    }

    /** Returns the number of streams to share. */
    static int wanted(List<Member> members) {
        int most = members.stream().mapToInt(Member::wanted).max().orElse(0);
        return Math.max(most, held(members));
    }

    /**
     * Returns how many streams each member should hold.
     *
     * @param members the members, each of them once
     * @return the shares by owner id
     */
    static Map<String, Integer> of(List<Member> members) {
        Map<String, Integer> shares = new HashMap<>();
        List<Member> byCapacity = members.stream()
                .sorted(Comparator.comparingInt(member -> member.capacity().orElse(Integer.MAX_VALUE)))
                .toList();
        int left = wanted(members);
        int filled = 0;
        // The smallest first: what they cannot take raises the even share of the others.
        while (filled < byCapacity.size()) {
            Member next = byCapacity.get(filled);
            int even = left / (byCapacity.size() - filled);
            if (next.capacity().isEmpty() || next.capacity().getAsInt() > even) {
                break;
            }
            shares.put(next.ownerId(), next.capacity().getAsInt());
            left -= next.capacity().getAsInt();
            filled++;
        }
        // Each of these has room for one stream more than the even share.
        List<Member> others = byCapacity.subList(filled, byCapacity.size()).stream()
                .sorted(MOST_HELD)
                .toList();
        for (int i = 0; i < others.size(); i++) {
            int extra = i < left % others.size() ? 1 : 0;
            shares.put(others.get(i).ownerId(), left / others.size() + extra);
        }
        return shares;
    }
}

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
 * divided among the others. Each of those gets the same number of streams. The remainder, one stream each, goes to
 * members that hold more than that, so that no stream moves for it.
 *
 * <p>The members report at different times while streams move. The remainder must not go from one to another with each
 * report, because both would then take a stream for it, or keep one. Of those that hold more, the ones that hold the
 * fewest come first, so a member that has handed streams over keeps its share. Among the others, the order does not
 * depend on what they hold.
 */
final class Shares {

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
        List<Member> others = byCapacity.subList(filled, byCapacity.size());
        if (!others.isEmpty()) {
            int even = left / others.size();
            List<Member> inOrder = others.stream().sorted(byRemainder(even)).toList();
            for (int i = 0; i < inOrder.size(); i++) {
                shares.put(inOrder.get(i).ownerId(), even + (i < left % inOrder.size() ? 1 : 0));
            }
        }
        return shares;
    }

    /** Those that get one of the remaining streams come first. */
    private static Comparator<Member> byRemainder(int even) {
        return Comparator.<Member>comparingInt(member -> member.held() > even ? member.held() : Integer.MAX_VALUE)
                .thenComparing(Member::ownerId);
    }
}

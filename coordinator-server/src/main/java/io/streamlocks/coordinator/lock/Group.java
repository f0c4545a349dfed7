package io.streamlocks.coordinator.lock;

import java.util.List;
import java.util.Map;

/**
 * Workers that share streams, each with its share. {@link Shares} has the rule. This class is immutable.
 *
 * @param groupId its id
 * @param members its live members
 * @param shares how many streams each member should hold, by its owner id
 */
public record Group(String groupId, List<Member> members, Map<String, Integer> shares) {

    /** Copies the collections. */
    public Group {
        members = List.copyOf(members);
        shares = Map.copyOf(shares);
    }

    /**
     * Returns a group with the shares of its members.
     *
     * @param groupId its id
     * @param members its live members, each of them once
     */
    public static Group of(String groupId, List<Member> members) {
        return new Group(groupId, members, Shares.of(members));
    }

    /** Returns how many streams a member should hold. */
    public int shareOf(Member member) {
        return shares.getOrDefault(member.ownerId(), 0);
    }

    /** Returns the number of leases that all members hold. */
    public int held() {
        return Shares.held(members);
    }

    /** Returns the number of streams that the members share. */
    public int wanted() {
        return Shares.wanted(members);
    }

    /** Returns how many more leases the members need, in total, to reach their shares. */
    public int missing() {
        return members.stream()
                .mapToInt(member -> Math.max(0, shareOf(member) - member.held()))
                .sum();
    }

    /** Returns the number of streams that no member has room for. */
    public int withoutRoom() {
        return wanted() - shares.values().stream().mapToInt(Integer::intValue).sum();
    }

    /** Returns its counts. */
    public GroupSummary summary() {
        return new GroupSummary(groupId, members.size(), held(), wanted(), missing(), withoutRoom());
    }
}

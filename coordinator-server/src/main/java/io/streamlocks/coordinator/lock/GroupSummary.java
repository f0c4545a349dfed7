package io.streamlocks.coordinator.lock;

/**
 * The counts of a group, without its members.
 *
 * @param groupId its id
 * @param members the number of its live members
 * @param held the number of leases that all members hold
 * @param wanted the number of streams that the members share
 * @param missing how many more leases the members need, in total, to reach their shares
 * @param withoutRoom the number of streams that no member has room for
 */
public record GroupSummary(String groupId, int members, int held, int wanted, int missing, int withoutRoom) {}

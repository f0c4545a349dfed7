package io.streamlocks.client;

import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;

/**
 * The calls that a member of a group makes. If there is no usable answer, a call throws a {@link
 * CoordinatorUnavailableException}. If the call was wrong, it throws a {@link CoordinatorRefusedException}. Each call
 * blocks for its request. This is thread-safe.
 */
interface GroupCalls extends AutoCloseable {

    /**
     * What a member reports.
     *
     * @param held the number of leases that it holds
     * @param wanted the number of streams that it holds or has work for
     * @param capacity the most streams that it can hold; empty for any number
     * @param ttl how long it is a member if it does not report again
     */
    record Report(int held, int wanted, OptionalInt capacity, Duration ttl) {}

    /** Reports a member. */
    GroupMember.Standing report(String groupId, String ownerId, Report report);

    /** Returns the members of a group, in an order that is the same for all; none if the group has no members. */
    List<GroupMember.Share> shares(String groupId);

    /** Ends a membership. If there is none, this does nothing. */
    void leave(String groupId, String ownerId);

    /** Ends the calls under way, if it can. */
    @Override
    void close();
}

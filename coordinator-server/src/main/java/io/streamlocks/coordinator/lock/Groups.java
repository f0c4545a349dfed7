package io.streamlocks.coordinator.lock;

import java.util.List;
import java.util.Optional;

/**
 * The groups of workers that share streams. A group exists while it has a live member. Leases do not depend on it: it
 * only counts, and the workers decide what they do with the counts.
 *
 * <p>Every method blocks until the storage answers. It throws {@link StorageUnavailableException} when the time-outs of
 * the storage have passed. Implementations are thread-safe.
 */
public interface Groups {

    /**
     * Records the report of a member, which may be new.
     *
     * @param report the report
     * @return the group with this member; empty if the report is that of a new member and the group has {@link
     *     Limits#MAX_GROUP_MEMBERS} live members already
     */
    Optional<Group> report(MemberReport report);

    /**
     * Removes a member.
     *
     * @param groupId the group
     * @param ownerId the member
     * @return whether it was a live member
     */
    boolean leave(String groupId, String ownerId);

    /**
     * Returns a group.
     *
     * @param groupId the group
     * @return the group; empty if it has no live member
     */
    Optional<Group> find(String groupId);

    /**
     * Returns the counts of groups, in the code point order of their ids. This can take several statements.
     *
     * @param prefix only groups whose id begins with this; empty for all
     * @return at most {@link Limits#MAX_LISTED_GROUPS} groups that have live members
     */
    List<GroupSummary> list(String prefix);
}

package io.streamlocks.coordinator.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.streamlocks.coordinator.lock.Group;
import io.streamlocks.coordinator.lock.GroupSummary;
import io.streamlocks.coordinator.lock.Member;
import io.streamlocks.coordinator.lock.MemberReport;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The bodies of calls about groups. That of a request is as it was sent: any field may be missing, and is then null, or
 * out of range. JSON leaves out a field of a response that is null.
 */
final class GroupBodies {

    record Report(
            @Nullable Long held,
            @Nullable Long wanted,
            @Nullable Long capacity,
            @Nullable Long ttlMs) {

        /**
         * Checks the fields.
         *
         * @param groupId the group, which was checked
         * @param ownerId the member, which was checked
         * @throws ProblemException with the first field that is not valid
         */
        MemberReport checked(String groupId, String ownerId, Fields fields) {
            return new MemberReport(
                    groupId,
                    ownerId,
                    Fields.streamCount("held", held),
                    Fields.streamCount("wanted", wanted),
                    Fields.streamCountOrNone("capacity", capacity),
                    fields.ttlOrDefault("ttlMs", ttlMs));
        }
    }

    /** A group as one of its members sees it. */
    record MembershipBody(String groupId, int members, int held, int wanted, int share, int missing)
            implements Response.Ok {

        static MembershipBody of(Group group, String ownerId) {
            int share = group.shares().getOrDefault(ownerId, 0);
            return new MembershipBody(
                    group.groupId(), group.members().size(), group.held(), group.wanted(), share, group.missing());
        }
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    record MemberBody(
            String ownerId, int held, int wanted, @Nullable Integer capacity, int share, long expiresInMs) {

        static MemberBody of(Group group, Member member) {
            return new MemberBody(
                    member.ownerId(),
                    member.held(),
                    member.wanted(),
                    member.capacity().isPresent() ? (Integer) member.capacity().getAsInt() : null,
                    group.shareOf(member),
                    member.expiresIn().toMillis());
        }
    }

    record GroupBody(String groupId, List<MemberBody> members, int held, int wanted, int missing, int withoutRoom)
            implements Response.Ok {

        static GroupBody of(Group group) {
            return new GroupBody(
                    group.groupId(),
                    group.members().stream()
                            .map(member -> MemberBody.of(group, member))
                            .toList(),
                    group.held(),
                    group.wanted(),
                    group.missing(),
                    group.withoutRoom());
        }
    }

    record GroupItemBody(String groupId, int members, int held, int wanted, int missing, int withoutRoom) {

        static GroupItemBody of(GroupSummary group) {
            return new GroupItemBody(
                    group.groupId(),
                    group.members(),
                    group.held(),
                    group.wanted(),
                    group.missing(),
                    group.withoutRoom());
        }
    }

    record GroupListBody(List<GroupItemBody> groups) implements Response.Ok {

        static GroupListBody of(List<GroupSummary> groups) {
            return new GroupListBody(groups.stream().map(GroupItemBody::of).toList());
        }
    }

    private GroupBodies() {}
}

package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.client.generated.ApiException;
import io.streamlocks.client.generated.GroupsApi;
import io.streamlocks.client.generated.model.Membership;
import io.streamlocks.coordinator.lock.Group;
import io.streamlocks.coordinator.lock.GroupSummary;
import io.streamlocks.coordinator.lock.Groups;
import io.streamlocks.coordinator.lock.Member;
import io.streamlocks.coordinator.lock.MemberReport;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * Groups of a server, through the generated client, so that the contract suite can run over HTTP.
 *
 * @param api the calls
 */
record ClientGroups(GroupsApi api) implements Groups {

    @Override
    public Optional<Group> report(MemberReport report) {
        var body = new io.streamlocks.client.generated.model.MemberReport()
                .held(report.held())
                .wanted(report.wanted())
                .ttlMs(report.ttl().toMillis());
        report.capacity().ifPresent(body::capacity);
        Membership membership;
        try {
            membership = api.reportMember(report.groupId(), report.ownerId(), body);
        } catch (ApiException e) {
            throw new AssertionError("Unexpected answer " + e.getResponseBody(), e);
        }
        assertThat(membership.getGroupId()).isEqualTo(report.groupId());
        assertThat(membership.getMembers()).isPositive();
        // The response to a report has the member's own share. A look at the group has all, unless the member has left.
        return find(report.groupId())
                .or(() -> Optional.of(
                        new Group(report.groupId(), List.of(), Map.of(report.ownerId(), membership.getShare()))));
    }

    @Override
    public boolean leave(String groupId, String ownerId) {
        try {
            api.leaveGroup(groupId, ownerId);
            return true;
        } catch (ApiException e) {
            requireNoMember(e);
            return false;
        }
    }

    @Override
    public Optional<Group> find(String groupId) {
        try {
            return Optional.of(group(api.getGroup(groupId)));
        } catch (ApiException e) {
            requireNoMember(e);
            return Optional.empty();
        }
    }

    private static void requireNoMember(ApiException e) {
        assertThat(e.getCode()).isEqualTo(404);
        assertThat(e.getResponseBody()).contains("\"code\":\"no-member\"");
    }

    private static Group group(io.streamlocks.client.generated.model.Group group) {
        return new Group(
                group.getGroupId(),
                group.getMembers().stream().map(ClientGroups::member).toList(),
                group.getMembers().stream()
                        .collect(Collectors.toMap(
                                io.streamlocks.client.generated.model.Member::getOwnerId,
                                io.streamlocks.client.generated.model.Member::getShare)));
    }

    private static Member member(io.streamlocks.client.generated.model.Member member) {
        return new Member(
                member.getOwnerId(),
                member.getHeld(),
                member.getWanted(),
                member.getCapacity() == null ? OptionalInt.empty() : OptionalInt.of(member.getCapacity()),
                Duration.ofMillis(member.getExpiresInMs()));
    }

    @Override
    public List<GroupSummary> list(String prefix) {
        try {
            return api.listGroups(prefix.isEmpty() ? null : prefix).getGroups().stream()
                    .map(group -> new GroupSummary(
                            group.getGroupId(),
                            group.getMembers(),
                            group.getHeld(),
                            group.getWanted(),
                            group.getMissing(),
                            group.getWithoutRoom()))
                    .toList();
        } catch (ApiException e) {
            throw new AssertionError("Unexpected answer " + e.getResponseBody(), e);
        }
    }
}

package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.access.Permission;
import io.streamlocks.coordinator.http.jetty.Call;
import io.streamlocks.coordinator.lock.Group;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.MemberReport;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** The calls about the groups of workers that share streams. */
final class GroupRoutes {

    private static final Set<String> LIST_PARAMETERS = Set.of("prefix");

    private final GroupCommit locks;
    private final Fields fields;
    private final Responder responder;

    GroupRoutes(GroupCommit locks, Fields fields, Responder responder) {
        this.locks = locks;
        this.fields = fields;
        this.responder = responder;
    }

    void register(RouteTable routes) {
        routes.get("/v1/groups", Permission.READ, this::list);
        routes.get("/v1/groups/{groupId}", Permission.LOOK, this::find);
        routes.put("/v1/groups/{groupId}/members/{ownerId}", Permission.HOLD, this::report);
        routes.delete("/v1/groups/{groupId}/members/{ownerId}", Permission.HOLD, this::leave);
    }

    private CompletableFuture<? extends Response> report(Call call) {
        String groupId = Input.groupId(call);
        String ownerId = Input.memberId(call);
        Access.of(call).requireOwner(ownerId);
        MemberReport report = Input.body(call, GroupBodies.Report.class).checked(groupId, ownerId, fields);
        return locks.group(Access.caller(call), groups -> groups.report(report))
                .thenApply(group -> group.<Response>map(found -> GroupBodies.MembershipBody.of(found, ownerId))
                        .orElseGet(Problem::tooManyMembers));
    }

    private CompletableFuture<? extends Response> leave(Call call) {
        String groupId = Input.groupId(call);
        String ownerId = Input.memberId(call);
        Access.of(call).requireOwner(ownerId);
        return locks.group(Access.caller(call), groups -> groups.leave(groupId, ownerId))
                .thenApply(wasMember ->
                        wasMember ? Response.Empty.INSTANCE : Problem.noMember("This owner is not in this group."));
    }

    private CompletableFuture<? extends Response> find(Call call) {
        String groupId = Input.groupId(call);
        String caller = Access.caller(call);
        return responder.atLength(
                call,
                Limits.MAX_GROUP_MEMBERS,
                locks.group(caller, groups -> groups.find(groupId)),
                GroupRoutes::described);
    }

    private static Response.WithBody described(Optional<Group> group) {
        return group.<Response.WithBody>map(GroupBodies.GroupBody::of)
                .orElseGet(() -> Problem.noMember("This group has no members."));
    }

    private CompletableFuture<? extends Response> list(Call call) {
        Map<String, String> parameters = Input.query(call, LIST_PARAMETERS);
        String prefix = Optional.ofNullable(parameters.get("prefix"))
                .map(value -> Fields.id("prefix", value))
                .orElse("");
        Access.of(call).requireAllStreamsOf(prefix);
        String caller = Access.caller(call);
        return responder.atLength(
                call, Limits.MAX_LISTED_GROUPS, locks.listGroups(caller, prefix), GroupBodies.GroupListBody::of);
    }
}

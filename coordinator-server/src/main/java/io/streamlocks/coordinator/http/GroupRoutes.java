package io.streamlocks.coordinator.http;

import io.javalin.http.Context;
import io.streamlocks.coordinator.access.Permission;
import io.streamlocks.coordinator.lock.Group;
import io.streamlocks.coordinator.lock.Limits;
import io.streamlocks.coordinator.lock.MemberReport;
import io.streamlocks.coordinator.lock.group.GroupCommit;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

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

    private void report(Context ctx) {
        String groupId = Input.groupId(ctx);
        String ownerId = Input.memberId(ctx);
        Access.of(ctx).requireOwner(ownerId);
        MemberReport report = Input.body(ctx, GroupBodies.Report.class).checked(groupId, ownerId, fields);
        String caller = Access.caller(ctx);
        Responder.respond(ctx, () -> locks.group(caller, groups -> groups.report(report)), group -> group.<Response>map(
                        found -> GroupBodies.MembershipBody.of(found, ownerId))
                .orElseGet(Problem::tooManyMembers));
    }

    private void leave(Context ctx) {
        String groupId = Input.groupId(ctx);
        String ownerId = Input.memberId(ctx);
        Access.of(ctx).requireOwner(ownerId);
        String caller = Access.caller(ctx);
        Responder.respond(
                ctx,
                () -> locks.group(caller, groups -> groups.leave(groupId, ownerId)),
                wasMember -> wasMember ? new Response.Empty() : Problem.noMember("This owner is not in this group."));
    }

    private void find(Context ctx) {
        String groupId = Input.groupId(ctx);
        String caller = Access.caller(ctx);
        responder.respondAtLength(
                ctx,
                Limits.MAX_GROUP_MEMBERS,
                () -> locks.group(caller, groups -> groups.find(groupId)),
                GroupRoutes::described);
    }

    private static Response.WithBody described(Optional<Group> group) {
        return group.<Response.WithBody>map(GroupBodies.GroupBody::of)
                .orElseGet(() -> Problem.noMember("This group has no members."));
    }

    private void list(Context ctx) {
        Map<String, String> parameters = Input.query(ctx, LIST_PARAMETERS);
        String prefix = Optional.ofNullable(parameters.get("prefix"))
                .map(value -> Fields.id("prefix", value))
                .orElse("");
        Access.of(ctx).requireAllStreamsOf(prefix);
        String caller = Access.caller(ctx);
        responder.respondAtLength(
                ctx, Limits.MAX_LISTED_GROUPS, () -> locks.listGroups(caller, prefix), GroupBodies.GroupListBody::of);
    }
}

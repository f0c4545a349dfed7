package io.streamlocks.client;

import io.streamlocks.client.generated.ApiException;
import io.streamlocks.client.generated.model.Group;
import io.streamlocks.client.generated.model.Member;
import io.streamlocks.client.generated.model.MemberReport;
import io.streamlocks.client.generated.model.Membership;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@link GroupCalls} over HTTP. Each request blocks as {@link CoordinatorHttp} says. This class is thread-safe. */
final class HttpGroupCalls implements GroupCalls {

    private static final int NOT_FOUND = 404;

    private final CoordinatorHttp http;
    private final CallFailures failures;
    private final Supplier<Map<String, String>> headers;

    /**
     * @param http the calls
     * @param headers returns what goes along with a call that begins now
     */
    HttpGroupCalls(CoordinatorHttp http, Supplier<Map<String, String>> headers) {
        this.http = http;
        this.failures = new CallFailures(http.groups().getApiClient().getObjectMapper());
        this.headers = headers;
    }

    @Override
    public GroupMember.Standing report(String groupId, String ownerId, Report report) {
        MemberReport body = new MemberReport()
                .held(report.held())
                .wanted(report.wanted())
                .ttlMs(report.ttl().toMillis());
        report.capacity().ifPresent(body::capacity);
        Membership told;
        try {
            told = http.groups().reportMember(groupId, ownerId, body, headers.get());
        } catch (ApiException e) {
            throw failures.ofCall("take the report to group " + groupId, Optional.empty(), e);
        }
        requireGroup(groupId, told.getGroupId());
        if (told.getMembers() == null
                || told.getHeld() == null
                || told.getWanted() == null
                || told.getShare() == null
                || told.getMissing() == null) {
            throw unusable("The answer does not have the share of a member");
        }
        return new GroupMember.Standing(
                told.getMembers(), told.getHeld(), told.getWanted(), told.getShare(), told.getMissing());
    }

    /** A proxy that decodes or normalizes paths may have asked for another group. */
    private static void requireGroup(String asked, @Nullable String answered) {
        if (!asked.equals(answered)) {
            throw unusable("The answer is for group \"" + answered + "\", but the call was for group \"" + asked
                    + "\": a proxy or gateway on the way changes paths or bodies");
        }
    }

    private static CoordinatorUnavailableException unusable(String message) {
        return new CoordinatorUnavailableException(message, Optional.empty(), Optional.empty());
    }

    @Override
    public List<GroupMember.Share> shares(String groupId) {
        Group group;
        try {
            group = http.groups().getGroup(groupId, headers.get());
        } catch (ApiException e) {
            if (isNoMember(e)) {
                return List.of();
            }
            throw failures.ofCall("show group " + groupId, Optional.empty(), e);
        }
        requireGroup(groupId, group.getGroupId());
        List<GroupMember.Share> shares = new ArrayList<>();
        for (Member member : group.getMembers() == null ? List.<Member>of() : group.getMembers()) {
            if (member.getOwnerId() == null || member.getHeld() == null || member.getShare() == null) {
                throw unusable("The answer does not have the share of each member");
            }
            shares.add(new GroupMember.Share(member.getOwnerId(), member.getHeld(), member.getShare()));
        }
        return List.copyOf(shares);
    }

    private boolean isNoMember(ApiException e) {
        return e.getCode() == NOT_FOUND && failures.isProblem(e, "no-member");
    }

    @Override
    public void leave(String groupId, String ownerId) {
        try {
            http.groups().leaveGroup(groupId, ownerId, headers.get());
        } catch (ApiException e) {
            if (!isNoMember(e)) {
                throw failures.ofCall("end the membership in group " + groupId, Optional.empty(), e);
            }
        }
    }

    @Override
    public void close() {
        http.close();
    }
}

package io.streamlocks.client;

import java.util.List;

/**
 * {@link GroupCalls} to whichever server works.
 *
 * @param servers chooses one
 * @param calls those to each of the servers, in their order
 */
record FailoverGroupCalls(Servers servers, List<GroupCalls> calls) implements GroupCalls {

    @Override
    public GroupMember.Standing report(String groupId, String ownerId, Report report) {
        return servers.call(server -> calls.get(server).report(groupId, ownerId, report));
    }

    @Override
    public List<GroupMember.Share> shares(String groupId) {
        return servers.call(server -> calls.get(server).shares(groupId));
    }

    @Override
    public void leave(String groupId, String ownerId) {
        servers.call(server -> {
            calls.get(server).leave(groupId, ownerId);
            return true;
        });
    }

    @Override
    public void close() {
        calls.forEach(GroupCalls::close);
    }
}

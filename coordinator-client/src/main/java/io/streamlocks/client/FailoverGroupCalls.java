package io.streamlocks.client;

import java.util.List;
import java.util.function.Function;

/** {@link GroupCalls} to whichever server works. This class is thread-safe. */
final class FailoverGroupCalls implements GroupCalls {

    private final Servers servers;
    private final List<GroupCalls> calls;
    private volatile boolean closed;

    /**
     * @param servers chooses one
     * @param calls those to each of the servers, in their order
     */
    FailoverGroupCalls(Servers servers, List<GroupCalls> calls) {
        this.servers = servers;
        this.calls = calls;
    }

    private <R> R call(Function<GroupCalls, R> call) {
        return servers.call((server, isTry, spent) -> call.apply(calls.get(server)), () -> closed);
    }

    @Override
    public GroupMember.Standing report(String groupId, String ownerId, Report report) {
        return call(one -> one.report(groupId, ownerId, report));
    }

    @Override
    public List<GroupMember.Share> shares(String groupId) {
        return call(one -> one.shares(groupId));
    }

    @Override
    public void leave(String groupId, String ownerId) {
        call(one -> {
            one.leave(groupId, ownerId);
            return true;
        });
    }

    @Override
    public void close() {
        closed = true;
        calls.forEach(GroupCalls::close);
    }
}
